// The control at /api/v1/control: what somebody may ask of the run (docs/formats.md).
#pragma once

#include <functional>
#include <string>

#include "common/metrics/http_server.h"
#include "learner/run/run_controls.h"

namespace recbots {

struct RunControlsTarget {
  RunControls* controls = nullptr;  // Outlives the page.
  // Why there can be no evaluation, and no checkpoint, in words; "": they can be had. Thread-safe.
  std::function<std::string()> no_evaluation;
  std::function<std::string()> no_checkpoint;
};

// `body` is {"action": "evaluate"}, "checkpoint", "pause", "continue" or "end". Answers 200 and what will be done,
// {"done": "..."}; 400 where the body is something else, and 409 where it cannot be done now, with an "error" in words.
// Each action is logged. Thread-safe.
WebPage::Answer ControlRun(const RunControlsTarget& target, const std::string& body);

}  // namespace recbots
