// What is done around the steps of Adam (common/networks/adam.h), for every network of a learner alike: clipping, decay
// of weights, and the schedule of the learning rate. Plain values, and functions of them.
#pragma once

#include <cstdint>

namespace recbots {

// Numbers as in config.proto (OptimizerConfig.Schedule).
enum class Schedule { kConstant = 1, kLinear = 2, kCosine = 3 };

struct OptimizerOptions {
  double clip_norm = 0;  // The gradients of one optimiser are scaled down to this norm where they are longer; 0: never.
  double weight_decay = 0;  // Each step takes the share learning rate x weight_decay from every parameter.
  int64_t warmup_steps =
      0;  // The learning rate rises in a straight line to its full size, which step warmup_steps has.
  Schedule schedule = Schedule::kConstant;  // After that.
  int64_t decay_steps = 0;                  // Steps of kLinear and kCosine, at least 1.
  double final_share = 0;                   // What they leave of the learning rate, 0..1.
};

// The share of the learning rate with which step n = 1, 2, ... is taken. With w = warmup_steps, d = decay_steps, f =
// final_share and p = min(1, (n - w) / d):
//   n <= w     n / w
//   kConstant  1
//   kLinear    1 - (1 - f) p
//   kCosine    f + (1 - f) (1 + cos(pi p)) / 2
double LearningRateShare(const OptimizerOptions& options, double step);

}  // namespace recbots
