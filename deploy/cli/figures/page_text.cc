#include "deploy/cli/figures/page_text.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/log.h"

namespace recbots {

void MarkdownTable::Add(std::vector<std::string> cells) {
  RECBOTS_CHECK(cells.size() == names_.size()) << cells.size() << " cells, want " << names_.size();
  rows_.push_back(std::move(cells));
}

std::string MarkdownTable::Text() const {
  if (rows_.empty()) return "";
  std::string text = absl::StrCat("| ", absl::StrJoin(names_, " | "), " |\n|");
  for (size_t i = 0; i < names_.size(); ++i) text += "---|";
  text += "\n";
  for (const std::vector<std::string>& row : rows_) absl::StrAppend(&text, "| ", absl::StrJoin(row, " | "), " |\n");
  return text;
}

std::string FixedText(std::optional<double> value, int decimals) {
  if (!value.has_value() || !std::isfinite(*value)) return "-";
  return absl::StrFormat("%.*f", decimals, *value);
}

std::string IntervalText(const Interval& interval, int decimals) {
  if (std::isnan(interval.half_width)) return FixedText(interval.mean, decimals);
  return absl::StrCat(FixedText(interval.mean, decimals), " +- ", FixedText(interval.half_width, decimals));
}

std::string ListText(const std::vector<double>& values, int decimals) {
  if (values.empty()) return "-";
  return absl::StrJoin(
      values, ", ", [decimals](std::string* out, double value) { absl::StrAppend(out, FixedText(value, decimals)); });
}

std::string PercentText(std::optional<double> share, bool sign) {
  if (!share.has_value() || !std::isfinite(*share)) return "-";
  return sign ? absl::StrFormat("%+.1f %%", 100 * *share) : absl::StrFormat("%.1f %%", 100 * *share);
}

std::string YesText(std::optional<bool> yes) {
  if (!yes.has_value()) return "-";
  return *yes ? "yes" : "**no**";
}

std::string CountText(int64_t count) {
  const std::string digits = absl::StrCat(count);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

std::string DurationText(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole >= 3600) return absl::StrFormat("%d h %d min", whole / 3600, whole / 60 % 60);
  if (whole >= 60) return absl::StrFormat("%d min %d s", whole / 60, whole % 60);
  return absl::StrFormat("%d s", whole);
}

}  // namespace recbots
