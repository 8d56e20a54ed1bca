#include "learner/run/run_history.h"

#include <algorithm>
#include <fstream>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/role/run_directory.h"
#include "learner/run/evaluation_lines.h"

namespace recbots {
namespace {

constexpr int64_t kMostBytes = int64_t{64} << 20;

bool IsBefore(const RunCounters& a, const RunCounters& b) {
  return a.env_steps < b.env_steps || a.updates < b.updates || a.wall_seconds < b.wall_seconds;
}

void Add(HistoryRow row, int64_t updates, std::vector<HistoryRow>& rows) {
  if (row.clocks.updates > updates || (!rows.empty() && IsBefore(row.clocks, rows.back().clocks))) return;
  rows.push_back(std::move(row));
}

std::vector<HistoryRow> ReadEvaluations(const std::string& path, int64_t bytes, int64_t updates) {
  std::vector<HistoryRow> rows;
  std::ifstream file(path, std::ios::binary);
  int64_t read = 0;
  for (std::string line; std::getline(file, line);) {
    read += static_cast<int64_t>(line.size()) + 1;
    if (read > bytes) break;
    const std::optional<EvaluationLine> said = ParseEvaluationLine(line);
    if (!said.has_value() || !said->env_steps || !said->updates || !said->wall_seconds) continue;
    HistoryRow row{{static_cast<int64_t>(*said->env_steps), static_cast<int64_t>(*said->updates), *said->wall_seconds},
                   {}};
    for (const auto& [name, number] :
         {std::pair("value", said->value), std::pair("value_ci95", said->value_ci95),
          std::pair("share_of_gap", said->share_of_gap), std::pair("share_of_optimum", said->share_of_optimum)}) {
      if (number.has_value()) row.values.emplace_back(name, *number);
    }
    Add(std::move(row), updates, rows);
  }
  return rows;
}

// Columns of metrics.csv that belong to the evaluations.
bool IsValue(absl::string_view column) {
  return column == "value" || column == "value_ci95" || column == "share_of_gap" || column == "share_of_optimum";
}

bool ReadRow(const std::vector<std::string>& columns, absl::string_view line, HistoryRow& row) {
  const std::vector<absl::string_view> cells = absl::StrSplit(line, ',');
  if (cells.size() != columns.size()) return false;
  for (size_t i = 0; i < cells.size(); ++i) {
    double number = 0;
    if (IsValue(columns[i]) || cells[i].empty() || !absl::SimpleAtod(cells[i], &number)) continue;
    if (columns[i] == "updates") {
      row.clocks.updates = static_cast<int64_t>(number);
    } else if (columns[i] == "env_steps") {
      row.clocks.env_steps = static_cast<int64_t>(number);
    } else if (columns[i] == "wall_seconds") {
      row.clocks.wall_seconds = number;
    } else {
      row.values.emplace_back(columns[i], number);
    }
  }
  return true;
}

std::vector<HistoryRow> ReadStatuses(const std::string& path, int64_t updates) {
  std::vector<HistoryRow> rows;
  std::ifstream file(path, std::ios::binary);
  std::string line;
  if (!std::getline(file, line)) return rows;
  const std::vector<std::string> columns = absl::StrSplit(line, ',');
  const auto begin = static_cast<int64_t>(file.tellg());
  file.seekg(0, std::ios::end);
  const auto end = static_cast<int64_t>(file.tellg());
  file.seekg(std::max(begin, end - kMostBytes));
  if (end - kMostBytes > begin) std::getline(file, line);  // The rest of a line.
  while (std::getline(file, line)) {
    HistoryRow row;
    if (ReadRow(columns, line, row)) Add(std::move(row), updates, rows);
  }
  return rows;
}

}  // namespace

RunHistory ReadRunHistory(const std::string& run_dir, int64_t curve_bytes, int64_t updates) {
  if (run_dir.empty()) return {};
  return {ReadEvaluations(absl::StrCat(run_dir, "/", kCurveFile), curve_bytes, updates),
          ReadStatuses(absl::StrCat(run_dir, "/", kMetricsFile), updates)};
}

}  // namespace recbots
