// A scenario whose observations remember (history_environment.h).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "actor/recsim/history.h"
#include "actor/recsim/scenario.h"

namespace recbots {

// Users, rewards, values and metrics are those of the scenario within, and so are the reference policies: they see its
// U user features and nothing of the history. There is no list of all observations, and no exact value of a policy.
// Immutable and thread-safe.
class HistoryScenario final : public Scenario {
 public:
  // INVALID_ARGUMENT: see MakeHistory.
  static absl::StatusOr<std::unique_ptr<Scenario>> Create(std::unique_ptr<Scenario> inner,
                                                          const HistoryOptions& options);

  const EnvironmentSpec& spec() const override { return spec_; }
  bool depends_on_seed() const override { return inner_->depends_on_seed(); }
  std::unique_ptr<Environment> MakeEnvironment(int num_users, uint32_t first_stream) const override;
  std::vector<ReferencePolicy> MakeReferencePolicies() const override;
  const ScenarioMetrics* metrics() const override { return inner_->metrics(); }
  absl::Status Prepare(Known what, const StopQuestion& stop) const override { return inner_->Prepare(what, stop); }
  std::optional<double> OptimalValue() const override { return inner_->OptimalValue(); }
  std::optional<double> RandomValue() const override { return inner_->RandomValue(); }

 private:
  HistoryScenario(std::unique_ptr<Scenario> inner, const HistoryOptions& options, EnvironmentSpec spec);

  const std::unique_ptr<const Scenario> inner_;
  const HistoryOptions options_;
  const EnvironmentSpec spec_;
};

}  // namespace recbots
