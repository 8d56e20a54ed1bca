// A run on one screen, as lines of text: what `recbots status` prints, and what `recbots top` keeps up to date.
#pragma once

#include <string>
#include <vector>

#include "deploy/cli/view/run_view.h"

namespace recbots {

struct StatusLayout {
  int columns = 80;      // No line is wider. At least 20.
  int curve_rows = 6;    // Of the learning curve; 0: none. It has a line more for its axis.
  bool where = true;     // A line with what was asked.
  int max_roles = 16;    // Rows of the table of roles; a last line says how many are not shown,
                         // those in trouble first. Below 3 there is one line that counts them.
  int advice_lines = 4;  // What to do about the bottleneck takes at most this many lines.
  bool color = false;
};

// The lines, in this order: which run and how it goes; the goal; the value beside its references; the curve; rates, lag
// and replay; the bottleneck with what to do about it; what is broken; the roles. What is not known has no line.
// Everything that comes from files or other programs is made harmless (Harmless in cells.h). A pure function.
std::vector<std::string> StatusLines(const RunView& view, const StatusLayout& layout);

// "live", "ended", "killed".
std::string StageText(const RunView& view);

// The lines that StatusLines needs at least for what is neither curve nor roles.
int FixedLines(const RunView& view, const StatusLayout& layout);

}  // namespace recbots
