#include "common/base/clock.h"

#include <gtest/gtest.h>

namespace recbots {
namespace {

TEST(ClockTest, RealTimeIsBetweenTwoLooksAtTheMachineClock) {
  const absl::Time before = absl::Now();
  const absl::Time now = Clock::Real().Now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, absl::Now());
}

TEST(FakeClockTest, StandsStillUntilToldOtherwise) {
  FakeClock clock(absl::UnixEpoch());
  EXPECT_EQ(clock.Now(), absl::UnixEpoch());
  EXPECT_EQ(clock.Now(), absl::UnixEpoch());
  clock.Advance(absl::Milliseconds(1500));
  EXPECT_EQ(clock.Now(), absl::UnixEpoch() + absl::Milliseconds(1500));
}

}  // namespace
}  // namespace recbots
