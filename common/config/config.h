// Reads an experiment: text proto file, overrides, validation.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Reads `path` (config_file.h), applies `overrides` ("path.to.field=value") in order and validates the result. Fields
// with the option `path` name files: a relative path in the configuration is relative to the configuration's folder, a
// relative path in an override to the working directory. In the result both are absolute. An override that has no
// effect because of another setting is refused (idle_settings.h); the file may contain such a setting.
//   NOT_FOUND         the file cannot be read
//   INVALID_ARGUMENT  a field is unknown, a value malformed or out of range; the message names file and line, or field,
//                     value and bound
absl::StatusOr<v1::ExperimentConfig> LoadExperimentConfig(const std::string& path,
                                                          const std::vector<std::string>& overrides);

// Sets one field. A repeated field takes a comma-separated list, which replaces its elements. Messages on the way to
// the field are made where they are missing, except
//   - elements of a list, which have to exist ("replay.more_tables[0].capacity_rows=5");
//   - members of a oneof where another one is chosen (with "algorithm.full_slate_q", "algorithm.slate_q.q.tau=0.1" was
//     meant for another configuration), and messages with the option `on_request`.
// "path.to.message={}" makes such a message, with its defaults; it replaces the present message and switches a oneof.
// "path.to.message=" removes a message. If one value can be given by several fields (option `way_to_give`), setting one
// of them clears the others. A refused override changes nothing.
//   INVALID_ARGUMENT  there is no such field (the message names the nearest one); the path names a message and not a
//                     value; the value has another type; the element does not exist; the path leads through a part that
//                     is not chosen
absl::Status ApplyOverride(absl::string_view override_text, v1::ExperimentConfig& config);

// Checks the range of every field (options min and max in config.proto; numbers must be finite and enums chosen;
// messages that are not set count as their defaults), then the rules that tie fields together:
//   - a scenario is chosen, unless every table of replay lists its columns (a server for other clients);
//   - the name fits a file name and a line; paths are not empty; a value that several fields can give is given by one;
//   - tables have different names, and columns that make a row;
//   - min_size or queue_size fits the capacity; a queue has max_times_sampled 1;
//   - a ratio of samples to inserts is at most max_times_sampled, and needs an error_buffer of at least 2 x max(1,
//   samples_per_insert), in the learner's table also of at least batch_size x batches_in_flight; a batch fits a queue;
//   - insert_budget_bytes is at least insert_window_bytes;
//   - at most one share, of the optimum or of the gap, is a goal; max_env_steps lets sampling begin.
// A goal without any bound is allowed: such a run ends when it is stopped.
//   INVALID_ARGUMENT  names field, value and bound
absl::Status ValidateExperimentConfig(const v1::ExperimentConfig& config);

// Checks a change of a limiter during a run: returns what ValidateExperimentConfig returns for `config` with `limiter`
// in the replay table named `table`. A limiter refused at the start is thus also refused later.
//   NOT_FOUND  no table of that name
absl::Status CheckLimiterChange(const v1::ExperimentConfig& config, absl::string_view table,
                                const v1::RateLimiterConfig& limiter);

// Whether some table lists no columns. The rows of such a table are transitions of the run's environment, which then
// has to be known.
bool HoldsTransitions(const v1::ReplayConfig& config);

// Checks what a run that trains needs in addition, once the environment is known:
//   - an algorithm is chosen; k and random_candidates are at most the number of items; actor.users is a multiple of
//     users_per_session;
//   - min_size (queue_size) and a batch fit capacity_rows and capacity_bytes, with up to 64 bytes of bookkeeping a row;
//   - the learner's table holds transitions, and its sampler and remover have the effect that their names say: a
//     sampler that always takes the oldest or newest row needs max_times_sampled, priorities need PRIORITIZED;
//   - policy_share_min <= policy_share_max; policy_share_initial only with policy_share_annealing_steps;
//   - block_bytes, if given, is at least one row and fits the insert window.
//   INVALID_ARGUMENT  names field, value and bound
absl::Status CheckTraining(const v1::ExperimentConfig& config, const EnvironmentSpec& spec);

// The configuration as text proto, for run directories and pages; parsing the text gives an equal configuration.
std::string PrintExperimentConfig(const v1::ExperimentConfig& config);

}  // namespace recbots
