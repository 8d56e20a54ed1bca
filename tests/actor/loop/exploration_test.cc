#include "actor/loop/exploration.h"

#include <gtest/gtest.h>

namespace recbots {
namespace {

v1::ActorConfig Spread() {
  v1::ActorConfig config;
  config.set_policy_share_min(0.2);
  config.set_policy_share_max(0.6);
  config.set_policy_share_spread(5);
  return config;
}

TEST(PolicyShareTest, SpreadsActorsEvenlyAndBeginsAgain) {
  for (int64_t index = 0; index < 20; ++index) {
    EXPECT_DOUBLE_EQ(PolicyShare(Spread(), index, 0), 0.2 + 0.1 * static_cast<double>(index % 5)) << index;
  }
  v1::ActorConfig one = Spread();
  one.set_policy_share_spread(1);
  EXPECT_EQ(PolicyShare(one, 3, 0), 0.2);
}

TEST(PolicyShareTest, WithoutAnnealingItIsTheSameFromTheStart) {
  for (const int64_t env_steps : {int64_t{0}, int64_t{1}, int64_t{1} << 60}) {
    EXPECT_DOUBLE_EQ(PolicyShare(Spread(), 4, env_steps), 0.6);
  }
}

TEST(PolicyShareTest, GoesStraightToTheActorsOwnShareAndStays) {
  v1::ActorConfig config = Spread();
  config.set_policy_share_initial(0.1);
  config.set_policy_share_annealing_steps(1000);
  EXPECT_DOUBLE_EQ(PolicyShare(config, 4, 0), 0.1);
  EXPECT_DOUBLE_EQ(PolicyShare(config, 4, 500), 0.35);
  EXPECT_DOUBLE_EQ(PolicyShare(config, 0, 500), 0.15);
  EXPECT_DOUBLE_EQ(PolicyShare(config, 4, 1000), 0.6);
  EXPECT_DOUBLE_EQ(PolicyShare(config, 4, int64_t{1} << 60), 0.6);
  for (int64_t env_steps = 0; env_steps < 1100; ++env_steps) {
    EXPECT_LE(PolicyShare(config, 4, env_steps), PolicyShare(config, 4, env_steps + 1));
    EXPECT_LE(PolicyShare(config, 4, env_steps), 0.6);
  }
  config.set_policy_share_initial(1);  // Downwards is as good.
  EXPECT_DOUBLE_EQ(PolicyShare(config, 4, 250), 0.9);
}

TEST(PolicyShareTest, BeginsAtRandomByDefault) {
  v1::ActorConfig config = Spread();
  config.set_policy_share_annealing_steps(10);
  EXPECT_EQ(PolicyShare(config, 0, 0), 0);
}

}  // namespace
}  // namespace recbots
