// `recbots reproduce slateq`: published results, run again, beside ours. docs/results/README.md is the manual.
#pragma once

#include <string>
#include <vector>

namespace recbots {

// `arguments` without "reproduce". `program_dir`: where recbots and recbots-train lie. Returns the exit code: 0 when
// every run ended and the page is written, whatever it says; 1 when a run failed (the page names it) or a file could
// not be written; 2 for a wrong flag or configuration, before anything was started; 130 after SIGINT or SIGTERM,
// without a page.
int ReproduceCommand(const std::string& program_dir, const std::vector<std::string>& arguments);

}  // namespace recbots
