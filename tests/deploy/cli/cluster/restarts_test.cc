#include "deploy/cli/cluster/restarts.h"

#include <gtest/gtest.h>

namespace recbots {
namespace {

class RestartsTest : public ::testing::Test {
 protected:
  // The delay until the role is started again; an infinite one: never.
  absl::Duration Die(const std::string& role, absl::Duration lived = absl::ZeroDuration()) {
    const std::optional<Instant> again = restarts_.OnDeath(role, lived, now_);
    return again.has_value() ? *again - now_ : absl::InfiniteDuration();
  }

  Instant now_ = Instant::Now();
  Restarts restarts_{{.first_delay = absl::Seconds(1), .longest_delay = absl::Seconds(3)}};
};

TEST_F(RestartsTest, DelaysDoubleUpToTheLongestAndTheFifthDeathIsTheLast) {
  EXPECT_EQ(Die("actor-0"), absl::Seconds(1));
  EXPECT_EQ(Die("actor-0"), absl::Seconds(2));
  EXPECT_EQ(Die("actor-1"), absl::Seconds(1)) << "roles are counted one by one";
  EXPECT_EQ(Die("actor-0"), absl::Seconds(3));
  EXPECT_EQ(Die("actor-0"), absl::Seconds(3));
  EXPECT_EQ(Die("actor-0"), absl::InfiniteDuration());
}

TEST_F(RestartsTest, DeathsAreForgottenAfterAMinute) {
  for (int i = 0; i < 4; ++i) Die("replay");
  now_ = now_ + absl::Seconds(61);
  EXPECT_EQ(Die("replay"), absl::Seconds(1));
}

TEST_F(RestartsTest, ProgressForgetsThemAtOnce) {
  for (int i = 0; i < 4; ++i) Die("learner");
  EXPECT_EQ(Die("learner", absl::Seconds(5)), absl::Seconds(1));
  EXPECT_EQ(Die("learner", absl::Seconds(4.9)), absl::Seconds(2));
}

}  // namespace
}  // namespace recbots
