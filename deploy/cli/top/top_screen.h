// The screen of `recbots top`: StatusLines, fitted to the terminal.
#pragma once

#include <string>
#include <vector>

#include "deploy/cli/status/status_lines.h"
#include "deploy/cli/terminal/terminal.h"
#include "deploy/cli/top/run_poller.h"

namespace recbots {

// As many lines as the terminal has, each at most as wide: a head that says whether the numbers are fresh, the run with
// a curve and a table of roles that share what is left, and the keys. `target` is what the user asked for, `now` the
// time, `paused` whether the screen is held. A pure function.
std::vector<std::string> TopScreen(const PolledRun& run, const std::string& target, const TerminalSize& size,
                                   bool color, bool paused, Instant now);

}  // namespace recbots
