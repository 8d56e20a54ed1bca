// Which settings make an experiment what it is.
//
// - What rows mean: the environment, with the seed where the seed decides what the environment is; reward and discount;
//   how many steps a row has; the columns of a row. Rows, tables, checkpoints, weights.bin and reports carry it.
// - The shared configuration: that, the seed and the algorithm. Learner, actors and evaluator must agree in it.
//
// Neither depends on paces, sizes of processes, or how replay keeps and draws rows. A default counts the same said or
// left out, a file by its content.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "actor/recsim/scenario.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/identity.pb.h"

namespace recbots {

// What the rows of a run mean. `scenario`: that of `config`.
//   errors as DescribeEnvironment; INVALID_ARGUMENT: rows that cannot be (TransitionSchema)
absl::StatusOr<v1::ExperimentIdentity> ExperimentIdentityOf(const v1::ExperimentConfig& config,
                                                            const Scenario& scenario);
// The same; makes the scenario first, with its errors.
absl::StatusOr<v1::ExperimentIdentity> ExperimentIdentityOf(const v1::ExperimentConfig& config);

// What learner, actors and evaluator must agree in. Errors as above.
absl::StatusOr<v1::ExperimentIdentity> SharedConfigurationOf(const v1::ExperimentConfig& config,
                                                             const Scenario& scenario);

// Whether what lies in a run directory belongs to the experiment that is to go there: compares with
// RUN_DIR/config.textproto, if there is one, and changes nothing. An empty `run_dir` is none.
//   FAILED_PRECONDITION  it is another one, or cannot be told any more; names the fields that differ, or why. With
//                        `allow_other` a warning instead
absl::Status CheckRunDirectory(const std::string& run_dir, const v1::ExperimentIdentity& identity, bool allow_other);

}  // namespace recbots
