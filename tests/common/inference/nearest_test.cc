#include "common/inference/nearest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "common/base/random.h"

namespace recbots {
namespace {

// Against sorting. Coordinates of a few values, so that there are equal distances.
TEST(SortNearestTest, TheFrontIsThatOfASort) {
  Rng rng(1, Purpose::kTest, {});
  for (int round = 0; round < 3000; ++round) {
    const size_t n = 1 + rng.Index(30), features = 1 + rng.Index(3);
    const size_t k = 1 + rng.Index(static_cast<uint32_t>(n));
    std::vector<float> point(features), items(n * features);
    for (float& x : point) x = static_cast<float>(rng.Index(5)) - 2;
    for (float& x : items) x = static_cast<float>(rng.Index(5)) - 2;
    std::vector<std::pair<float, int32_t>> want;
    for (size_t i = 0; i < n; ++i) {
      float distance = 0;
      for (size_t f = 0; f < features; ++f) distance += std::pow(point[f] - items[i * features + f], 2.0f);
      want.emplace_back(distance, static_cast<int32_t>(i));
    }
    std::sort(want.begin(), want.end());
    std::vector<uint64_t> keys(n);
    SortNearest(point.data(), items.data(), features, static_cast<int>(k), absl::MakeSpan(keys));
    std::sort(keys.begin(), keys.begin() + static_cast<ptrdiff_t>(k));
    for (size_t i = 0; i < k; ++i) ASSERT_EQ(PositionOf(keys[i]), want[i].second) << "round " << round;
    std::sort(keys.begin(), keys.end());
    for (size_t i = 0; i < n; ++i) ASSERT_EQ(PositionOf(keys[i]), want[i].second) << "nothing is lost";
    std::vector<float> distances(n);
    for (const auto& [distance, position] : want) distances[static_cast<size_t>(position)] = distance;
    std::vector<uint64_t> known(n);
    SortNearest(distances.data(), static_cast<int>(k), absl::MakeSpan(known));
    std::sort(known.begin(), known.begin() + static_cast<ptrdiff_t>(k));
    EXPECT_TRUE(std::equal(known.begin(), known.begin() + static_cast<ptrdiff_t>(k), keys.begin()));
  }
}

TEST(SortNearestTest, ItemsThatAreInfinitelyFarOrNowhereAreLast) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float point = 0;
  const std::vector<float> items = {std::nanf(""), kInfinity, 1e30f, -1, 1e-30f};
  std::vector<uint64_t> keys(items.size());
  SortNearest(&point, items.data(), 1, 2, absl::MakeSpan(keys));
  std::sort(keys.begin(), keys.begin() + 2);
  EXPECT_EQ(PositionOf(keys[0]), 4);
  EXPECT_EQ(PositionOf(keys[1]), 3);
}

TEST(OrderedBitsTest, OrdersLikeTheNumbers) {
  const float values[] = {-std::numeric_limits<float>::infinity(), -1e30f, -1, -1e-40f, 0, 1e-40f, 1, 1e30f,
                          std::numeric_limits<float>::infinity()};
  for (const float a : values) {
    for (const float b : values) EXPECT_EQ(OrderedBits(a) < OrderedBits(b), a < b) << a << " " << b;
  }
}

}  // namespace
}  // namespace recbots
