#include "common/base/wait_board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "common/base/random.h"
#include "common/base/thread.h"
#include "tests/support/count_allocations.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Things(const WaitBoard& board) {
  std::vector<std::string> things;
  for (const WaitInfo& wait : board.waits()) things.push_back(wait.thing);
  return things;
}

TEST(WaitBoardTest, ShowsWhoWaitsForWhatForHowLongAndUntilWhen) {
  FakeClock clock;
  WaitBoard board(clock);
  EXPECT_TRUE(board.waits().empty());
  {
    const std::string peer = "127.0.0.1:8000";
    const ScopedWait room(
        &board, {.thing = "room in table transitions", .peer = peer, .deadline = clock.Now() + absl::Seconds(60)});
    clock.Advance(absl::Seconds(42));
    const ScopedWait weights(&board, {.thing = "weights", .kind = WaitKind::kBackground});
    clock.Advance(absl::Seconds(1));
    const std::vector<WaitInfo> waits = board.waits();
    ASSERT_EQ(waits.size(), 2u);
    EXPECT_EQ(waits[0].peer, peer);
    EXPECT_EQ(waits[0].waited, absl::Seconds(43));
    EXPECT_EQ(waits[0].left, absl::Seconds(17));
    EXPECT_EQ(waits[0].kind, WaitKind::kWork);
    EXPECT_EQ(DescribeWait(waits[0]), "room in table transitions at 127.0.0.1:8000, for 43 s");
    EXPECT_EQ(waits[1].thing, "weights");
    EXPECT_EQ(waits[1].left, absl::InfiniteDuration());
    EXPECT_EQ(waits[1].kind, WaitKind::kBackground);
    EXPECT_EQ(DescribeWait(waits[1]), "weights, for 1.0 s");
  }
  EXPECT_TRUE(board.waits().empty());
}

TEST(WaitBoardTest, AWaitThatRanOutNamesThingPeerTimeAndTheLastError) {
  FakeClock clock;
  WaitBoard board(clock);
  const ScopedWait wait(
      &board, {.thing = "a batch of table t", .peer = "replay:7001", .deadline = clock.Now() + absl::Seconds(5)});
  EXPECT_FALSE(wait.expired());
  clock.Advance(absl::Seconds(5));
  EXPECT_TRUE(wait.expired());
  EXPECT_EQ(wait.TimedOut(), absl::DeadlineExceededError("waited 5.0 s for a batch of table t at replay:7001"));
  EXPECT_EQ(wait.TimedOut(absl::UnavailableError("connection refused")).message(),
            "waited 5.0 s for a batch of table t at replay:7001; last error: connection refused");
}

TEST(WaitBoardTest, AWaitMayHaveBegunBeforeItIsPutUp) {
  FakeClock clock;
  WaitBoard board(clock);
  const Instant began = clock.Now();
  clock.Advance(absl::Seconds(2));
  const ScopedWait wait(&board, {.thing = "x"}, began);
  EXPECT_EQ(wait.waited(), absl::Seconds(2));
  const ScopedWait other(&board, {.thing = "y"}, clock.Now() + absl::Seconds(9));
  EXPECT_EQ(other.waited(), absl::ZeroDuration()) << "none begins later than now";
}

TEST(WaitBoardTest, WithoutABoardAWaitIsMeasured) {
  const ScopedWait wait(nullptr, {.thing = "x", .deadline = Instant::InfinitePast()});
  EXPECT_TRUE(wait.expired());
  EXPECT_GE(wait.waited(), absl::ZeroDuration());
}

TEST(WaitBoardTest, AddsUpHowLongTheRoleWasIdle) {
  FakeClock clock;
  WaitBoard board(clock);
  EXPECT_EQ(board.idle_time(), absl::ZeroDuration());
  {
    const ScopedWait work(&board, {.thing = "work"});
    clock.Advance(absl::Seconds(1));
  }
  EXPECT_EQ(board.idle_time(), absl::ZeroDuration());
  {
    const ScopedWait pace(&board, {.thing = "its pace", .kind = WaitKind::kIdle});
    clock.Advance(absl::Seconds(3));
    EXPECT_EQ(board.idle_time(), absl::Seconds(3));
    EXPECT_EQ(board.past_idle_time(), absl::ZeroDuration());
  }
  clock.Advance(absl::Seconds(5));
  const ScopedWait pace(&board, {.thing = "its pace", .kind = WaitKind::kIdle});
  clock.Advance(absl::Seconds(0.5));
  EXPECT_EQ(board.idle_time(), absl::Seconds(3.5));
  EXPECT_EQ(board.past_idle_time(), absl::Seconds(3));
}

TEST(WaitBoardTest, DurationsAreWrittenForPeople) {
  EXPECT_EQ(WaitedText(absl::Milliseconds(3249)), "3.2 s");
  EXPECT_EQ(WaitedText(absl::Seconds(42.9)), "42 s");
  EXPECT_EQ(WaitedText(absl::Seconds(119)), "119 s");
  EXPECT_EQ(WaitedText(absl::Seconds(310.5)), "5m10s");
}

// Waits end in any order; a list of them, as a model.
TEST(WaitBoardTest, KeepsExactlyTheWaitsThatLast) {
  FakeClock clock;
  WaitBoard board(clock);
  Rng rng(/*seed=*/5, Purpose::kTest, {});
  const std::vector<std::string> names = {"a", "b", "c", "d", "e", "f", "g"};
  std::vector<std::optional<ScopedWait>> waits(names.size());
  std::vector<std::string> model;  // The oldest first.
  for (int i = 0; i < 3000; ++i) {
    const size_t k = rng.Bits() % names.size();
    clock.Advance(absl::Milliseconds(1));
    if (waits[k].has_value()) {
      waits[k].reset();
      std::erase(model, names[k]);
    } else {
      waits[k].emplace(&board, WaitFor{.thing = names[k]});
      model.push_back(names[k]);
    }
    ASSERT_EQ(Things(board), model);
  }
}

TEST(WaitBoardTest, AWaitAllocatesNothing) {
  WaitBoard board;
  const std::string peer(100, 'x');
  const int before = testing::g_allocations;
  for (int i = 0; i < 100; ++i) {
    const ScopedWait wait(&board, {.thing = "room in table transitions", .peer = peer});
    const ScopedWait inner(&board, {.thing = "its pace", .kind = WaitKind::kIdle});
  }
  EXPECT_EQ(testing::g_allocations, before);
}

TEST(WaitBoardTest, ManyThreadsMayWaitWhileOthersLook) {
  WaitBoard board;
  std::atomic<bool> stop{false};
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int t = 0; t < 4; ++t) {
      threads.push_back(std::make_unique<Thread>("waiter", [&board] {
        for (int i = 0; i < 5000; ++i) {
          const ScopedWait wait(&board, {.thing = "x", .peer = "y", .kind = i % 2 ? WaitKind::kIdle : WaitKind::kWork});
        }
      }));
    }
    Thread looker("looker", [&board, &stop] {
      while (!stop) {
        for (const WaitInfo& wait : board.waits()) EXPECT_EQ(wait.thing, "x");
        board.idle_time();
      }
    });
    threads.clear();
    stop = true;
  }
  EXPECT_TRUE(board.waits().empty());
}

}  // namespace
}  // namespace recbots
