#include "replay/service/waiting_rows.h"

#include <gtest/gtest.h>

namespace recbots::replay {
namespace {

Instant At(double seconds) { return Instant() + absl::Seconds(seconds); }

TEST(WaitingRowsTest, SharesWhatMayWaitAndWhatDoesNotHaveTo) {
  WaitingRows waiting({.max_rows = 1000, .max_age = absl::InfiniteDuration()});
  EXPECT_EQ(waiting.Bound({.admitted = 0, .inserted = 0}, 1, At(1)), 1000);
  EXPECT_EQ(waiting.Share({.admitted = 0, .inserted = 0}, 1, At(1)), 1000);
  EXPECT_EQ(waiting.Share({.admitted = 600, .inserted = 0}, 4, At(1)), 400);
  EXPECT_EQ(waiting.Share({.admitted = 0, .inserted = 0}, 32, At(1)), 31);
  EXPECT_EQ(waiting.Share({.admitted = 0, .inserted = 0}, 5000, At(1)), 1) << "nobody stands still";
}

TEST(WaitingRowsTest, HasNoBoundWithoutALimiterOrWhereNoneIsAskedFor) {
  WaitingRows waiting({.max_rows = 1000});
  EXPECT_EQ(waiting.Share({.inserted = 7}, 4, At(1)), WaitingRows::kUnbounded);
  WaitingRows any({.max_rows = WaitingRows::kUnbounded});
  EXPECT_EQ(any.Share({.admitted = 0, .inserted = 7}, 4, At(1)), WaitingRows::kUnbounded);
}

// What comes in at 1,000 rows a second waits at most a second when there are at most 1,000.
TEST(WaitingRowsTest, NoMoreWaitThanCameInDuringMaxAge) {
  WaitingRows waiting({.max_rows = 100'000, .max_age = absl::Seconds(1)});
  const auto bound = [&waiting](int64_t inserted, double seconds) {
    return waiting.Bound({.admitted = 0, .inserted = inserted}, 2, At(seconds));
  };
  EXPECT_EQ(bound(50'000, 100), 2) << "rows of a checkpoint, and before: at least one a writer";
  for (int tenth = 1; tenth <= 50; ++tenth) {
    const int64_t now = bound(50'000 + 100 * tenth, 100 + 0.1 * tenth);
    if (tenth <= 8) {
      EXPECT_EQ(now, 100 * tenth);
    } else if (tenth > 10) {
      EXPECT_GE(now, 800) << "known to an eighth";
      EXPECT_LE(now, 1000);
    }
  }
  EXPECT_LE(bound(55'000, 105.5), 600);
  EXPECT_EQ(bound(55'000, 106.2), 2) << "nothing came in for a second";
  EXPECT_EQ(bound(55'010, 200), 10);
  EXPECT_EQ(waiting.Bound({.admitted = 500, .inserted = 55'010}, 2, At(202)), 502);
}

}  // namespace
}  // namespace recbots::replay
