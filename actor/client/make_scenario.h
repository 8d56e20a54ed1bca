// Makes the scenario that a configuration describes. Every role but replay makes it at start-up, so that all refuse a
// wrong environment with the same message.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "actor/recsim/scenario.h"
#include "actor/scenarios/external/hooks.h"
#include "common/config/memory_needs.h"
#include "common/wire/experiment_identity.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// INVALID_ARGUMENT: no scenario is chosen, or a setting is out of bounds; the message names field, value and bound
// ("environment.document_browsing.matrix_file ...: W is 9x10, want 10x10"). NOT_FOUND: a file that the configuration
// names cannot be read.
// `hooks` are for environments in programs of their own, which are started when an environment is first reset.
absl::StatusOr<std::unique_ptr<Scenario>> MakeScenario(const v1::EnvironmentConfig& config, uint64_t seed,
                                                       const ExternalHooks& hooks = {});

// Lists the environment's settings by path ("environment.document_browsing.num_documents"), with defaults written out
// and files by their content. With `references` it includes settings on which only reference policies depend. Errors of
// reading files are those of MakeScenario; other settings are not checked.
absl::StatusOr<IdentityFields> DescribeEnvironment(const v1::EnvironmentConfig& config, bool references);

// MakeScenario for a run that trains: also checks that the rest of the configuration fits the scenario (CheckTraining).
absl::StatusOr<std::unique_ptr<Scenario>> MakeTrainingScenario(const v1::ExperimentConfig& config,
                                                               const ExternalHooks& hooks = {});
// MakeTrainingScenario for processes that share the memory of this machine: also checks that everything that the sizes
// of the configuration make them allocate fits (CheckMemory). The scenario, and not `processes`, tells whether
// evaluators play.
absl::StatusOr<std::unique_ptr<Scenario>> MakeTrainingScenario(const v1::ExperimentConfig& config,
                                                               MemorySharers processes,
                                                               const ExternalHooks& hooks = {});

// Checks that the goal can be measured in the scenario. A share of the optimum needs an optimum that is known, that the
// evaluator can report and that is above 0; finding it may take time, so only the process that ends the run calls this
// function. A share of the gap needs a reference policy besides random play. The values of the references are checked
// later (learner/run/goal_tracker.h).
//   INVALID_ARGUMENT  names field, value and bound
//   CANCELLED         `stop` returned true while the optimum was being computed
absl::Status CheckGoal(const v1::ExperimentConfig& config, const Scenario& scenario, const StopQuestion& stop = {});

}  // namespace recbots
