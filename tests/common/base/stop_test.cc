#include "common/base/stop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "common/base/lazy.h"
#include "common/base/thread.h"

namespace recbots {
namespace {

TEST(StopTest, AnEmptyQuestionNeverStops) {
  EXPECT_FALSE(ShouldStop({}));
  EXPECT_TRUE(CheckStop(nullptr).ok());
  EXPECT_TRUE(ShouldStop([] { return true; }));
  EXPECT_EQ(CheckStop([] { return true; }).code(), absl::StatusCode::kCancelled);
}

TEST(LazyTest, ComputesOnceAndForgetsErrors) {
  Lazy<int> lazy;
  int computed = 0;
  const auto fail = [&]() -> absl::StatusOr<int> {
    ++computed;
    return absl::CancelledError("stopped");
  };
  EXPECT_EQ(lazy.Get(fail).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(lazy.Get(fail).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(computed, 2);
  const auto seven = [&]() -> absl::StatusOr<int> { return computed += 5; };
  const int* const first = *lazy.Get(seven);
  EXPECT_EQ(*first, 7);
  EXPECT_EQ(*lazy.Get(seven), first);
  EXPECT_EQ(*lazy.Get(fail), first);
  EXPECT_EQ(computed, 7);
}

TEST(LazyTest, ThreadsThatAskTogetherGetOneValue) {
  Lazy<int> lazy;
  std::atomic<int> computed = 0;
  std::vector<const int*> values(4);
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (const int*& value : values) {
      threads.push_back(std::make_unique<Thread>(
          "lazy", [&] { value = *lazy.Get([&]() -> absl::StatusOr<int> { return ++computed; }); }));
    }
  }
  EXPECT_EQ(computed, 1);
  for (const int* value : values) EXPECT_EQ(value, values[0]);
}

}  // namespace
}  // namespace recbots
