// Judges a machine: which parts of recbots will not work well on it, why, and what to do.
#pragma once

#include <string>
#include <vector>

#include "deploy/cli/doctor/machine.h"

namespace recbots {

enum class Judgement {
  kOk,
  kWarning,  // Everything works, but slowly in part; or a part that few need does not work.
  kProblem,  // A part that most need does not work.
};
// "ok", "warning", "problem"
std::string JudgementName(Judgement judgement);

struct Finding {
  std::string name;  // What was examined: "processor".
  Judgement judgement = Judgement::kOk;
  std::string says;    // What was found.
  std::string advice;  // The consequence, and what to do; empty if nothing has to be done.
};

// Returns one finding for each thing examined, always in the same order. A pure function.
std::vector<Finding> Examine(const Machine& machine);

// The worst judgement of all findings.
Judgement Worst(const std::vector<Finding>& findings);

// One line per finding: judgement, name, what was found, and what to do.
std::string FindingsText(const std::vector<Finding>& findings);
// {"verdict": "ok", "findings": [{"name": ..., "judgement": ..., "says": ..., "advice": ...}, ...]}
std::string FindingsJson(const std::vector<Finding>& findings);

}  // namespace recbots
