#include "common/slate/choice_model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/check_range.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

absl::Status CheckFinite(const char* field, double value) {
  if (std::isfinite(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(field, " ", value, ", want a finite number"));
}

absl::Status CheckPositions(const char* field, const std::vector<double>& probabilities) {
  if (probabilities.empty()) return absl::InvalidArgumentError(absl::StrCat(field, " has no numbers, want at least 1"));
  for (size_t i = 0; i < probabilities.size(); ++i) {
    RECBOTS_RETURN_IF_ERROR(CheckRange(absl::StrCat(field, "[", i, "]").c_str(), probabilities[i], 0, 1));
  }
  return absl::OkStatus();
}

absl::Status CheckCascade(const ChoiceModelOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckRange("attention_prob", options.attention_prob, 0, 1));
  RECBOTS_RETURN_IF_ERROR(CheckFinite("score_scaling", options.score_scaling));
  if (options.score_scaling >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("score_scaling ", options.score_scaling, ", want at least 0"));
}

absl::Status Check(const ChoiceModelOptions& options) {
  switch (options.kind) {
    case ChoiceKind::kMultinomialLogit:
      if (options.no_click_mass < std::numeric_limits<double>::infinity()) return absl::OkStatus();
      return absl::InvalidArgumentError(
          absl::StrCat("no_click_mass ", options.no_click_mass, ", want a finite number or -inf"));
    case ChoiceKind::kMultinomialProportional:
      RECBOTS_RETURN_IF_ERROR(CheckFinite("min_normalizer", options.min_normalizer));
      RECBOTS_RETURN_IF_ERROR(CheckFinite("no_click_mass", options.no_click_mass));
      if (options.no_click_mass >= options.min_normalizer) return absl::OkStatus();
      return absl::InvalidArgumentError(absl::StrCat("no_click_mass ", options.no_click_mass,
                                                     ", want at least min_normalizer ", options.min_normalizer));
    case ChoiceKind::kExponentialCascade:
      return CheckCascade(options);
    case ChoiceKind::kProportionalCascade:
      RECBOTS_RETURN_IF_ERROR(CheckFinite("min_normalizer", options.min_normalizer));
      return CheckCascade(options);
    case ChoiceKind::kPositionBased:
      return CheckPositions("examination", options.examination);
    case ChoiceKind::kDependentClick:
      return CheckPositions("continuation", options.continuation);
  }
  return absl::InvalidArgumentError(absl::StrCat("kind ", static_cast<int>(options.kind), ", want 1..6"));
}

absl::Status ItemError(size_t item, double score, const char* what, double value, const char* want) {
  return absl::InvalidArgumentError(
      absl::StrCat("item ", item, " with score ", score, " has ", what, " ", value, ", want ", want));
}

// Softmax over the scores and, last, no_click_mass; returns the last element.
double WeighLogit(absl::Span<const double> scores, double no_click_mass, double* weights) {
  if (scores.empty()) return 1;  // Even if no_click_mass is -infinity.
  double highest = no_click_mass;
  for (const double score : scores) highest = std::max(highest, score);
  const double none = std::exp(no_click_mass - highest);
  double total = 0;
  for (size_t i = 0; i < scores.size(); ++i) total += weights[i] = std::exp(scores[i] - highest);
  total += none;
  for (size_t i = 0; i < scores.size(); ++i) weights[i] /= total;
  return none / total;
}

}  // namespace

absl::StatusOr<ChoiceModel> ChoiceModel::Create(const ChoiceModelOptions& options) {
  RECBOTS_RETURN_IF_ERROR(Check(options));
  return ChoiceModel(options);
}

ChoiceModel::ChoiceModel(ChoiceModelOptions options)
    : options_(std::move(options)), single_click_(options_.kind <= ChoiceKind::kProportionalCascade) {}

absl::Status ChoiceModel::CheckScores(double lowest, double highest) const {
  RECBOTS_CHECK(lowest <= highest) << "scores " << lowest << ".." << highest;
  if (!std::isfinite(lowest) || !std::isfinite(highest)) {
    return absl::InvalidArgumentError(absl::StrCat("scores ", lowest, "..", highest, ", want finite ones"));
  }
  const bool proportional =
      options_.kind == ChoiceKind::kMultinomialProportional || options_.kind == ChoiceKind::kProportionalCascade;
  const bool cascade =
      options_.kind == ChoiceKind::kExponentialCascade || options_.kind == ChoiceKind::kProportionalCascade;
  if (proportional && lowest < options_.min_normalizer) {
    return absl::InvalidArgumentError(absl::StrCat("min_normalizer ", options_.min_normalizer, ", want at most ",
                                                   lowest, ", the lowest score that can occur"));
  }
  const double largest = proportional ? highest - options_.min_normalizer : std::exp(highest);
  if (cascade && options_.score_scaling * largest > 1) {
    return absl::InvalidArgumentError(absl::StrCat("score_scaling ", options_.score_scaling, ", want at most ",
                                                   1 / largest, ", so that scores up to ", highest,
                                                   " give click probabilities up to 1"));
  }
  return absl::OkStatus();
}

absl::Status ChoiceModel::CheckScore(size_t item, double score) const {
  if (!std::isfinite(score)) return ItemError(item, score, "score", score, "a finite one");
  const double normalized = score - options_.min_normalizer;
  switch (options_.kind) {
    case ChoiceKind::kMultinomialProportional:
      if (normalized < 0) return ItemError(item, score, "weight", normalized, "at least 0");
      break;
    case ChoiceKind::kExponentialCascade:
    case ChoiceKind::kProportionalCascade: {
      const double click =
          options_.score_scaling * (options_.kind == ChoiceKind::kProportionalCascade ? normalized : std::exp(score));
      if (!(click >= 0 && click <= 1)) return ItemError(item, score, "click probability", click, "0..1");
      break;
    }
    default:
      break;
  }
  return absl::OkStatus();
}

absl::Status ChoiceModel::Weigh(absl::Span<const double> scores, absl::Span<double> weights, double& no_click) const {
  RECBOTS_CHECK(weights.size() == scores.size()) << scores.size() << " scores, " << weights.size() << " weights";
  for (size_t i = 0; i < scores.size(); ++i) RECBOTS_RETURN_IF_ERROR(CheckScore(i, scores[i]));
  no_click = WeighChecked(scores, weights.data());
  return absl::OkStatus();
}

double ChoiceModel::WeighSlowly(absl::Span<const double> scores, double* weights) const {
  if (options_.kind == ChoiceKind::kMultinomialLogit) return WeighLogit(scores, options_.no_click_mass, weights);
  double none = 1;      // Probability that nothing has been clicked so far,
  double examined = 1;  // and, where a user may go on after a click, that the user has come here.
  for (size_t i = 0; i < scores.size(); ++i) {
    double click = 0;  // Probability of a click on this item by a user who has come here without one.
    switch (options_.kind) {
      case ChoiceKind::kExponentialCascade:
        click = options_.attention_prob * options_.score_scaling * std::exp(scores[i]);
        weights[i] = click * none;
        break;
      case ChoiceKind::kProportionalCascade:
        click = options_.attention_prob * options_.score_scaling * (scores[i] - options_.min_normalizer);
        weights[i] = click * none;
        break;
      case ChoiceKind::kPositionBased:
        weights[i] = click = AtPosition(options_.examination, i) * Logistic(scores[i]);
        break;
      default:
        click = Logistic(scores[i]);
        weights[i] = examined * click;
        examined *= 1 - click + click * AtPosition(options_.continuation, i);
    }
    none *= 1 - click;
  }
  return none;
}

absl::StatusOr<double> ChoiceModel::Probabilities(absl::Span<const double> scores,
                                                  absl::Span<double> probabilities) const {
  double none = 0;
  RECBOTS_RETURN_IF_ERROR(Weigh(scores, probabilities, none));
  if (!single_click_) return none;
  double total = 0;
  for (const double weight : probabilities) total += weight;
  total += none;
  if (!(total > 0)) return 1.0;
  for (double& weight : probabilities) weight /= total;
  return none / total;
}

void Softmax(absl::Span<const double> x, absl::Span<double> y) {
  RECBOTS_CHECK(!x.empty() && x.size() == y.size()) << "softmax of " << x.size() << " numbers into " << y.size();
  const double highest = *std::max_element(x.begin(), x.end());
  double total = 0;
  for (size_t i = 0; i < x.size(); ++i) total += y[i] = std::exp(x[i] - highest);
  for (double& value : y) value /= total;
}

}  // namespace recbots
