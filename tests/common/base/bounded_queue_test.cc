#include "common/base/bounded_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/instant.h"
#include "common/base/thread.h"

namespace recbots {
namespace {

Instant Soon() { return Instant::Now() + absl::Milliseconds(20); }
Instant Later() { return Instant::Now() + absl::Seconds(60); }

TEST(BoundedQueueTest, GivesElementsInTheOrderTheyCame) {
  BoundedQueue<std::unique_ptr<int>> queue(3);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(queue.Push(std::make_unique<int>(i), Later()).ok());
  EXPECT_EQ(queue.size(), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(**queue.Pop(Later()), i);
  EXPECT_EQ(queue.size(), 0U);
}

TEST(BoundedQueueTest, RefusesAtTheDeadlineWhenFullOrEmpty) {
  BoundedQueue<int> queue(1);
  EXPECT_EQ(queue.Pop(Soon()).status().code(), absl::StatusCode::kDeadlineExceeded);
  ASSERT_TRUE(queue.Push(1, Later()).ok());
  EXPECT_EQ(queue.Push(2, Soon()).code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(*queue.Pop(Later()), 1);
  EXPECT_EQ(queue.Pop(Soon()).status().code(), absl::StatusCode::kDeadlineExceeded) << "2 was not added";
}

TEST(BoundedQueueTest, TakesAndGivesAtOnceWhereTheDeadlineHasPassed) {
  BoundedQueue<int> queue(1);
  EXPECT_TRUE(queue.Push(1, Instant::InfinitePast()).ok());
  EXPECT_EQ(*queue.Pop(Instant::InfinitePast()), 1);
}

TEST(BoundedQueueTest, GivesWhatItHoldsAfterCloseAndTakesNothing) {
  BoundedQueue<int> queue(2);
  ASSERT_TRUE(queue.Push(7, Later()).ok());
  queue.Close();
  queue.Close();
  EXPECT_EQ(queue.Push(8, Later()).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(*queue.Pop(Later()), 7);
  EXPECT_EQ(queue.Pop(Later()).status().code(), absl::StatusCode::kCancelled);
}

TEST(BoundedQueueTest, CloseWakesThoseWhoWait) {
  BoundedQueue<int> empty(1), full(1);
  ASSERT_TRUE(full.Push(1, Later()).ok());
  absl::Status popped, pushed;
  {
    Thread popper("popper", [&] { popped = empty.Pop(Later()).status(); });
    Thread pusher("pusher", [&] { pushed = full.Push(2, Later()); });
    empty.Close();
    full.Close();
  }
  EXPECT_EQ(popped.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(pushed.code(), absl::StatusCode::kCancelled);
}

TEST(BoundedQueueTest, LosesAndDoublesNothingBetweenManyThreads) {
  constexpr int kProducers = 3, kConsumers = 3, kEach = 2000;
  BoundedQueue<int> queue(4);
  std::vector<std::vector<int>> taken(kConsumers);
  {
    std::vector<std::unique_ptr<Thread>> consumers;
    for (int c = 0; c < kConsumers; ++c) {
      consumers.push_back(std::make_unique<Thread>("consumer", [&queue, &mine = taken[static_cast<size_t>(c)]] {
        for (auto element = queue.Pop(Later()); element.ok(); element = queue.Pop(Later())) mine.push_back(*element);
      }));
    }
    {
      std::vector<std::unique_ptr<Thread>> producers;
      for (int p = 0; p < kProducers; ++p) {
        producers.push_back(std::make_unique<Thread>("producer", [&queue, p] {
          for (int i = 0; i < kEach; ++i) ASSERT_TRUE(queue.Push(p * kEach + i, Later()).ok());
        }));
      }
    }
    queue.Close();
  }
  std::vector<int> times(kProducers * kEach, 0);
  for (const auto& mine : taken) {
    std::vector<int> last(kProducers, -1);
    for (const int element : mine) {
      ++times[static_cast<size_t>(element)];
      int& before = last[static_cast<size_t>(element / kEach)];
      EXPECT_LT(before, element) << "one producer's elements overtook each other";
      before = element;
    }
  }
  EXPECT_EQ(times, std::vector<int>(times.size(), 1));
}

}  // namespace
}  // namespace recbots
