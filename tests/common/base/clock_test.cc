#include "common/base/clock.h"

#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "common/base/instant.h"

namespace recbots {
namespace {

TEST(ClockTest, RealTimeIsBetweenTwoLooksAtTheMachineClock) {
  const Instant before = Instant::Now();
  const Instant now = Clock::Real().Now();
  EXPECT_LE(before, now);
  EXPECT_LE(now, Instant::Now());
}

TEST(ClockTest, DatesAreThoseOfTheWallClock) {
  // Somebody may set the clock between two looks at it, but hardly by a day.
  EXPECT_LT(absl::AbsDuration(Clock::Real().Date() - absl::Now()), absl::Hours(24));
  EXPECT_GT(Clock::Real().Date(), absl::FromCivil(absl::CivilDay(2020, 1, 1), absl::UTCTimeZone()));
}

TEST(FakeClockTest, StandsStillUntilToldOtherwise) {
  FakeClock clock(absl::FromUnixSeconds(5));
  EXPECT_EQ(clock.Now(), Instant());
  EXPECT_EQ(clock.Now(), Instant());
  clock.Advance(absl::Milliseconds(1500));
  EXPECT_EQ(clock.Now(), Instant() + absl::Milliseconds(1500));
  EXPECT_EQ(clock.Date(), absl::FromUnixMillis(6500));
}

}  // namespace
}  // namespace recbots
