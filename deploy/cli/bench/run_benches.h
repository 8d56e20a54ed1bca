// The command line of the benches. Two programs have it: recbots-bench knows all benches, and recbots serves those of
// replay and slates itself, so that LibTorch is neither needed nor loaded for them.
#pragma once

#include <string>
#include <vector>

#include "deploy/cli/bench/bench.h"

namespace recbots {

// Those of `benches` whose name is `name`, or begins with `name` and a slash.
std::vector<Bench> BenchesCalled(const std::string& name, const std::vector<Bench>& benches);

// recbots bench [NAME] [flags]: runs those of `benches` that NAME calls, without NAME all of them; one JSON object a
// line on stdout. Returns the exit code: 1 when a bench failed (the others still ran), 2 for wrong usage.
int RunBenches(const std::vector<Bench>& benches, const std::vector<std::string>& arguments);

}  // namespace recbots
