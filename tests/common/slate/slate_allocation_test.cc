// Composing slates allocates nothing.
#include <gtest/gtest.h>

#include <vector>

#include "common/slate/slate_optimizer.h"
#include "tests/support/count_allocations.h"

namespace recbots {
namespace {

TEST(SlateOptimizerTest, AllocatesOnlyWhenItIsMade) {
  constexpr int kUsers = 4, kItems = 50, kSlate = 5;
  std::vector<float> weights, values, slate_values(kUsers);
  for (int i = 0; i < kUsers * kItems; ++i) {
    weights.push_back(static_cast<float>(i % 7) * 0.1f);
    values.push_back(static_cast<float>(i % 11));
  }
  std::vector<int32_t> slates(kUsers * kSlate);
  for (const ClickRule click_rule : {ClickRule::kShared, ClickRule::kCascade}) {
    SlateOptimizer optimizer(click_rule, kItems, kSlate);
    const int before = testing::g_allocations;
    for (const SlateRule rule : {SlateRule::kTopK, SlateRule::kGreedy, SlateRule::kOptimal}) {
      optimizer.SelectBatch(rule, {weights, values}, absl::MakeSpan(slates), absl::MakeSpan(slate_values));
    }
    EXPECT_EQ(testing::g_allocations, before);
  }
}

}  // namespace
}  // namespace recbots
