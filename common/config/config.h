// Reads an experiment: text proto file, overrides, validation.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Reads `path` (config_file.h), applies `overrides` ("path.to.field=value", in order) and validates. The relative path
// of a file (fields with the option `path`) that stands in the configuration is taken relative to its folder; one from
// an override, relative to the working directory. Either is absolute in the result. An override that has no effect,
// because of another setting, is refused (idle_settings.h); in the file it may stand.
//   NOT_FOUND         the file cannot be read
//   INVALID_ARGUMENT  unknown field, malformed value, or one out of range; names file and line, or field, value and
//                     bound
absl::StatusOr<v1::ExperimentConfig> LoadExperimentConfig(const std::string& path,
                                                          const std::vector<std::string>& overrides);

// Sets one field. Repeated fields take a comma-separated list, which replaces what was there. Messages are made on the
// way, but for
//   - elements of a list, which have to be there ("replay.more_tables[0].capacity_rows=5");
//   - members of a oneof where another one is chosen (with "algorithm.full_slate_q", "algorithm.slate_q.q.tau=0.1" was
//     meant for another configuration), and messages with the option `on_request`.
// "path.to.message={}" asks for those: the message with its defaults, in place of what is there; it switches a oneof.
// "path.to.message=" takes a message away. Of several ways to give one thing (option `way_to_give`), the one that is
// set drops the others. A refused override changes nothing.
//   INVALID_ARGUMENT  no such field (names the nearest one), a message instead of a value, a value of another type, an
//                     element that is not there, a way through what is not chosen
absl::Status ApplyOverride(absl::string_view override_text, v1::ExperimentConfig& config);

// Ranges of every field (options min and max in config.proto; numbers are finite, enums chosen, messages that are not
// set count as their defaults), then what ties fields together:
//   - a scenario is chosen, unless every table of replay lists columns of its own (a server for other clients);
//   - the name fits a file name and a line; paths are not empty; what can be given in several ways is given in one;
//   - tables have names of their own, and columns that make a row;
//   - min_size or queue_size fits the capacity; a queue has max_times_sampled 1;
//   - where a ratio is held it is at most max_times_sampled, and error_buffer is at least 2 x max(1,
//   samples_per_insert);
//     that of the learner's table also batch_size x batches_in_flight; a batch fits a queue;
//   - insert_budget_bytes is at least insert_window_bytes;
//   - at most one share, of the optimum or of the gap, is a goal; max_env_steps lets sampling begin.
// A goal without any bound is fine: such a run ends when it is stopped.
//   INVALID_ARGUMENT  names field, value and bound
absl::Status ValidateExperimentConfig(const v1::ExperimentConfig& config);

// What ValidateExperimentConfig says of `config` with another limiter for the table of replay of that name: what is
// refused at the start is refused while the run goes on.
//   NOT_FOUND  no table of that name
absl::Status CheckLimiterChange(const v1::ExperimentConfig& config, absl::string_view table,
                                const v1::RateLimiterConfig& limiter);

// Whether a table lists no columns: its rows are transitions of the run's environment, which then has to be known.
bool HoldsTransitions(const v1::ReplayConfig& config);

// What a run that trains needs besides, where the environment is known:
//   - an algorithm is chosen; k and random_candidates are at most the number of items; actor.users is a multiple of
//     users_per_session;
//   - min_size (queue_size) and a batch fit capacity_rows and capacity_bytes, with up to 64 bytes of bookkeeping a row;
//   - the learner's table holds transitions, and its sampler and remover do what they say: always the oldest or newest
//     row only with max_times_sampled, priorities only with PRIORITIZED;
//   - policy_share_min <= policy_share_max; policy_share_initial only with policy_share_annealing_steps;
//   - block_bytes, if given, hold a row and fit the insert window.
//   INVALID_ARGUMENT  names field, value and bound
absl::Status CheckTraining(const v1::ExperimentConfig& config, const EnvironmentSpec& spec);

// The configuration as text proto, for run directories and pages; reading it gives the same again.
std::string PrintExperimentConfig(const v1::ExperimentConfig& config);

}  // namespace recbots
