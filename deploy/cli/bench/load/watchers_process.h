// Watchers of weights in a separate process (replay/client_process.h), without threads of their own.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "deploy/cli/bench/bench.h"
#include "deploy/cli/bench/replay/client_process.h"

namespace recbots::load_bench {

// Starts watchers of the weights service at `address`, each with a connection of its own. The first `num_stalled` of
// them read nothing after the first version. Stop returns the number of versions that all of them received together.
absl::StatusOr<std::unique_ptr<replay_bench::ClientProcess>> StartWatchers(const BenchOptions& options,
                                                                           const std::string& address, int num_watchers,
                                                                           int num_stalled);

}  // namespace recbots::load_bench
