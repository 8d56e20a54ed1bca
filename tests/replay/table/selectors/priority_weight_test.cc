#include "replay/table/selectors/priority_weight.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "common/base/random.h"

namespace recbots::replay {
namespace {

TEST(PriorityWeightTest, AgreesWithTheLibraryToTheLastUnit) {
  Rng rng(/*seed=*/22, Purpose::kTest, {});
  for (const double alpha : {0.0, 0.1, 0.5, 0.6, 0.7, 1.0, 2.5, 10.0}) {
    const PriorityWeight weight(alpha);
    for (int i = 0; i < 20'000; ++i) {
      const auto priority = static_cast<float>(std::exp(rng.Uniform(-95, 88)));
      const double want = std::clamp(std::pow(static_cast<double>(priority), alpha) * 65536, 1.0, 4294967295.0);
      ASSERT_NEAR(static_cast<double>(weight(priority)), want, 0.5 + want * 1e-12) << priority << " ^ " << alpha;
    }
  }
}

TEST(PriorityWeightTest, ZeroIsNeverDrawnAndNothingElseIsLost) {
  for (const double alpha : {0.0, 0.5, 0.6, 1.0, 10.0}) {
    const PriorityWeight weight(alpha);
    EXPECT_EQ(weight(0.0f), 0u);
    EXPECT_EQ(weight(-0.0f), 0u);
    EXPECT_GE(weight(1e-45f), 1u) << "the smallest of all";
    EXPECT_EQ(weight(1.0f), 65536u);
    EXPECT_EQ(weight(3.4e38f), alpha == 0 ? 65536u : 4294967295u);
  }
}

TEST(FastLogTest, IsAsExactAsItSays) {
  Rng rng(/*seed=*/23, Purpose::kTest, {});
  EXPECT_EQ(FastLog(1.0), 0.0);
  for (int i = 0; i < 100'000; ++i) {
    const double x = std::exp(rng.Uniform(-100, 100)), want = std::log(x);
    ASSERT_NEAR(FastLog(x), want, 1e-15 * std::max(1.0, std::abs(want)));
  }
}

// These bits decide which rows are drawn: a change changes every prioritized run, and a restored table must go on with
// them.
TEST(PriorityWeightTest, GivesTheSameBitsEverywhere) {
  uint64_t hash = 14695981039346656037ULL;
  const auto mix = [&hash](uint64_t bits) { hash = (hash ^ bits) * 1099511628211ULL; };
  Rng rng(/*seed=*/24, Purpose::kTest, {});
  for (int i = 0; i < 100'000; ++i) {
    const double x = std::ldexp(rng.Uniform(1, 2), static_cast<int>(rng.Index(200)) - 100);
    mix(std::bit_cast<uint64_t>(FastLog(x)));
    for (const double alpha : {0.5, 0.6, 1.0, 2.5}) mix(PriorityWeight(alpha)(static_cast<float>(x)));
  }
  EXPECT_EQ(hash, 6712063336696784180u);
}

}  // namespace
}  // namespace recbots::replay
