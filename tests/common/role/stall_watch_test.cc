#include "common/role/stall_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

namespace recbots {
namespace {

class StallWatchTest : public ::testing::Test {
 protected:
  std::string Reason() const {
    const std::optional<Stall> stall = watch_.stall();
    return stall.has_value() ? stall->reason : "";
  }

  FakeClock clock_;
  WaitBoard board_{clock_};
  StallWatch watch_{{.after = absl::Seconds(30), .doing = [] { return "acting"; }}, board_, clock_};
};

TEST_F(StallWatchTest, WithoutProgressItStallsAfterTheTimeAndNotBefore) {
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Reason(), "") << "nothing is expected yet";
  watch_.Begin("step");
  clock_.Advance(absl::Seconds(29.9));
  EXPECT_EQ(Reason(), "");
  clock_.Advance(absl::Seconds(0.1));
  EXPECT_EQ(Reason(), "no step for 30 s: acting");
  EXPECT_EQ(watch_.stall()->lasted, absl::Seconds(30));
  watch_.Progressed(16);
  EXPECT_EQ(Reason(), "");
  EXPECT_EQ(watch_.progress(), 16);
  clock_.Advance(absl::Seconds(31));
  EXPECT_EQ(Reason(), "no step for 31 s: acting");
  watch_.Progressed(0);
  EXPECT_EQ(Reason(), "") << "something else shows that all is well";
  EXPECT_EQ(watch_.progress(), 16);
  clock_.Advance(absl::Seconds(31));
  watch_.Count(4);
  EXPECT_EQ(watch_.progress(), 20);
  EXPECT_EQ(Reason(), "no step for 31 s: acting") << "perhaps they were of no use";
}

TEST_F(StallWatchTest, TheReasonIsTheOldestWaitOfTheWork) {
  watch_.Begin("step");
  const ScopedWait background(&board_, {.thing = "news", .kind = WaitKind::kBackground});
  clock_.Advance(absl::Seconds(2));
  std::optional<ScopedWait> room;
  room.emplace(&board_, WaitFor{.thing = "room in table transitions", .peer = "127.0.0.1:8000"});
  clock_.Advance(absl::Seconds(40));
  EXPECT_EQ(Reason(), "no step for 42 s: waiting for room in table transitions at 127.0.0.1:8000");
  room.reset();
  EXPECT_EQ(Reason(), "no step for 42 s: acting") << "the end of a wait is no progress";
}

// A pace, or nothing to do: the time of such pauses does not count.
TEST_F(StallWatchTest, APauseThatIsWantedIsNoStall) {
  watch_.Begin("evaluation");
  clock_.Advance(absl::Seconds(20));
  {
    const ScopedWait idle(&board_, {.thing = "newer weights", .kind = WaitKind::kIdle});
    clock_.Advance(absl::Hours(10));
    EXPECT_EQ(Reason(), "");
  }
  clock_.Advance(absl::Seconds(9));
  EXPECT_EQ(Reason(), "");
  clock_.Advance(absl::Seconds(1));
  EXPECT_EQ(Reason(), "no evaluation for 30 s: acting");
  watch_.Progressed();
  clock_.Advance(absl::Seconds(29));
  EXPECT_EQ(Reason(), "");
}

// An actor that only drops rows has its pace all the same.
TEST_F(StallWatchTest, ManyShortPausesDoNotHideAStall) {
  watch_.Begin("step");
  for (int i = 0; i < 40; ++i) {
    const ScopedWait pace(&board_, {.thing = "its pace", .kind = WaitKind::kIdle});
    clock_.Advance(absl::Seconds(0.1));
    const ScopedWait room(&board_, {.thing = "room"});
    watch_.Count(16);
  }
  EXPECT_EQ(Reason(), "") << "4 s of pauses";
  for (int i = 0; i < 40; ++i) {
    { const ScopedWait pace(&board_, {.thing = "its pace", .kind = WaitKind::kIdle}); }
    clock_.Advance(absl::Seconds(1));
  }
  EXPECT_EQ(Reason(), "no step for 40 s: acting");
}

TEST_F(StallWatchTest, ARunThatIsOverDoesNotStall) {
  watch_.Begin("update");
  EXPECT_EQ(watch_.unit(), "update");
  watch_.End();
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(Reason(), "");
  EXPECT_EQ(watch_.unit(), "");
}

TEST_F(StallWatchTest, ZeroMeansNever) {
  StallWatch never({.after = absl::ZeroDuration()}, board_, clock_);
  never.Begin("step");
  clock_.Advance(absl::Hours(100));
  EXPECT_FALSE(never.stall().has_value());
}

}  // namespace
}  // namespace recbots
