// `recbots inspect TARGET`: what a running replay server or a checkpoint holds.
#pragma once

#include <string>
#include <vector>

namespace recbots {

// `arguments` without "inspect". TARGET is an address (or several with commas: one report each) or the directory of a
// checkpoint. Returns the exit code: kExitOk, kExitBadUsage for flags that are wrong, kExitFailed when nobody answers
// or what was asked for was refused.
int InspectCommand(const std::vector<std::string>& arguments);

}  // namespace recbots
