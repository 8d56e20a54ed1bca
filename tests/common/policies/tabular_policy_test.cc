#include "common/policies/tabular_policy.h"

#include <gtest/gtest.h>

#include <vector>

namespace recbots {
namespace {

TEST(TabularPolicyTest, ShowsTheSlateOfTheStateForCertain) {
  TabularPolicy policy({5, 6, 7, 8, 1, 2}, /*slate_size=*/2);
  const std::vector<float> observation = {0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 0};
  const std::vector<StreamPosition> positions(4);
  std::vector<int32_t> slates(8);
  std::vector<float> probability(4);
  policy.Act({observation, positions}, {absl::MakeSpan(slates), absl::MakeSpan(probability)});
  EXPECT_EQ(slates, (std::vector<int32_t>{7, 8, 5, 6, 1, 2, 7, 8}));
  EXPECT_EQ(probability, std::vector<float>(4, 1.0f));
}

TEST(TabularPolicyTest, EveryItemIsAtItsPositionForCertain) {
  TabularPolicy policy({5, 6, 7, -1}, /*slate_size=*/2);
  const std::vector<float> observation = {0, 1, 1, 0};
  const std::vector<StreamPosition> positions(2);
  std::vector<int32_t> slates(4);
  std::vector<float> probability(2), position(4, -7);
  policy.Act({observation, positions}, {absl::MakeSpan(slates), absl::MakeSpan(probability), absl::MakeSpan(position)});
  EXPECT_EQ(slates, (std::vector<int32_t>{7, -1, 5, 6}));
  EXPECT_EQ(position, (std::vector<float>{1, 0, 1, 1}));
}

TEST(TabularPolicyDeathTest, RefusesTablesAndObservationsOfTheWrongShape) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(TabularPolicy({}, 1), "slates 0");
  EXPECT_DEATH(TabularPolicy({1, 2, 3}, 2), "slates 3, slate_size 2");
  TabularPolicy policy({0, 1}, 1);
  const std::vector<float> observation(3);
  const std::vector<StreamPosition> positions(1);
  std::vector<int32_t> slates(1);
  std::vector<float> probability(1);
  EXPECT_DEATH(policy.Act({observation, positions}, {absl::MakeSpan(slates), absl::MakeSpan(probability)}),
               "observation 3");
}

}  // namespace
}  // namespace recbots
