// The benches of load, in the order in which they run (README.md says what each shows).
#pragma once

#include "deploy/cli/bench/bench.h"

namespace recbots::load_bench {

Bench WritersBench();         // load/writers
Bench FloodBench();           // load/flood
Bench StalledReadersBench();  // load/stalled_readers
Bench WatchersBench();        // load/watchers

}  // namespace recbots::load_bench
