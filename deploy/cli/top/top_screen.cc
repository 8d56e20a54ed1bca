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
  layout.advice_lines = size.rows >= 40 ? 5 : 3;
  const int room = size.rows - 2 - FixedLines(view, layout);
  const int roles = view.roles.empty() ? 0 : static_cast<int>(view.roles.size()) + 1;  // With the line of names.
  // The curve has a line for its axis. Roles get what they need, but leave the curve its least height if there are
  // more.
  const int for_roles = std::min(roles, std::max(room - kLeastCurve - 1, 0));
  layout.curve_rows = std::min(room - for_roles - 1, size.rows / 2);
  if (layout.curve_rows < 2) layout.curve_rows = 0;
  layout.max_roles = std::max((layout.curve_rows == 0 ? room : for_roles) - 1, 0);
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
