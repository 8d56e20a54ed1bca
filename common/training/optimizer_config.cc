#include "common/training/optimizer_config.h"

namespace recbots {

OptimizerOptions MakeOptimizerOptions(const v1::OptimizerConfig& config) {
  return {.clip_norm = config.clip_norm(),
          .weight_decay = config.weight_decay(),
          .warmup_steps = config.warmup_steps(),
          .schedule = static_cast<Schedule>(config.schedule()),
          .decay_steps = config.decay_steps(),
          .final_share = config.final_share()};
}

}  // namespace recbots
