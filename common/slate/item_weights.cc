#include "common/slate/item_weights.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

template <typename Score, typename Weight>
double LogitWeights(double no_click_mass, absl::Span<const Score> scores, absl::Span<Weight> weights) {
  double highest = no_click_mass;
  for (const Score score : scores) highest = std::max(highest, static_cast<double>(score));
  const double none = std::exp(no_click_mass - highest);
  double total = none;
  for (size_t i = 0; i < scores.size(); ++i) {
    const double weight = std::exp(static_cast<double>(scores[i]) - highest);
    total += weight;
    weights[i] = static_cast<Weight>(weight);
  }
  for (Weight& weight : weights) weight = static_cast<Weight>(static_cast<double>(weight) / total);
  return none / total;
}

template <typename Score, typename Weight>
absl::Status Weigh(const ChoiceModel& model, absl::Span<const Score> scores, absl::Span<Weight> weights,
                   double& no_click_weight) {
  RECBOTS_CHECK(weights.size() == scores.size() && !scores.empty())
      << scores.size() << " scores, " << weights.size() << " weights";
  RECBOTS_CHECK(model.single_click()) << "kind " << static_cast<int>(model.options().kind) << ", want 1..4";
  for (size_t i = 0; i < scores.size(); ++i) {
    RECBOTS_RETURN_IF_ERROR(model.CheckScore(i, static_cast<double>(scores[i])));
  }
  const ChoiceModelOptions& options = model.options();
  const double click_scale = options.attention_prob * options.score_scaling;
  const auto fill = [&](auto&& weight_of) {
    for (size_t i = 0; i < scores.size(); ++i) {
      weights[i] = static_cast<Weight>(weight_of(static_cast<double>(scores[i])));
    }
  };
  switch (options.kind) {
    case ChoiceKind::kMultinomialLogit:
      no_click_weight = LogitWeights(options.no_click_mass, scores, weights);
      break;
    case ChoiceKind::kMultinomialProportional:
      fill([&](double score) { return score - options.min_normalizer; });
      no_click_weight = options.no_click_mass - options.min_normalizer;
      break;
    case ChoiceKind::kExponentialCascade:
      fill([&](double score) { return click_scale * std::exp(score); });
      no_click_weight = 1;
      break;
    default:
      fill([&](double score) { return click_scale * (score - options.min_normalizer); });
      no_click_weight = 1;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ClickRule> ClickRuleOf(const ChoiceModelOptions& options) {
  switch (options.kind) {
    case ChoiceKind::kMultinomialLogit:
    case ChoiceKind::kMultinomialProportional:
      return ClickRule::kShared;
    case ChoiceKind::kExponentialCascade:
    case ChoiceKind::kProportionalCascade:
      return ClickRule::kCascade;
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("kind ", static_cast<int>(options.kind), ", want 1..4: a model with at most one click a slate"));
  }
}

absl::Status ItemWeights(const ChoiceModel& model, absl::Span<const float> scores, absl::Span<float> weights,
                         double& no_click_weight) {
  return Weigh(model, scores, weights, no_click_weight);
}
absl::Status ItemWeights(const ChoiceModel& model, absl::Span<const double> scores, absl::Span<float> weights,
                         double& no_click_weight) {
  return Weigh(model, scores, weights, no_click_weight);
}
absl::Status ItemWeights(const ChoiceModel& model, absl::Span<const double> scores, absl::Span<double> weights,
                         double& no_click_weight) {
  return Weigh(model, scores, weights, no_click_weight);
}

}  // namespace recbots
