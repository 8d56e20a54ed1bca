// Decides which settings define an experiment.
//
// - The experiment identity is the meaning of rows: the environment, with the seed if the environment depends on it;
//   its fixed catalogue; reward and discount; the number of steps of a row; the columns of a row. Rows, tables,
//   checkpoints, weights.bin and reports carry it.
// - The shared configuration is the identity, the seed and the algorithm. Learner, actors and evaluator must have the
//   same.
//
// Neither depends on paces, on sizes of processes, or on how replay keeps and draws rows. A default value counts the
// same whether it is written or left out. A file counts by its content.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "actor/recsim/scenario.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/identity.pb.h"

namespace recbots {

// The meaning of the rows of a run. `scenario` is the scenario of `config`. Errors are those of DescribeEnvironment,
// and INVALID_ARGUMENT if no row can hold a transition (TransitionSchema).
absl::StatusOr<v1::ExperimentIdentity> ExperimentIdentityOf(const v1::ExperimentConfig& config,
                                                            const Scenario& scenario);
// Makes the scenario first. Errors are also those of MakeScenario.
absl::StatusOr<v1::ExperimentIdentity> ExperimentIdentityOf(const v1::ExperimentConfig& config);

// The shared configuration. Errors as above.
absl::StatusOr<v1::ExperimentIdentity> SharedConfigurationOf(const v1::ExperimentConfig& config,
                                                             const Scenario& scenario);

// Checks that the content of a run directory belongs to the experiment that will be written there: compares `identity`
// with RUN_DIR/config.textproto, if there is one, and changes nothing. An empty `run_dir` means no directory.
//   FAILED_PRECONDITION  the experiment is another, or can no longer be determined; the message names the fields that
//                        differ, or the reason. With `allow_other` this is a warning and the result is OK
absl::Status CheckRunDirectory(const std::string& run_dir, const v1::ExperimentIdentity& identity, bool allow_other);

}  // namespace recbots
