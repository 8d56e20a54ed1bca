#include "common/base/instant.h"

#include <gtest/gtest.h>

namespace recbots {
namespace {

TEST(InstantTest, NeverGoesBack) {
  Instant last = Instant::Now();
  for (int i = 0; i < 100'000; ++i) {
    const Instant now = Instant::Now();
    ASSERT_GE(now, last);
    last = now;
  }
  EXPECT_GT(last, Instant()) << "the clock has begun";
}

TEST(InstantTest, AddsAndSubtractsDurations) {
  const Instant now = Instant::Now();
  EXPECT_EQ(now + absl::Seconds(3) - now, absl::Seconds(3));
  EXPECT_EQ(now - absl::Seconds(3) + absl::Seconds(3), now);
  EXPECT_LT(now, now + absl::Nanoseconds(1));
  EXPECT_GT(now, now - absl::Nanoseconds(1));
  EXPECT_NE(now, now + absl::Nanoseconds(1));
}

TEST(InstantTest, SaturatesAtTheInfinitePastAndFuture) {
  const Instant now = Instant::Now();
  EXPECT_EQ(now + absl::InfiniteDuration(), Instant::InfiniteFuture());
  EXPECT_EQ(now - absl::InfiniteDuration(), Instant::InfinitePast());
  EXPECT_EQ(Instant::InfiniteFuture() - absl::Hours(1), Instant::InfiniteFuture());
  EXPECT_EQ(now - Instant::InfinitePast(), absl::InfiniteDuration());
  EXPECT_LT(now, Instant::InfiniteFuture());
  EXPECT_GT(now, Instant::InfinitePast());
}

}  // namespace
}  // namespace recbots
