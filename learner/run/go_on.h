// A run that goes on beyond its goal: --more=UPDATES.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/base/command_line.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

FlagSpec MoreFlag();

// Where --more=N is given: makes the goal of `config` that the run in `run_dir` makes N more updates than its newest
// checkpoint has, whatever its goal was; a few more where learner.updates_per_batch does not divide them.
//   INVALID_ARGUMENT  N is no whole number of at least 1, or --fresh is there, too
//   NOT_FOUND         there is no run in the directory that could go on
//   DATA_LOSS         there are checkpoints, but none is valid
absl::Status GoOnForMore(const CommandLine& flags, const std::string& run_dir, v1::ExperimentConfig& config);

}  // namespace recbots
