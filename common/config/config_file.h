// The file of an experiment, as it is: read and parsed, nothing checked.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// No configuration of ours comes near; /dev/zero and a log given by mistake do.
inline constexpr size_t kMaxConfigBytes = size_t{64} << 20;

// Reads a text proto: UTF-8, with or without a byte order mark. A pipe and /dev/stdin are files too.
//   NOT_FOUND         the file cannot be read; says why
//   INVALID_ARGUMENT  not a text proto of an experiment: names file, line and column; more than kMaxConfigBytes
absl::StatusOr<v1::ExperimentConfig> ReadConfigFile(const std::string& path);

}  // namespace recbots
