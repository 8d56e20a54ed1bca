// Document browsing as a scenario: environments, reference policies ("random", "row_argmax", "optimal") and exact
// values.
//
// Values are of episodes as they are played, step limit included. The policies and "optimal" look only at the document
// the user is on; where the step limit matters so much that the best of such policies is not known (exit probabilities
// near 0, or a short limit: see exact_values.h), OptimalValue is absent and so is "optimal".
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "actor/recsim/scenario.h"
#include "actor/scenarios/document_browsing/exact_values.h"
#include "actor/scenarios/document_browsing/model.h"
#include "common/base/lazy.h"

namespace recbots {

// Immutable and thread-safe. The values and the table of observations are computed when first asked for.
class DocumentBrowsingScenario final : public Scenario {
 public:
  // `seed` keys the random streams of users and of the random policy. INVALID_ARGUMENT: see Validate.
  static absl::StatusOr<std::unique_ptr<DocumentBrowsingScenario>> Create(const DocumentBrowsingOptions& options,
                                                                          uint64_t seed, int users_per_session = 1);

  const EnvironmentSpec& spec() const override { return spec_; }
  const DocumentBrowsingOptions& options() const { return model_->options(); }
  std::unique_ptr<Environment> MakeEnvironment(int num_users, uint32_t first_stream) const override;
  std::vector<ReferencePolicy> MakeReferencePolicies() const override;

  absl::Status Prepare(Known what, const StopQuestion& stop) const override;
  std::optional<double> OptimalValue() const override;
  std::optional<double> RandomValue() const override;
  absl::Span<const float> AllObservations() const override;
  absl::StatusOr<double> ExactValue(absl::Span<const int32_t> slates, const StopQuestion& stop) const override;

 private:
  DocumentBrowsingScenario(std::shared_ptr<const DocumentBrowsingModel> model, EnvironmentSpec spec, uint64_t seed);

  absl::StatusOr<const BrowsingSolution*> Solution(const StopQuestion& stop) const;
  absl::StatusOr<const double*> Random(const StopQuestion& stop) const;
  const BrowsingSolution& solution() const { return **Solution({}); }

  const std::shared_ptr<const DocumentBrowsingModel> model_;
  const EnvironmentSpec spec_;
  const uint64_t seed_;
  const BrowsingMdp mdp_;

  mutable Lazy<BrowsingSolution> solution_;
  mutable Lazy<double> random_;
  mutable Lazy<std::vector<float>> observations_;  // [I, I]
};

}  // namespace recbots
