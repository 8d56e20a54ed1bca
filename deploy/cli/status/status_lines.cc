#include "deploy/cli/status/status_lines.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/format_count.h"
#include "deploy/cli/terminal/cells.h"
#include "deploy/cli/terminal/curve.h"
#include "deploy/cli/terminal/progress.h"
#include "deploy/cli/terminal/terminal.h"

namespace recbots {
namespace {

using Lines = std::vector<std::string>;

std::string ValueOf(double value) { return absl::StrFormat("%.4g", std::abs(value) < 1e-9 ? 0.0 : value); }
std::string Percent(double share) { return absl::StrFormat("%.1f %%", 100 * share); }

// Slow work has rates below 1.
std::string RateText(double rate) {
  return absl::StrCat(rate > 0 && rate < 10 ? absl::StrFormat("%.2g", rate) : FormatCount(rate), "/s");
}

std::string CountOrDash(const std::optional<double>& count) { return count.has_value() ? FormatCount(*count) : "-"; }

// Parts joined to as many lines as they need; a part is not broken.
Lines Flow(const std::vector<std::string>& parts, int columns) {
  constexpr char kBetween[] = "   ";
  Lines lines;
  for (const std::string& part : parts) {
    if (lines.empty() || CellsOf(lines.back()) + CellsOf(part) + 3 > columns) {
      lines.push_back(part);
    } else {
      absl::StrAppend(&lines.back(), kBetween, part);
    }
  }
  return lines;
}

class Composer {
 public:
  Composer(const RunView& view, const StatusLayout& layout) : view_(view), layout_(layout) {}

  Lines Compose() {
    AddHead();
    AddGoal();
    AddValue();
    AddCurve();
    AddRates();
    AddBottleneck();
    AddTroubles();
    AddRoles();
    for (std::string& line : lines_) line = CutTo(line, layout_.columns);
    return std::move(lines_);
  }

 private:
  std::string Ink_(const std::string& text, Ink ink) const { return Inked(text, ink, layout_.color); }
  void Add(const Lines& lines) { lines_.insert(lines_.end(), lines.begin(), lines.end()); }

  std::optional<double> Value(const std::string& name) const {
    const auto found = view_.values.find(name);
    return found == view_.values.end() ? std::nullopt : std::optional<double>(found->second);
  }

  void AddHead() {
    const bool broken = view_.stage == RunView::Stage::kBroken;
    const bool ended = view_.stage == RunView::Stage::kEnded;
    const Ink ink = broken || (ended && !view_.goal_reached) ? Ink::kWarning : Ink::kGood;
    std::string name = Harmless(view_.experiment.empty() ? view_.where : view_.experiment);
    std::vector<std::string> parts = {
        absl::StrCat(Ink_(name, Ink::kBold), view_.algorithm.empty() ? "" : absl::StrCat(" (", view_.algorithm, ")"))};
    if (view_.seed.has_value())
      parts.push_back(absl::StrCat("seed ", GroupThousands(static_cast<int64_t>(*view_.seed))));
    if (!view_.device.empty()) parts.push_back(absl::StrCat("on ", Harmless(view_.device)));
    parts.push_back(Ink_(StageText(view_), ink));
    Add(Flow(parts, layout_.columns));
    if (!view_.ending.empty()) lines_.push_back(Harmless(view_.ending));
    if (layout_.where && view_.where != view_.experiment) lines_.push_back(Ink_(Harmless(view_.where), Ink::kDim));
  }

  void AddGoal() {
    std::vector<std::string> parts;
    const auto add = [&parts](const std::string& what, const std::optional<double>& is,
                              const std::optional<double>& goal) {
      if (!is.has_value()) return;
      parts.push_back(absl::StrCat(what, " ", GroupThousands(static_cast<int64_t>(*is)), goal.has_value() ? " of " : "",
                                   goal.has_value() ? GroupThousands(static_cast<int64_t>(*goal)) : ""));
    };
    add("updates", view_.updates, view_.goal_updates);
    add("env steps", view_.env_steps, view_.goal_env_steps);
    if (view_.wall_seconds.has_value()) {
      parts.push_back(absl::StrCat(
          "time ", ClockText(absl::Seconds(*view_.wall_seconds)), view_.goal_seconds.has_value() ? " of " : "",
          view_.goal_seconds.has_value() ? ClockText(absl::Seconds(*view_.goal_seconds)) : ""));
    }
    Add(Flow(parts, layout_.columns));
    const std::optional<double> done = ShareDone(view_);
    if (view_.stage != RunView::Stage::kRuns || !done.has_value()) return;
    absl::Duration left = -absl::Seconds(1);
    const bool limited =
        view_.goal_updates.has_value() || view_.goal_env_steps.has_value() || view_.goal_seconds.has_value();
    if (limited && *done > 0.005) left = absl::Seconds(view_.wall_seconds.value_or(0)) * ((1 - *done) / *done);
    lines_.push_back(ProgressText("goal", *done, absl::Seconds(view_.wall_seconds.value_or(0)), left, layout_.columns));
  }

  void AddValue() {
    if (!view_.value.has_value()) {
      lines_.push_back(Ink_("value: not evaluated yet", Ink::kDim));
      return;
    }
    std::string value = absl::StrCat("value ", Ink_(ValueOf(*view_.value), Ink::kBold));
    if (view_.value_ci95.value_or(0) > 0) absl::StrAppend(&value, " +- ", ValueOf(*view_.value_ci95));
    std::vector<std::string> parts = {value};
    if (view_.best_value.has_value()) parts.push_back(absl::StrCat("best ", ValueOf(*view_.best_value)));
    if (view_.share_of_gap.has_value()) parts.push_back(Percent(*view_.share_of_gap) + " of the gap");
    if (view_.share_of_optimum.has_value()) parts.push_back(Percent(*view_.share_of_optimum) + " of the optimum");
    if (view_.evaluations.has_value()) parts.push_back(CountOrDash(view_.evaluations) + " evaluations");
    Add(Flow(parts, layout_.columns));
    std::vector<std::string> references;
    for (const ReferenceView& one : view_.references) {
      const bool above = *view_.value - view_.value_ci95.value_or(0) > one.value + one.value_ci95;
      references.push_back(
          Ink_(absl::StrCat(Harmless(one.name), " ", ValueOf(one.value)), above ? Ink::kGood : Ink::kDim));
    }
    if (!references.empty()) references[0] = absl::StrCat("beside ", references[0]);
    Add(Flow(references, layout_.columns));
  }

  void AddCurve() {
    if (layout_.curve_rows <= 0 || view_.curve_values.size() < 2 || layout_.columns < 40) return;
    std::vector<CurveLevel> levels;
    for (const ReferenceView& one : view_.references) {
      const bool end = &one == &view_.references.front() || &one == &view_.references.back();
      if (end) levels.push_back({one.name, one.value});
    }
    constexpr int kAxis = 10;
    const CurveRange range = RangeOf(view_.curve_values, levels);
    const Lines dots = BrailleCurve(view_.curve_steps, view_.curve_values, levels, range, layout_.columns - kAxis - 2,
                                    layout_.curve_rows);
    for (size_t row = 0; row < dots.size(); ++row) {
      const bool top = row == 0, bottom = row + 1 == dots.size();
      const std::string label = top ? ValueOf(range.high) : bottom ? ValueOf(range.low) : "";
      lines_.push_back(absl::StrCat(RightIn(label, kAxis), " |", Ink_(dots[row], Ink::kAccent)));
    }
    const std::string first = FormatCount(view_.curve_steps.front()), last = FormatCount(view_.curve_steps.back());
    const int room = layout_.columns - kAxis - 2 - CellsOf(first) - CellsOf(last);
    const std::string middle = PaddedTo(RightIn("env steps", (room + 9) / 2), room);
    lines_.push_back(absl::StrCat(std::string(kAxis + 2, ' '), first, middle, last));
  }

  void AddRate(std::vector<std::string>& parts, const char* what, const char* name) const {
    if (const auto rate = Value(name); rate.has_value()) parts.push_back(absl::StrCat(what, " ", RateText(*rate)));
  }

  void AddRates() {
    std::vector<std::string> parts;
    AddRate(parts, "updates", "updates_per_second");
    AddRate(parts, "env steps", "env_steps_per_second");
    AddRate(parts, "rows learnt", "rows_per_second");
    if (const auto actors = Value("actors"); actors.has_value())
      parts.push_back(absl::StrCat("actors ", FormatCount(*actors)));
    Add(Flow(parts, layout_.columns));
    parts.clear();
    const auto p50 = Value("lag_updates_p50"), p99 = Value("lag_updates_p99");
    if (p50.has_value() && p99.has_value()) {
      parts.push_back(absl::StrCat("lag p50/p99 ", FormatCount(*p50), "/", FormatCount(*p99), " updates"));
    }
    const auto seconds50 = Value("lag_seconds_p50"), seconds99 = Value("lag_seconds_p99");
    if (seconds50.has_value() && seconds99.has_value()) {
      parts.push_back(absl::StrFormat("%.3g/%.3g s", *seconds50, *seconds99));
    }
    if (const auto ratio = Value("samples_per_insert"); ratio.has_value()) {
      parts.push_back(absl::StrFormat("samples per insert %.3g", *ratio));
      if (view_.samples_per_insert_target > 0)
        absl::StrAppendFormat(&parts.back(), " of %g", view_.samples_per_insert_target);
    }
    if (const auto rows = Value("replay_rows"); rows.has_value()) {
      parts.push_back(absl::StrCat("replay ", FormatCount(*rows)));
      if (view_.capacity_rows > 0) {
        absl::StrAppend(&parts.back(), " of ", FormatCount(view_.capacity_rows), " rows (",
                        Percent(*rows / view_.capacity_rows), ")");
      }
    }
    if (const auto waited = Value("waited_ratio"); waited.has_value()) {
      parts.push_back(absl::StrCat("waited for batches ", Percent(*waited)));
    }
    Add(Flow(parts, layout_.columns));
  }

  void AddBottleneck() {
    if (view_.bound_by.empty()) return;
    std::string bound = absl::StrCat("bound by: ", Harmless(view_.bound_by));
    if (!view_.blocked_on.empty()) absl::StrAppend(&bound, " (replay waits for ", Harmless(view_.blocked_on), ")");
    lines_.push_back(Ink_(bound, Ink::kBold));
    Lines advice = Wrapped(Harmless(view_.what_to_do), layout_.columns - 2);
    const auto most = static_cast<size_t>(std::max(layout_.advice_lines, 0));
    if (advice.size() > most) {
      advice.resize(most);
      if (most > 0) advice.back() = CutTo(advice.back() + " …", layout_.columns - 2);
    }
    for (const std::string& line : advice) lines_.push_back("  " + line);
  }

  void AddTroubles() {
    if (!view_.stalled.empty()) lines_.push_back(Ink_("stalled: " + Harmless(view_.stalled), Ink::kBad));
    for (const std::string& trouble : view_.troubles) lines_.push_back(Ink_("! " + Harmless(trouble), Ink::kWarning));
  }

  // "7 roles: 1 learner, 1 replay, 4 actor (1 lost), 1 evaluator".
  std::string RolesInALine() const {
    std::map<std::string, std::map<std::string, int>> kinds;
    for (const RoleView& one : view_.roles) ++kinds[one.role][one.state];
    std::vector<std::string> parts;
    for (const auto& [kind, states] : kinds) {
      int count = 0;
      std::string troubles;
      for (const auto& [state, number] : states) {
        count += number;
        if (state != "joined") absl::StrAppend(&troubles, troubles.empty() ? "" : ", ", number, " ", Harmless(state));
      }
      parts.push_back(
          absl::StrCat(count, " ", Harmless(kind), troubles.empty() ? "" : absl::StrCat(" (", troubles, ")")));
    }
    return absl::StrCat("roles: ", absl::StrJoin(parts, ", "));
  }

  std::string RoleRow(const std::string& role, const std::string& state, const std::string& name,
                      const std::string& work, const std::string& lag, const std::string& doing) const {
    return absl::StrCat(PaddedTo(role, 9), " ", PaddedTo(state, 8), " ",
                        PaddedTo(name, layout_.columns >= 100 ? 28 : 18), " ", PaddedTo(work, 24), " ", RightIn(lag, 5),
                        "  ", doing);
  }

  void AddRole(const RoleView& one) {
    std::string work = one.progress.has_value() && !one.progress_unit.empty()
                           ? absl::StrCat(FormatCount(*one.progress), " ", Harmless(one.progress_unit))
                           : "";
    if (one.progress_per_second.has_value() && !work.empty()) {
      absl::StrAppend(&work, ", ", RateText(*one.progress_per_second));
    }
    const Ink ink = one.state == "lost"      ? Ink::kBad
                    : one.state == "lagging" ? Ink::kWarning
                    : one.state == "left"    ? Ink::kDim
                                             : Ink::kGood;
    const std::string doing = one.stalled.empty() ? one.doing : "stalled: " + one.stalled;
    lines_.push_back(RoleRow(Harmless(one.role), Ink_(Harmless(one.state), ink), Harmless(one.name), work,
                             one.lag_updates.has_value() ? FormatCount(*one.lag_updates) : "", Harmless(doing)));
  }

  void AddRoles() {
    if (view_.roles.empty() || layout_.max_roles <= 0) return;
    if (layout_.max_roles < 3 && static_cast<int>(view_.roles.size()) > layout_.max_roles) {
      lines_.push_back(RolesInALine());
      return;
    }
    lines_.push_back(Ink_(RoleRow("role", "state", "process", "work", "lag", "doing"), Ink::kDim));
    std::vector<RoleView> roles = view_.roles;
    const auto shown = std::min(roles.size(), static_cast<size_t>(layout_.max_roles));
    const bool more = shown < roles.size();
    if (more) {
      std::stable_partition(roles.begin(), roles.end(), [](const RoleView& one) {
        return !one.stalled.empty() || one.state == "lost" || one.state == "lagging";
      });
    }
    for (size_t i = 0; i < (more ? shown - 1 : shown); ++i) AddRole(roles[i]);
    if (more) lines_.push_back(absl::StrCat("and ", roles.size() - shown + 1, " more"));
  }

  const RunView& view_;
  const StatusLayout& layout_;
  Lines lines_;
};

}  // namespace

std::string StageText(const RunView& view) {
  switch (view.stage) {
    case RunView::Stage::kRuns:
      return "live";
    case RunView::Stage::kEnded:
      return view.goal_reached ? "goal reached" : "ended";
    case RunView::Stage::kBroken:
      return "killed";
  }
  return "";
}

Lines StatusLines(const RunView& view, const StatusLayout& layout) { return Composer(view, layout).Compose(); }

int FixedLines(const RunView& view, const StatusLayout& layout) {
  StatusLayout fixed = layout;
  fixed.curve_rows = 0;
  fixed.max_roles = 0;
  return static_cast<int>(StatusLines(view, fixed).size());
}

}  // namespace recbots
