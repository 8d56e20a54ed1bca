#include "common/training/optimizer_config.h"

#include <gtest/gtest.h>

namespace recbots {
namespace {

TEST(MakeOptimizerOptionsTest, TakesEveryField) {
  const OptimizerOptions none = MakeOptimizerOptions({});
  EXPECT_EQ(none.clip_norm, 0);
  EXPECT_EQ(none.weight_decay, 0);
  EXPECT_EQ(none.schedule, Schedule::kConstant);
  EXPECT_EQ(none.warmup_steps, 0);
  v1::OptimizerConfig config;
  config.set_clip_norm(1);
  config.set_weight_decay(2);
  config.set_schedule(v1::OptimizerConfig::COSINE);
  config.set_warmup_steps(3);
  config.set_decay_steps(4);
  config.set_final_share(0.5);
  const OptimizerOptions all = MakeOptimizerOptions(config);
  EXPECT_EQ(all.clip_norm, 1);
  EXPECT_EQ(all.weight_decay, 2);
  EXPECT_EQ(all.schedule, Schedule::kCosine);
  EXPECT_EQ(all.warmup_steps, 3);
  EXPECT_EQ(all.decay_steps, 4);
  EXPECT_EQ(all.final_share, 0.5);
}

}  // namespace
}  // namespace recbots
