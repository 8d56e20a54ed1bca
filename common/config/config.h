// Reads an experiment: text proto file, overrides, validation.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Reads `path`, applies `overrides` ("path.to.field=value", in order) and validates. A relative `matrix_file` that stands
// in the configuration file is taken relative to that file; one from an override, relative to the working directory.
//   NOT_FOUND         the file cannot be read
//   INVALID_ARGUMENT  unknown field, malformed value, or one out of range; names file and line, or field, value and bound
absl::StatusOr<v1::ExperimentConfig> LoadExperimentConfig(const std::string& path,
                                                          const std::vector<std::string>& overrides);

// Sets one field. Repeated fields take a comma-separated list, which replaces what was there; messages are made on the
// way; choosing another member of a oneof drops the old one.
//   INVALID_ARGUMENT  no such field (names the nearest one), a message instead of a value, a value of another type
absl::Status ApplyOverride(absl::string_view override_text, v1::ExperimentConfig& config);

// Ranges of every field (options min and max in config.proto) and what ties fields together: a scenario and an algorithm
// are chosen; k and random_candidates fit the number of items; W is given once and complete; the limiter can admit
// batch_size x batches_in_flight (names the error_buffer that would do) and min_size fits the capacity; capacity_bytes
// holds a batch; a share as goal needs... every message names field, value and bound.
absl::Status ValidateExperimentConfig(const v1::ExperimentConfig& config);

// Equal for configurations under which an actor's rows and a learner's weights fit each other: environment and algorithm,
// seed included; not addresses, paces and sizes of processes.
uint64_t ConfigFingerprint(const v1::ExperimentConfig& config);

// The configuration as text proto, for run directories and pages.
std::string PrintExperimentConfig(const v1::ExperimentConfig& config);

}  // namespace recbots
