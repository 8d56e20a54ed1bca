// How a run is going and how it is kept, as a section of /statusz and in metrics.
#pragma once

#include <string>

#include "common/metrics/http_server.h"
#include "common/metrics/metrics.h"
#include "learner/loop/run_checkpointer.h"
#include "learner/run/run_state.h"

namespace recbots {

// `checkpoint`: how old the newest one is, in words.
StatusSection RunSection(const RunState& state, const std::string& checkpoint);

// "3.2 s old, 17 written", and how many have failed, and why.
std::string DescribeCheckpoints(const RunCheckpointerStats& stats);
// Brings the metrics of checkpoints up to date.
void ShowCheckpoints(const RunCheckpointerStats& stats, Metrics& metrics);

}  // namespace recbots
