#include "deploy/cli/runs/run_table.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/format_count.h"
#include "deploy/cli/terminal/cells.h"
#include "deploy/cli/terminal/progress.h"
#include "deploy/cli/terminal/terminal.h"

namespace recbots {
namespace {

std::string ValueText(const std::optional<double>& value) {
  return value.has_value() ? absl::StrFormat("%.4g", *value) : "-";
}

std::string SizeText(int64_t bytes) {
  if (bytes >= 1'000'000'000) return absl::StrFormat("%.1f GB", static_cast<double>(bytes) / 1e9);
  if (bytes >= 1'000'000) return absl::StrFormat("%.1f MB", static_cast<double>(bytes) / 1e6);
  return absl::StrFormat("%.0f kB", std::ceil(static_cast<double>(bytes) / 1e3));
}

// The path below `root`; "." for root itself.
std::string Below(const std::string& path, const std::string& root) {
  return std::filesystem::path(path).lexically_relative(std::filesystem::path(root).lexically_normal()).string();
}

Ink InkOf(const RunFolder& run) {
  if (run.stage == RunStage::kRuns) return Ink::kAccent;
  if (run.stage == RunStage::kBroken) return Ink::kBad;
  const Json& reached = MemberOf(run.report, "goal_reached");
  return reached.is_boolean() && reached.get<bool>() ? Ink::kGood : Ink::kWarning;
}

// What a run is sorted by; the largest comes first.
double KeyOf(const RunFolder& run, RunOrder order) {
  switch (order) {
    case RunOrder::kValue:
      return run.last_value().value_or(-std::numeric_limits<double>::infinity());
    case RunOrder::kUpdates:
      return run.updates();
    case RunOrder::kDuration:
      return run.wall_seconds();
    case RunOrder::kSize:
      return static_cast<double>(run.bytes);
    case RunOrder::kName:
      break;
  }
  return 0;
}

Json OrNull(const std::optional<double>& number) { return number.has_value() ? Json(*number) : Json(); }

}  // namespace

absl::StatusOr<RunOrder> ParseRunOrder(const std::string& word) {
  if (word == "name") return RunOrder::kName;
  if (word == "value") return RunOrder::kValue;
  if (word == "updates") return RunOrder::kUpdates;
  if (word == "duration") return RunOrder::kDuration;
  if (word == "size") return RunOrder::kSize;
  return absl::InvalidArgumentError(absl::StrCat("--sort '", word, "', want name, value, updates, duration or size"));
}

void SortRuns(RunOrder order, std::vector<RunFolder>& runs) {
  std::stable_sort(runs.begin(), runs.end(), [order](const RunFolder& a, const RunFolder& b) {
    if (order == RunOrder::kName) return a.path < b.path;
    return KeyOf(a, order) > KeyOf(b, order);
  });
}

std::vector<std::string> RunTable(const std::vector<RunFolder>& runs, const std::string& root, int columns,
                                  bool color) {
  size_t longest = 4;
  for (const RunFolder& run : runs) longest = std::max(longest, Below(run.path, root).size());
  // Numbers need 66 cells; the rest belongs to the name and to how it ended. Narrow screens lose columns at the right.
  constexpr int kNumbers = 66;
  const int name_cells = std::clamp(static_cast<int>(longest), 4, std::max(columns - kNumbers - 16, 16));
  const auto line = [&](const std::string& name, const std::string& algorithm, const std::string& seed,
                        const std::string& updates, const std::string& last, const std::string& best,
                        const std::string& gap, const std::string& time, const std::string& size,
                        const std::string& ending) {
    return CutTo(absl::StrCat(PaddedTo(name, name_cells), " ", PaddedTo(algorithm, 12), " ", RightIn(seed, 5), " ",
                              RightIn(updates, 7), " ", RightIn(last, 7), " ", RightIn(best, 7), " ", RightIn(gap, 7),
                              " ", RightIn(time, 7), " ", RightIn(size, 7), "  ", ending),
                 columns);
  };
  std::vector<std::string> lines = {
      Inked(line("run", "algorithm", "seed", "updates", "last", "best", "gap", "time", "size", "how it ended"),
            Ink::kDim, color)};
  for (const RunFolder& run : runs) {
    const std::optional<double> gap = run.share_of_gap();
    std::string ending = Harmless(run.Ending());
    if (!run.troubles.empty()) absl::StrAppend(&ending, "; ", Harmless(run.troubles[0]));
    lines.push_back(line(Harmless(Below(run.path, root)), run.algorithm(), absl::StrCat(run.seed()),
                         FormatCount(run.updates()), ValueText(run.last_value()), ValueText(run.best_value()),
                         gap.has_value() ? absl::StrFormat("%.1f %%", 100 * *gap) : "-",
                         ClockText(absl::Seconds(run.wall_seconds())), SizeText(run.bytes),
                         Inked(ending, InkOf(run), color)));
  }
  return lines;
}

Json RunsJson(const std::vector<RunFolder>& runs) {
  Json list = Json::array();
  for (const RunFolder& run : runs) {
    Json one;
    one["path"] = run.path;
    one["experiment"] = run.experiment();
    one["algorithm"] = run.algorithm();
    one["environment"] = run.environment();
    one["seed"] = run.seed();
    one["stage"] = run.stage == RunStage::kRuns ? "runs" : run.stage == RunStage::kEnded ? "ended" : "broken";
    one["ending"] = run.Ending();
    one["goal_reached"] = MemberOf(run.report, "goal_reached");
    one["updates"] = run.updates();
    one["env_steps"] = run.env_steps();
    one["wall_seconds"] = run.wall_seconds();
    one["value"] = OrNull(run.last_value());
    one["best_value"] = OrNull(run.best_value());
    one["share_of_gap"] = OrNull(run.share_of_gap());
    one["bytes"] = run.bytes;
    one["troubles"] = run.troubles;
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace recbots
