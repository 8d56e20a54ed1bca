#include "common/training/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace recbots {

double LearningRateShare(const OptimizerOptions& options, double step) {
  const auto warmup = static_cast<double>(options.warmup_steps);
  if (step <= warmup) return step / warmup;
  if (options.schedule == Schedule::kConstant) return 1;
  const double progress = std::min(1.0, (step - warmup) / static_cast<double>(options.decay_steps));
  const double rest = 1 - options.final_share;
  if (options.schedule == Schedule::kLinear) return 1 - rest * progress;
  return options.final_share + rest * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

}  // namespace recbots
