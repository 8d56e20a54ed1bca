// An experiment as Python uses it: its configuration, and its scenario for any seed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "actor/recsim/scenario.h"
#include "common/base/stop.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

struct ReferenceValue {
  std::string name;
  double value = 0;  // Mean undiscounted return of an episode.
  double ci95 = 0;   // Half width of its 95 % confidence interval; 0 where the value is exact.
};

// Immutable and thread-safe.
class Simulation {
 public:
  // Reads the file and applies overrides ("path.to.field=value"); errors are those of LoadExperimentConfig and
  // MakeScenario.
  static absl::StatusOr<std::shared_ptr<const Simulation>> Create(const std::string& path,
                                                                  const std::vector<std::string>& overrides);

  const v1::ExperimentConfig& config() const { return config_; }
  // The scenario of the configuration's seed.
  const std::shared_ptr<const Scenario>& scenario() const { return scenario_; }
  const EnvironmentSpec& spec() const { return scenario_->spec(); }
  // The scenario of another seed. Errors are those of MakeScenario.
  absl::StatusOr<std::shared_ptr<const Scenario>> ScenarioOf(uint64_t seed) const;

  // What the scenario's reference policies earn: exactly where that is known, otherwise by `episodes` episodes each, of
  // the users of the evaluator's streams.
  //   INVALID_ARGUMENT  fewer than two episodes
  //   CANCELLED         `stop` said so
  absl::StatusOr<std::vector<ReferenceValue>> References(const Scenario& scenario, int64_t episodes,
                                                         const StopQuestion& stop) const;

 private:
  Simulation(v1::ExperimentConfig config, std::shared_ptr<const Scenario> scenario)
      : config_(std::move(config)), scenario_(std::move(scenario)) {}

  const v1::ExperimentConfig config_;
  const std::shared_ptr<const Scenario> scenario_;
};

}  // namespace recbots
