// Judges a machine: what of recbots will not work well on it, why, and what to do.
#pragma once

#include <string>
#include <vector>

#include "deploy/cli/doctor/machine.h"

namespace recbots {

enum class Judgement {
  kOk,
  kWarning,  // Everything works, some of it slowly, or something that few need does not.
  kProblem,  // Something that most need does not work.
};
// "ok", "warning", "problem"
std::string JudgementName(Judgement judgement);

struct Finding {
  std::string name;  // What was looked at: "processor".
  Judgement judgement = Judgement::kOk;
  std::string says;    // What there is.
  std::string advice;  // What follows from it, and what to do; empty where nothing has to be done.
};

// One finding for each thing, in one order. A pure function.
std::vector<Finding> Examine(const Machine& machine);

// The worst of all.
Judgement Worst(const std::vector<Finding>& findings);

// A line each: judgement, name, what there is and what to do.
std::string FindingsText(const std::vector<Finding>& findings);
// {"verdict": "ok", "findings": [{"name": ..., "judgement": ..., "says": ..., "advice": ...}, ...]}
std::string FindingsJson(const std::vector<Finding>& findings);

}  // namespace recbots
