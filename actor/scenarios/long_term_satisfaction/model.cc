#include "actor/scenarios/long_term_satisfaction/model.h"

#include <limits>
#include <utility>

#include "actor/scenarios/long_term_satisfaction/policies.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

EnvironmentSpec SpecOf(const LongTermSatisfactionOptions& options) {
  EnvironmentSpec spec;
  spec.name = "long_term_satisfaction";
  spec.num_candidates = options.num_candidates;
  spec.num_candidate_features = 1;
  spec.slate_size = options.slate_size;
  spec.response_fields = {"click", "engagement"};
  spec.fixed_catalogue = false;
  spec.min_reward = 0;
  spec.max_reward = std::numeric_limits<double>::infinity();
  spec.max_episode_steps = options.max_episode_steps;
  return spec;
}

}  // namespace

LongTermSatisfactionModel::LongTermSatisfactionModel(const Options& options)
    : options_(options), spec_(SpecOf(options_)), reference_(std::make_shared<const LtsReference>(options_)) {}

std::vector<ReferencePolicy> LongTermSatisfactionModel::MakeReferencePolicies(const EnvironmentSpec& spec,
                                                                              uint64_t seed) const {
  std::vector<ReferencePolicy> policies;
  policies.push_back({"min_clickbait", std::make_unique<NearestClickbaitPolicy>(spec, /*target=*/0)});
  policies.push_back({"myopic", std::make_unique<NearestClickbaitPolicy>(spec, /*target=*/1)});
  if (!reference_->solvable()) return policies;
  policies.push_back({"best_constant", std::make_unique<NearestClickbaitPolicy>(spec, reference_)});
  policies.push_back({"optimal", std::make_unique<LtsOptimalPolicy>(options_, spec, seed, reference_),
                      ReferencePolicy::Known::kOptimalValue});
  return policies;
}

absl::Status LongTermSatisfactionModel::PrepareReferences(const StopQuestion& stop) const {
  RECBOTS_RETURN_IF_ERROR(reference_->Solve(stop).status());
  return reference_->BestConstant(stop).status();
}

absl::StatusOr<std::optional<double>> LongTermSatisfactionModel::OptimalValue(const StopQuestion& stop) const {
  RECBOTS_ASSIGN_OR_RETURN(const LtsReference::Solution* const solution, reference_->Solve(stop));
  if (solution == nullptr) return std::nullopt;
  return solution->optimum.value;
}

absl::StatusOr<std::optional<double>> LongTermSatisfactionModel::RandomValue(const StopQuestion& stop) const {
  return reference_->RandomValue(stop);
}

}  // namespace recbots
