#include "learner/run/run_events.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/role/run_directory.h"
#include "learner/run/goal_tracker.h"

namespace recbots {
namespace {

// Numbers by column; nullopt: not known yet.
using Row = std::vector<std::pair<std::string, std::optional<double>>>;

Row RowOf(const StatusLine& line) {
  Row row = {{"updates", line.counters.updates},
             {"env_steps", line.counters.env_steps},
             {"wall_seconds", line.counters.wall_seconds},
             {"updates_per_second", line.updates_per_second},
             {"env_steps_per_second", line.env_steps_per_second},
             {"rows_per_second", line.rows_per_second},
             {"actors", line.num_actors},
             {"lag_p50_updates", line.lag_p50_updates},
             {"lag_p99_updates", line.lag_p99_updates},
             {"lag_p50_seconds", line.lag_p50_seconds},
             {"lag_p99_seconds", line.lag_p99_seconds},
             {"samples_per_insert", line.samples_per_insert},
             {"replay_rows", line.replay_rows},
             {"waited_ratio", line.waited_ratio},
             {"value", {}},
             {"value_ci95", {}},
             {"share_of_gap", {}},
             {"share_of_optimum", {}}};
  if (!line.evaluation.has_value()) return row;
  const size_t value = row.size() - 4;
  row[value].second = line.evaluation->value();
  row[value + 1].second = line.evaluation->value_ci95();
  row[value + 2].second = ShareOfGap(*line.evaluation);
  row[value + 3].second = ShareOfOptimum(*line.evaluation);
  return row;
}

// The shortest text that is read as the same number.
std::string TextOf(double number) {
  char text[32];
  return std::string(text, std::to_chars(text, text + sizeof(text), number).ptr);
}

// Of the whole lines of `table` below `header`, the bytes of those whose first number is at most `updates`; 0: it has
// another header.
int64_t BytesUpTo(absl::string_view table, absl::string_view header, int64_t updates) {
  if (table.substr(0, header.size()) != header) return 0;
  size_t kept = header.size();
  while (true) {
    const size_t end = table.find('\n', kept);
    if (end == absl::string_view::npos) break;
    int64_t of_line = 0;
    const absl::string_view line = table.substr(kept, end - kept);
    if (!absl::SimpleAtoi(line.substr(0, line.find(',')), &of_line) || of_line > updates) break;
    kept = end + 1;
  }
  return static_cast<int64_t>(kept);
}

}  // namespace

std::vector<std::string> MetricsColumns() {
  std::vector<std::string> columns;
  for (const auto& [name, value] : RowOf({})) columns.push_back(name);
  return columns;
}

RunEvents::RunEvents(const std::string& run_dir, absl::string_view config, int64_t updates)
    : run_dir_(run_dir), updates_(updates) {
  if (run_dir.empty()) return;
  absl::StatusOr<std::unique_ptr<EventFile>> events =
      EventFile::Create(absl::StrCat(run_dir, "/", kEventsFolder), absl::Now());
  if (events.ok()) {
    events_ = *std::move(events);
    // As code: Markdown would join its lines.
    const std::string text = absl::StrCat("    ", absl::StrJoin(absl::StrSplit(config, '\n'), "\n    "));
    Give(events_->AddText(updates, absl::Now(), "configuration", text), "its curves in TensorBoard");
  } else {
    Give(events.status(), "its curves in TensorBoard");
  }
}

void RunEvents::OnStatus(const StatusLine& line) {
  AddRow(line);
  if (events_ == nullptr) return;
  EventFile::Numbers numbers = {{"rate/updates_per_second", line.updates_per_second},
                                {"rate/env_steps_per_second", line.env_steps_per_second},
                                {"run/env_steps", line.counters.env_steps},
                                {"run/actors", line.num_actors},
                                {"lag/p50_updates", line.lag_p50_updates},
                                {"lag/p99_updates", line.lag_p99_updates},
                                {"replay/samples_per_insert", line.samples_per_insert}};
  for (const auto& [name, loss] : line.losses) numbers.emplace_back(absl::StrCat("loss/", name), loss);
  Give(events_->AddNumbers(line.counters.updates, absl::Now(), numbers), "its curves in TensorBoard");
}

void RunEvents::OnEvaluation(const v1::Evaluation& evaluation) {
  if (events_ == nullptr) return;
  EventFile::Numbers numbers = {{"value/bot", evaluation.value()}, {"value/bot_ci95", evaluation.value_ci95()}};
  for (const v1::ReferenceValue& reference : evaluation.references()) {
    numbers.emplace_back(absl::StrCat("value/", reference.name()), reference.value());
  }
  if (const auto gap = ShareOfGap(evaluation); gap.has_value()) numbers.emplace_back("value/share_of_gap", *gap);
  if (const auto share = ShareOfOptimum(evaluation); share.has_value()) {
    numbers.emplace_back("value/share_of_optimum", *share);
  }
  Give(events_->AddNumbers(evaluation.updates(), absl::Now(), numbers), "its curves in TensorBoard");
}

void RunEvents::OnWeights(int64_t updates, absl::Span<const NamedTensor> tensors, const Picture* policy) {
  if (!WantsPicture(updates)) return;
  next_picture_ = updates + std::max<int64_t>(1, updates / 10);
  std::vector<std::pair<std::string, absl::Span<const float>>> numbers;
  for (const NamedTensor& tensor : tensors) numbers.emplace_back(absl::StrCat("weights/", tensor.name), tensor.values);
  absl::Status given = events_->AddHistograms(updates, absl::Now(), numbers);
  if (policy != nullptr) given.Update(events_->AddPicture(updates, absl::Now(), "policy/recommended", *policy));
  Give(given, "its curves in TensorBoard");
}

void RunEvents::AddRow(const StatusLine& line) {
  if (run_dir_.empty() || table_failed_) return;
  Row row = RowOf(line);
  for (const auto& [name, loss] : line.losses) row.emplace_back(absl::StrCat("loss.", name), loss);
  absl::Status status;
  if (table_ == nullptr) {
    std::vector<std::string> names;
    for (const auto& [name, number] : row) names.push_back(name);
    status = OpenTable(absl::StrCat(absl::StrJoin(names, ","), "\n"));
  }
  if (status.ok()) {
    std::vector<std::string> cells;
    for (const auto& [name, number] : row) cells.push_back(number.has_value() ? TextOf(*number) : "");
    status = table_->Append(absl::StrCat(absl::StrJoin(cells, ","), "\n"));
  }
  if (status.ok()) return;
  table_failed_ = true;
  Give(status, kMetricsFile);
}

absl::Status RunEvents::OpenTable(const std::string& header) {
  const std::string path = absl::StrCat(run_dir_, "/", kMetricsFile);
  const absl::StatusOr<std::string> there = ReadFile(path);
  const int64_t kept = there.ok() ? BytesUpTo(*there, header, updates_) : 0;
  if (kept > 0) {
    RECBOTS_ASSIGN_OR_RETURN(table_, LineFile::Continue(path, kept));
    return absl::OkStatus();
  }
  RECBOTS_ASSIGN_OR_RETURN(table_, LineFile::Create(path));
  return table_->Append(header);
}

void RunEvents::Give(absl::Status status, absl::string_view what) {
  if (status.ok()) return;
  if (what != kMetricsFile) events_ = nullptr;
  RECBOTS_LOG(WARNING) << "the run goes on without " << std::string(what) << ": " << status.message();
}

}  // namespace recbots
