// What the learner's pages say of its run.
#pragma once

#include "common/metrics/http_server.h"
#include "learner/run/run_state.h"

namespace recbots {

// The newest status line, the newest evaluation beside its references, and when the run came near the optimum.
StatusSection DescribeRun(const RunState& state);

}  // namespace recbots
