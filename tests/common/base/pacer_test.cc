#include "common/base/pacer.h"

#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "common/base/clock.h"

namespace recbots {
namespace {

TEST(PacerTest, HoldsTheRateWithoutCatchingUp) {
  FakeClock clock;
  Pacer pacer(/*per_second=*/1000, /*burst=*/absl::Milliseconds(10));
  pacer.Start(clock.Now());
  const auto pause = [&](double amount) { return pacer.Did(amount, clock.Now()) - clock.Now(); };
  EXPECT_EQ(pause(50), absl::Milliseconds(50));
  clock.Advance(absl::Milliseconds(50));
  EXPECT_EQ(pause(50), absl::Milliseconds(50));
  // A long wait for something else gives a burst of 10 ms at most.
  clock.Advance(absl::Seconds(10));
  EXPECT_EQ(pause(50), absl::Milliseconds(40));
  EXPECT_EQ(pause(10), absl::Milliseconds(50));
}

TEST(PacerTest, SavesNothingUpWithoutABurst) {
  FakeClock clock;
  Pacer pacer(/*per_second=*/1000);
  clock.Advance(absl::Seconds(10));
  EXPECT_EQ(pacer.Did(50, clock.Now()) - clock.Now(), absl::Milliseconds(50));
  pacer.Start(clock.Now());
  EXPECT_EQ(pacer.Did(50, clock.Now()) - clock.Now(), absl::Milliseconds(50)) << "what was done before is forgotten";
}

TEST(PacerTest, LetsGoWithoutAPace) {
  FakeClock clock;
  EXPECT_EQ(Pacer(0).Did(1e9, clock.Now()), clock.Now());
}

}  // namespace
}  // namespace recbots
