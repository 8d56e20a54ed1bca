// Reads and parses the file of an experiment, without checking its values.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Far more than any configuration needs; stops the reading of /dev/zero, or of a log given by mistake.
inline constexpr size_t kMaxConfigBytes = size_t{64} << 20;

// Reads a text proto: UTF-8, with or without a byte order mark. A pipe and /dev/stdin are files too.
//   NOT_FOUND         the file cannot be read; the message says why, and names the configuration that may have been
//                     meant, beside the path or among those that are shipped
//   INVALID_ARGUMENT  the file is no text proto of an experiment (the message names file, line and column), or has more
//                     than kMaxConfigBytes
absl::StatusOr<v1::ExperimentConfig> ReadConfigFile(const std::string& path);

}  // namespace recbots
