// `recbots simulate CONFIG --policy=NAME --episodes=N`: what a policy earns, and the log of what it showed.
// docs/simulate.md is the manual.
#pragma once

#include <string>
#include <vector>

namespace recbots {

// `arguments` without "simulate". Returns the exit code: kExitOk, kExitFailed, kExitBadUsage, or 130 when SIGINT or
// SIGTERM ended it (what was done by then is reported all the same).
int SimulateCommand(const std::vector<std::string>& arguments);

}  // namespace recbots
