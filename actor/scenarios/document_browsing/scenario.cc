#include "actor/scenarios/document_browsing/scenario.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "actor/recsim/batch_environment.h"
#include "actor/recsim/check_spec.h"
#include "common/base/status_macros.h"
#include "common/policies/random_policy.h"
#include "common/policies/tabular_policy.h"

namespace recbots {
namespace {

// Up to here a linear solve costs no more than some milliseconds.
constexpr size_t kMaxSolvedDocuments = 256;

// Is what happens beyond the step limit worth less than rounding? A session gets there at most with the larger of the
// two probabilities of going on to the power of the limit, and earns at most 1 a step from then on.
bool LimitIsBeyondRounding(const BrowsingMdp& mdp) {
  const double going_on = std::max(mdp.continue_accepted, mdp.continue_refused);
  if (going_on >= 1.0) return false;
  return std::pow(going_on, mdp.max_episode_steps) / (1.0 - going_on) < 1e-15;
}

}  // namespace

absl::StatusOr<std::unique_ptr<DocumentBrowsingScenario>> DocumentBrowsingScenario::Create(
    const DocumentBrowsingOptions& options, uint64_t seed, int users_per_session) {
  RECBOTS_RETURN_IF_ERROR(Validate(options));
  auto model = std::make_shared<const DocumentBrowsingModel>(options);
  EnvironmentSpec spec = model->spec();
  spec.users_per_session = users_per_session;
  RECBOTS_RETURN_IF_ERROR(CheckSpec(spec));
  return absl::WrapUnique(new DocumentBrowsingScenario(std::move(model), std::move(spec), seed));
}

DocumentBrowsingScenario::DocumentBrowsingScenario(std::shared_ptr<const DocumentBrowsingModel> model,
                                                   EnvironmentSpec spec, uint64_t seed)
    : model_(std::move(model)), spec_(std::move(spec)), seed_(seed), mdp_(model_->options()) {}

std::unique_ptr<Environment> DocumentBrowsingScenario::MakeEnvironment(int num_users, uint32_t first_stream) const {
  return std::make_unique<BatchEnvironment<DocumentBrowsingModel>>(model_, spec_, seed_, num_users, first_stream);
}

std::vector<ReferencePolicy> DocumentBrowsingScenario::MakeReferencePolicies() const {
  std::vector<ReferencePolicy> policies;
  policies.push_back({"random", std::make_unique<RandomPolicy>(seed_, spec().num_candidates, /*slate_size=*/1)});
  policies.push_back({"row_argmax", std::make_unique<TabularPolicy>(RowArgmax(mdp_), /*slate_size=*/1)});
  if (solution().attained) {
    policies.push_back({"optimal", std::make_unique<TabularPolicy>(solution().documents, /*slate_size=*/1)});
  }
  return policies;
}

absl::Status DocumentBrowsingScenario::Prepare(Known, const StopQuestion& stop) const {
  RECBOTS_RETURN_IF_ERROR(Solution(stop).status());
  return Random(stop).status();
}

std::optional<double> DocumentBrowsingScenario::OptimalValue() const {
  if (!solution().attained) return std::nullopt;
  return MeanValue(solution().values);
}

std::optional<double> DocumentBrowsingScenario::RandomValue() const { return **Random({}); }

absl::StatusOr<const BrowsingSolution*> DocumentBrowsingScenario::Solution(const StopQuestion& stop) const {
  return solution_.Get([&] { return IterateValues(mdp_, stop); });
}

absl::StatusOr<const double*> DocumentBrowsingScenario::Random(const StopQuestion& stop) const {
  return random_.Get([&]() -> absl::StatusOr<double> {
    const std::vector<double> policy = UniformPolicy(mdp_);
    if (mdp_.num_documents <= kMaxSolvedDocuments && LimitIsBeyondRounding(mdp_)) {
      const auto values = SolvePolicy(mdp_, policy);
      if (values.ok()) return MeanValue(*values);
    }
    RECBOTS_ASSIGN_OR_RETURN(const std::vector<double> values, TruncatedValues(mdp_, policy, stop));
    return MeanValue(values);
  });
}

absl::Span<const float> DocumentBrowsingScenario::AllObservations() const {
  const auto make = [this]() -> absl::StatusOr<std::vector<float>> {
    const size_t n = mdp_.num_documents;
    std::vector<float> observations(n * n, 0.0f);
    for (size_t i = 0; i < n; ++i) observations[i * n + i] = 1.0f;
    return observations;
  };
  return **observations_.Get(make);
}

absl::StatusOr<double> DocumentBrowsingScenario::ExactValue(absl::Span<const int32_t> slates,
                                                            const StopQuestion& stop) const {
  const size_t n = mdp_.num_documents;
  if (slates.size() != n) {
    return absl::InvalidArgumentError(absl::StrCat("exact value: ", slates.size(), " slates, want ", n));
  }
  for (size_t i = 0; i < n; ++i) {
    if (slates[i] >= 0 && static_cast<size_t>(slates[i]) < n) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("exact value: slate of document ", i, " names position ", slates[i], ", want 0..", n - 1));
  }
  if (n > kMaxSolvedDocuments || !LimitIsBeyondRounding(mdp_)) {
    RECBOTS_ASSIGN_OR_RETURN(const std::vector<double> values, TruncatedValues(mdp_, slates, stop));
    return MeanValue(values);
  }
  std::vector<double> policy(n * n, 0.0);
  for (size_t i = 0; i < n; ++i) policy[i * n + static_cast<size_t>(slates[i])] = 1.0;
  RECBOTS_ASSIGN_OR_RETURN(const std::vector<double> values, SolvePolicy(mdp_, policy));
  return MeanValue(values);
}

}  // namespace recbots
