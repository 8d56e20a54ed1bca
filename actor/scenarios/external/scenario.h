// The scenario of environments in a program of their own.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "actor/recsim/scenario.h"
#include "actor/scenarios/external/hooks.h"
#include "actor/scenarios/external/options.h"
#include "actor/scenarios/external/program_pool.h"

namespace recbots {

// What actor/client/scenarios.h registers: the scenario has settings and no Model, as its users live elsewhere.
struct ExternalModel {
  using Options = ExternalOptions;
};

// Knows what its configuration says, so that replay, learner and evaluator make it without the program. The program is
// started, or connected to, when an environment is first reset. Random play is the only policy to compare with, and
// nothing is known exactly.
class ExternalScenario final : public Scenario {
 public:
  // `launcher` is null where no program can be reached from here, and the scenario is only asked for its spec.
  ExternalScenario(const ExternalOptions& options, uint64_t seed, std::unique_ptr<ProgramLauncher> launcher,
                   ExternalHooks hooks);

  const EnvironmentSpec& spec() const override { return spec_; }
  std::unique_ptr<Environment> MakeEnvironment(int num_users, uint32_t first_stream) const override;
  std::vector<ReferencePolicy> MakeReferencePolicies() const override;

 private:
  const EnvironmentSpec spec_;
  const uint64_t seed_;
  const std::shared_ptr<ProgramPool> pool_;
};

}  // namespace recbots
