// What other roles know of the simulator: the scenario that a configuration describes. Every role makes it at start-up,
// so that a wrong environment is refused by all of them in the same words.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actor/recsim/scenario.h"
#include "common/config/memory_needs.h"
#include "common/wire/experiment_identity.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// INVALID_ARGUMENT: no scenario chosen, or a setting out of bounds; names field, value and bound
// ("environment.document_browsing.matrix_file ...: W is 9x10, want 10x10").
// NOT_FOUND: a file that the configuration names cannot be read.
absl::StatusOr<std::unique_ptr<Scenario>> MakeScenario(const v1::EnvironmentConfig& config, uint64_t seed);

// The environment's settings by path ("environment.document_browsing.num_documents"), defaults written out, files by
// their content. With `references` also those that only policies to compare with depend on.
//   as MakeScenario  where a file cannot be read; other settings are not checked
absl::StatusOr<IdentityFields> DescribeEnvironment(const v1::EnvironmentConfig& config, bool references);

// As MakeScenario, for a run that trains: the rest of the configuration has to fit it (CheckTraining).
absl::StatusOr<std::unique_ptr<Scenario>> MakeTrainingScenario(const v1::ExperimentConfig& config);
// The same for processes that share the memory of this machine: all that the sizes of the configuration make them
// allocate has to fit (CheckMemory). Whether evaluators play is told by the scenario, not by `processes`.
absl::StatusOr<std::unique_ptr<Scenario>> MakeTrainingScenario(const v1::ExperimentConfig& config,
                                                               MemorySharers processes);

// Whether the goal can be measured in the scenario: a share of the optimum needs one that is known (which may take time
// to find: only who ends the run asks), that the evaluator can tell and that is more than 0; a share of the gap needs a
// policy to compare with beside random play. What the references are worth shows later (learner/run/goal_tracker.h).
//   INVALID_ARGUMENT  names field, value and bound
//   CANCELLED         `stop` said so while the optimum was being looked for
absl::Status CheckGoal(const v1::ExperimentConfig& config, const Scenario& scenario, const StopQuestion& stop = {});

}  // namespace recbots
