#include "learner/run/result_text.h"

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "learner/run/goal_tracker.h"

namespace recbots {
namespace {

// The number of digits that a person compares: 8.91, 266.1.
int ShortDecimals(double value) { return std::abs(value) < 99.995 ? 2 : 1; }

// "value 266.1 +- 0.4"; without the interval if the value is exact.
std::string ValueText(const v1::Evaluation& evaluation, int decimals) {
  std::string text = absl::StrFormat("value %.*f", decimals, evaluation.value());
  if (evaluation.value_ci95() > 0) absl::StrAppendFormat(&text, " +- %.*f", decimals, evaluation.value_ci95());
  return text;
}

// The references after the first one, by name. The last one is left out if the caller names it elsewhere.
std::vector<std::string> References(const v1::Evaluation& evaluation, int decimals, bool with_last) {
  std::vector<std::string> texts;
  for (int i = 1; i + (with_last ? 0 : 1) < evaluation.references_size(); ++i) {
    const v1::ReferenceValue& reference = evaluation.references(i);
    texts.push_back(absl::StrFormat("%s %.*f", reference.name(), decimals, reference.value()));
  }
  return texts;
}

// "value 266.1 +- 0.4 = 88.3 % of the gap from random 160.5 to fractional 280.1 (myopic 167.8)".
std::string GapText(const v1::Evaluation& evaluation, double share, int decimals, int share_decimals) {
  const v1::ReferenceValue& random = *evaluation.references().begin();
  const v1::ReferenceValue& best = *evaluation.references().rbegin();
  std::string text = absl::StrFormat("%s = %.*f %% of the gap from %s %.*f to %s %.*f", ValueText(evaluation, decimals),
                                     share_decimals, 100 * share, random.name(), decimals, random.value(), best.name(),
                                     decimals, best.value());
  const std::vector<std::string> others = References(evaluation, decimals, /*with_last=*/false);
  if (!others.empty()) absl::StrAppend(&text, " (", absl::StrJoin(others, ", "), ")");
  return text;
}

}  // namespace

std::string ShortResult(const v1::Evaluation& evaluation) {
  const int decimals = ShortDecimals(evaluation.value());
  const std::optional<double> gap = ShareOfGap(evaluation);
  const std::optional<double> share = ShareOfOptimum(evaluation);
  if (!share.has_value() && gap.has_value()) return GapText(evaluation, *gap, decimals, /*share_decimals=*/1);
  std::string text = ValueText(evaluation, decimals);
  if (share.has_value()) absl::StrAppendFormat(&text, " = %.1f %% of optimum", 100 * *share);
  absl::StrAppendFormat(&text, " (random %.*f)", decimals, evaluation.random_value());
  return text;
}

std::string FullResult(const v1::Evaluation& evaluation) {
  constexpr int kDecimals = 3;
  const std::optional<double> gap = ShareOfGap(evaluation);
  const std::optional<double> share = ShareOfOptimum(evaluation);
  if (!share.has_value() && gap.has_value()) return GapText(evaluation, *gap, kDecimals, /*share_decimals=*/2);
  std::vector<std::string> values = {ValueText(evaluation, kDecimals),
                                     absl::StrFormat("random %.3f", evaluation.random_value())};
  for (std::string& reference : References(evaluation, kDecimals, /*with_last=*/!evaluation.has_optimum())) {
    values.push_back(std::move(reference));
  }
  if (!evaluation.has_optimum()) return absl::StrJoin(values, ", ");
  values.push_back(absl::StrFormat("optimum %.3f", evaluation.optimum()));
  if (!share.has_value()) return absl::StrJoin(values, ", ");
  std::string text = absl::StrFormat("%.2f %% of the optimum", 100 * *share);
  if (gap.has_value()) absl::StrAppendFormat(&text, ", %.2f %% of the gap", 100 * *gap);
  return absl::StrCat(text, " (", absl::StrJoin(values, ", "), ")");
}

}  // namespace recbots
