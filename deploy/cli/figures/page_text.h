// Markdown for the tables of a page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "deploy/cli/figures/interval.h"

namespace recbots {

// A table with a line of column names. Without rows its text is empty.
class MarkdownTable {
 public:
  explicit MarkdownTable(std::vector<std::string> names) : names_(std::move(names)) {}

  // There must be one cell per name.
  void Add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  std::string Text() const;

 private:
  const std::vector<std::string> names_;
  std::vector<std::vector<std::string>> rows_;
};

// "174.3", "174.3 +- 0.4"; "-" if the value is not known.
std::string FixedText(std::optional<double> value, int decimals);
std::string IntervalText(const Interval& interval, int decimals);
// "174.1, 174.4, 174.5"
std::string ListText(const std::vector<double>& values, int decimals);
// 0.116 -> "11.6 %"; with a sign "+11.6 %".
std::string PercentText(std::optional<double> share, bool sign = false);
// "yes", "**no**", "-"
std::string YesText(std::optional<bool> yes);
// 1234567 -> "1,234,567"
std::string CountText(int64_t count);
// 5025 -> "1 h 24 min", 130 -> "2 min 10 s"
std::string DurationText(double seconds);

}  // namespace recbots
