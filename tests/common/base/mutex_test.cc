#include "common/base/mutex.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <vector>

#include "common/base/instant.h"
#include "common/base/thread.h"

namespace recbots {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(60);

TEST(MutexTest, ExcludesOthers) {
  Mutex mu;
  int64_t count = 0;
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int i = 0; i < 4; ++i) {
      threads.push_back(std::make_unique<Thread>("counts", [&] {
        for (int j = 0; j < 20'000; ++j) {
          MutexLock lock(&mu);
          ++count;
        }
      }));
    }
  }
  EXPECT_EQ(count, 80'000);
}

TEST(MutexTest, DoesNotWaitForWhatHolds) {
  Mutex mu;
  MutexLock lock(&mu);
  EXPECT_TRUE(mu.AwaitUntil([] { return true; }, Instant::InfinitePast()));
  EXPECT_TRUE(mu.AwaitFor([] { return true; }, -absl::InfiniteDuration()));
}

TEST(MutexTest, GivesUpAtTheDeadline) {
  Mutex mu;
  MutexLock lock(&mu);
  const auto never = [] { return false; };
  const Instant start = Instant::Now();
  EXPECT_FALSE(mu.AwaitUntil(never, Instant::InfinitePast()));
  EXPECT_FALSE(mu.AwaitUntil(never, start - absl::Seconds(1)));
  EXPECT_FALSE(mu.AwaitFor(never, absl::Milliseconds(20)));
  EXPECT_GE(Instant::Now() - start, absl::Milliseconds(20)) << "gave up too early";
}

TEST(MutexTest, WakesWhoWaitsForWhatTheOtherDid) {
  Mutex mu;
  int turn = 0;
  const auto play = [&](int me) {
    for (int round = 0; round < 2'000; ++round) {
      MutexLock lock(&mu);
      ASSERT_TRUE(mu.AwaitFor([&] { return turn % 2 == me; }, kPatience)) << "round " << round;
      ++turn;
    }
  };
  {
    Thread even("even", [&] { play(0); });
    Thread odd("odd", [&] { play(1); });
  }
  EXPECT_EQ(turn, 4'000);
}

// What a thread changes before it waits itself is seen by the others that wait.
TEST(MutexTest, WakesOthersWhenItBeginsToWait) {
  Mutex mu;
  bool asked = false, answered = false;
  Thread other("answers", [&] {
    MutexLock lock(&mu);
    ASSERT_TRUE(mu.AwaitFor([&] { return asked; }, kPatience));
    answered = true;
  });
  MutexLock lock(&mu);
  asked = true;
  EXPECT_TRUE(mu.AwaitFor([&] { return answered; }, kPatience));
}

// One unlocking makes the conditions of all of them hold.
TEST(MutexTest, WakesAllWhoseConditionHolds) {
  Mutex mu;
  bool open = false;
  int waiting = 0, through = 0;
  std::vector<std::unique_ptr<Thread>> threads;
  for (int i = 0; i < 8; ++i) {
    threads.push_back(std::make_unique<Thread>("waits", [&] {
      MutexLock lock(&mu);
      ++waiting;
      ASSERT_TRUE(mu.AwaitUntil([&] { return open; }, Instant::InfiniteFuture()));
      ++through;
    }));
  }
  MutexLock lock(&mu);
  ASSERT_TRUE(mu.AwaitFor([&] { return waiting == 8; }, kPatience));
  EXPECT_EQ(through, 0);
  open = true;
  EXPECT_TRUE(mu.AwaitFor([&] { return through == 8; }, kPatience));
}

// Takers whose condition others make false again before they run go on waiting, and nothing is taken twice or lost.
TEST(MutexTest, ConditionsHoldWhenTheWaitEnds) {
  Mutex mu;
  std::deque<int> queue;
  int64_t taken = 0, sum = 0;
  constexpr int kItems = 6'000;
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int i = 0; i < 3; ++i) {
      threads.push_back(std::make_unique<Thread>("takes", [&] {
        while (true) {
          MutexLock lock(&mu);
          ASSERT_TRUE(mu.AwaitFor([&] { return !queue.empty() || taken == kItems; }, kPatience));
          if (taken == kItems) return;
          ASSERT_FALSE(queue.empty());
          sum += queue.front();
          queue.pop_front();
          ++taken;
        }
      }));
    }
    for (int i = 0; i < kItems; ++i) {
      MutexLock lock(&mu);
      queue.push_back(i);
    }
  }
  EXPECT_EQ(sum, int64_t{kItems} * (kItems - 1) / 2);
}

// Waits that end by their deadline, at any moment, leave the others as they are.
TEST(MutexTest, SurvivesWaitersThatGiveUp) {
  Mutex mu;
  int64_t value = 0;
  bool over = false;
  std::vector<std::unique_ptr<Thread>> threads;
  for (int i = 0; i < 3; ++i) {
    threads.push_back(std::make_unique<Thread>("gives-up", [&, i] {
      while (true) {
        MutexLock lock(&mu);
        mu.AwaitFor([&] { return over || value % 7 == i; }, absl::Microseconds(20 * i));
        if (over) return;
      }
    }));
  }
  for (int i = 0; i < 5'000; ++i) {
    MutexLock lock(&mu);
    ++value;
  }
  {
    MutexLock lock(&mu);
    over = true;
  }
  threads.clear();
  EXPECT_EQ(value, 5'000);
}

}  // namespace
}  // namespace recbots
