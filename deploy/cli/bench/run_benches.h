// The command line of the benches, which two programs have: recbots-bench knows all benches, and recbots runs those of
// replay and slates itself, so that these neither need nor load LibTorch.
#pragma once

#include <string>
#include <vector>

#include "common/base/command_line.h"
#include "deploy/cli/bench/bench.h"

namespace recbots {

// The elements of `benches` whose name is `name`, or begins with `name` and a slash.
std::vector<Bench> BenchesCalled(const std::string& name, const std::vector<Bench>& benches);

// recbots bench [NAME] [flags]: runs the benches that NAME calls, or all benches without NAME; prints one JSON object
// per line on stdout. Returns the exit code: 1 if a bench failed (the others still ran), 2 for wrong usage.
int RunBenches(const std::vector<Bench>& benches, const std::vector<std::string>& arguments);

}  // namespace recbots
