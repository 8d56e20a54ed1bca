#include "actor/scenarios/document_browsing/policies.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "actor/scenarios/document_browsing/model.h"
#include "common/base/status_macros.h"
#include "common/policies/tabular_policy.h"

namespace recbots {

std::vector<ReferencePolicy> DocumentBrowsingModel::MakeReferencePolicies(const EnvironmentSpec&, uint64_t) const {
  const BrowsingSolution& solution = **reference_->Solve({});
  std::vector<ReferencePolicy> policies;
  policies.push_back({"row_argmax", std::make_unique<TabularPolicy>(RowArgmax(reference_->mdp()), /*slate_size=*/1)});
  if (solution.attained) {
    policies.push_back({"optimal", std::make_unique<TabularPolicy>(solution.documents, /*slate_size=*/1),
                        ReferencePolicy::Known::kOptimalValue});
  }
  return policies;
}

absl::StatusOr<std::optional<double>> DocumentBrowsingModel::OptimalValue(const StopQuestion& stop) const {
  RECBOTS_ASSIGN_OR_RETURN(const BrowsingSolution* const solution, reference_->Solve(stop));
  if (!solution->attained) return std::nullopt;
  return MeanValue(solution->values);
}

absl::StatusOr<std::optional<double>> DocumentBrowsingModel::RandomValue(const StopQuestion& stop) const {
  RECBOTS_ASSIGN_OR_RETURN(const double value, MeanValueOf(reference_->mdp(), UniformPolicy(reference_->mdp()), stop));
  return value;
}

std::vector<float> DocumentBrowsingModel::AllObservations() const {
  const size_t n = num_documents_;
  std::vector<float> observations(n * n, 0.0f);
  for (size_t i = 0; i < n; ++i) observations[i * n + i] = 1.0f;
  return observations;
}

std::vector<float> DocumentBrowsingModel::ExpectedRewards() const {
  const size_t n = num_documents_;
  std::vector<float> rewards(n * n);
  std::transform(acceptance_, acceptance_ + n * n, rewards.begin(),
                 [](double probability) { return static_cast<float>(probability); });
  return rewards;
}

absl::StatusOr<double> DocumentBrowsingModel::ExactValue(absl::Span<const int32_t> slates,
                                                         const StopQuestion& stop) const {
  const size_t n = num_documents_;
  if (slates.size() != n) {
    return absl::InvalidArgumentError(absl::StrCat("exact value: ", slates.size(), " slates, want ", n));
  }
  for (size_t i = 0; i < n; ++i) {
    if (slates[i] >= 0 && static_cast<size_t>(slates[i]) < n) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("exact value: slate of document ", i, " names position ", slates[i], ", want 0..", n - 1));
  }
  return MeanValueOf(reference_->mdp(), slates, stop);
}

}  // namespace recbots
