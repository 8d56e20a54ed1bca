#include "common/slate/affinity.h"

#include <cmath>
#include <limits>
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
  double no_click = 1;
  const absl::Span<const float> scores = weights;
  return ItemWeights(model_, scores, weights, no_click).ok() ? no_click : WeighAccepted(user, items, weights);
}

double AffinityWeights::WeighAccepted(const float* user, const float* items, absl::Span<float> weights) const {
  const auto score_of = [&](size_t i) { return Affinity(user, items + i * num_features_, num_features_); };
  const auto accepted = [&](size_t i) { return model_.CheckScore(i, double{score_of(i)}).ok(); };
  // The accepted items move to the front, are weighed there, and move back to their places, the last one first.
  size_t left = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (accepted(i)) weights[left++] = score_of(i);
  }
  double no_click = 1;
  const absl::Span<float> front = weights.subspan(0, left);
  if (left > 0) RECBOTS_CHECK(ItemWeights(model_, absl::Span<const float>(front), front, no_click).ok());
  const ChoiceModelOptions& options = model_.options();
  const double floor = options.kind == ChoiceKind::kProportionalCascade ? options.min_normalizer
                                                                        : -std::numeric_limits<double>::infinity();
  for (size_t i = weights.size(); i-- > 0;) {
    const bool certain = click_rule_ == ClickRule::kCascade && double{score_of(i)} > floor;
    weights[i] = accepted(i) ? weights[--left] : certain ? 1.0f : 0.0f;
  }
  return no_click;
}

double AffinityWeights::LogLikelihood(const float* user, const float* items, size_t size, int clicked) const {
  RECBOTS_CHECK(size <= ChoiceModel::kMaxSlate && clicked < static_cast<int>(size));
  if (size == 0) return 0;
  float slate[ChoiceModel::kMaxSlate];
  const absl::Span<float> weights = {slate, size};
  const double no_click = Weigh(user, items, weights);
  if (click_rule_ == ClickRule::kShared) {
    double total = no_click;
    for (const float weight : weights) total += double{weight};
    if (total == 0) return std::log(clicked < 0 ? 1.0 : 0.0);
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
