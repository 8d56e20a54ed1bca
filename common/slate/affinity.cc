#include "common/slate/affinity.h"

#include <cmath>
#include <utility>

#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

float Affinity(const float* user, const float* item, size_t num_features) {
  float score = 0;
  for (size_t i = 0; i < num_features; ++i) score += user[i] * item[i];
  return score;
}

}  // namespace

absl::StatusOr<AffinityWeights> AffinityWeights::Create(ChoiceModel model, int num_features) {
  RECBOTS_ASSIGN_OR_RETURN(const ClickRule rule, ClickRuleOf(model.options()));
  return AffinityWeights(std::move(model), rule, num_features);
}

double AffinityWeights::Weigh(const float* user, const float* items, absl::Span<float> weights) const {
  for (size_t i = 0; i < weights.size(); ++i) {
    weights[i] = Affinity(user, items + i * num_features_, num_features_);
  }
  double no_click = 0;
  const absl::Span<const float> scores = weights;
  return ItemWeights(model_, scores, weights, no_click).ok() ? no_click : WeighOneByOne(user, items, weights);
}

double AffinityWeights::WeighOneByOne(const float* user, const float* items, absl::Span<float> weights) const {
  double no_click = 0;
  double scratch = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double score = Affinity(user, items + i * num_features_, num_features_);
    double weight = 0;
    const bool refused =
        !ItemWeights(model_, absl::MakeConstSpan(&score, 1), absl::MakeSpan(&weight, 1), scratch).ok();
    if (refused) weight = click_rule_ == ClickRule::kCascade && score > 0 ? 1 : 0;
    weights[i] = static_cast<float>(weight);
    if (!refused) no_click = scratch;
  }
  return no_click;
}

double AffinityWeights::LogLikelihood(const float* user, const float* items, size_t size, int clicked) const {
  RECBOTS_CHECK(size <= ChoiceModel::kMaxSlate && clicked < static_cast<int>(size));
  float slate[ChoiceModel::kMaxSlate];
  const absl::Span<float> weights = {slate, size};
  const double no_click = Weigh(user, items, weights);
  if (click_rule_ == ClickRule::kShared) {
    double total = no_click;
    for (const float weight : weights) total += weight;
    return std::log((clicked < 0 ? no_click : double{weights[static_cast<size_t>(clicked)]}) / total);
  }
  double log_likelihood = 0;
  for (size_t k = 0; k < size; ++k) {
    if (static_cast<int>(k) == clicked) return log_likelihood + std::log(double{weights[k]});
    log_likelihood += std::log1p(-double{weights[k]});
  }
  return log_likelihood;
}

}  // namespace recbots
