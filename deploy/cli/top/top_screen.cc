#include "deploy/cli/top/top_screen.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "deploy/cli/terminal/cells.h"

namespace recbots {
namespace {

constexpr int kLeastCurve = 4;

// How fresh the numbers are, in words.
std::string Freshness(const PolledRun& run, bool color, bool paused, Instant now) {
  if (!run.view.has_value()) return Inked(run.questions == 0 ? "asking" : "no answer yet", Ink::kWarning, color);
  if (run.trouble.ok()) {
    if (paused) return Inked("paused", Ink::kWarning, color);
    return run.view->stage == RunView::Stage::kRuns && run.view->roles.empty()
               ? Inked("from its files", Ink::kWarning, color)
               : Inked(StageText(*run.view), Ink::kGood, color);
  }
  return Inked(absl::StrFormat("silent: numbers are %.0f s old, trying again", absl::ToDoubleSeconds(now - run.at)),
               Ink::kBad, color);
}

// Head and foot are one line each.
StatusLayout LayoutFor(const RunView& view, const TerminalSize& size, bool color) {
  StatusLayout layout;
  layout.columns = size.columns;
  layout.color = color;
  layout.where = false;  // The head has it.
  layout.advice_lines = size.rows >= 40 ? 5 : 2;
  const int room = size.rows - 2 - FixedLines(view, layout);
  const auto roles = static_cast<int>(view.roles.size());
  // The table has a line of names, the curve one for its axis. Roles get what they need, but leave the curve its least
  // height; where that is too little for a table, one line counts them.
  const int for_roles = std::min(roles, room - kLeastCurve - 2);
  layout.max_roles = for_roles >= std::min(roles, 3) ? for_roles : roles > 0 ? 1 : 0;
  const bool table = layout.max_roles >= 3 || roles <= layout.max_roles;
  layout.curve_rows = room - 1 - (roles == 0 ? 0 : table ? layout.max_roles + 1 : 1);
  if (layout.curve_rows < 2) layout.curve_rows = 0;
  return layout;
}

}  // namespace

std::vector<std::string> TopScreen(const PolledRun& run, const std::string& target, const TerminalSize& size,
                                   bool color, bool paused, Instant now) {
  const std::string fresh = Freshness(run, color, paused, now);
  const int left = std::max(size.columns - CellsOf(fresh) - 1, 0);
  std::vector<std::string> lines = {
      absl::StrCat(PaddedTo(Inked("recbots top ", Ink::kBold, color) + Harmless(target), left), " ", fresh)};
  const auto last = static_cast<size_t>(size.rows - 1);
  if (run.view.has_value()) {
    for (std::string& line : StatusLines(*run.view, LayoutFor(*run.view, size, color)))
      lines.push_back(std::move(line));
  }
  if (!run.trouble.ok()) {
    const std::string trouble = Inked("! " + Harmless(run.trouble.message()), Ink::kBad, color);
    if (lines.size() >= last) lines.resize(last - 1);
    lines.push_back(trouble);
  }
  lines.resize(last);
  lines.push_back(Inked(paused ? "q quits   p goes on" : "q quits   p pauses   r asks now", Ink::kDim, color));
  for (std::string& line : lines) line = CutTo(line, size.columns);
  return lines;
}

}  // namespace recbots
