#include "common/policies/random_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <vector>

namespace recbots {
namespace {

struct Answer {
  std::vector<int32_t> slates;
  std::vector<float> probability;
};

Answer Act(Policy& policy, const std::vector<StreamPosition>& positions, size_t slate_size) {
  Answer answer{std::vector<int32_t>(positions.size() * slate_size), std::vector<float>(positions.size())};
  policy.Act({.observation = {}, .positions = positions},
             {absl::MakeSpan(answer.slates), absl::MakeSpan(answer.probability)});
  return answer;
}

std::vector<StreamPosition> Positions(uint32_t count) {
  std::vector<StreamPosition> positions;
  for (uint32_t i = 0; i < count; ++i) positions.push_back({i, i % 7, i % 13});
  return positions;
}

// All 60 ordered slates of 3 out of 5. P(chi-square with 59 degrees of freedom > 126.1) = 1e-6.
TEST(RandomPolicyTest, ShowsEveryOrderedSlateEquallyOften) {
  RandomPolicy policy(3, 5, 3);
  constexpr uint32_t kUsers = 60000;
  const Answer answer = Act(policy, Positions(kUsers), 3);
  std::map<std::vector<int32_t>, int> counts;
  for (size_t i = 0; i < kUsers; ++i) {
    const std::vector<int32_t> slate(&answer.slates[3 * i], &answer.slates[3 * i] + 3);
    ASSERT_EQ(std::set<int32_t>(slate.begin(), slate.end()).size(), 3U);
    ASSERT_GE(*std::min_element(slate.begin(), slate.end()), 0);
    ASSERT_LT(*std::max_element(slate.begin(), slate.end()), 5);
    ASSERT_FLOAT_EQ(answer.probability[i], 1.0f / 60);
    ++counts[slate];
  }
  ASSERT_EQ(counts.size(), 60U);
  double chi_square = 0;
  for (const auto& [slate, count] : counts) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  EXPECT_LT(chi_square, 126.1);
}

TEST(RandomPolicyTest, ShowsAPermutationWhereTheSlateTakesAllCandidates) {
  RandomPolicy policy(3, 4, 4);
  Answer answer = Act(policy, Positions(50), 4);
  for (size_t i = 0; i < 50; ++i) {
    std::sort(&answer.slates[4 * i], &answer.slates[4 * i] + 4);
    EXPECT_EQ(std::vector<int32_t>(&answer.slates[4 * i], &answer.slates[4 * i] + 4),
              (std::vector<int32_t>{0, 1, 2, 3}));
  }
}

TEST(RandomPolicyTest, ShowsAUserTheSameWhateverTheBatch) {
  RandomPolicy policy(9, 10, 2);
  const std::vector<StreamPosition> positions = Positions(100);
  const Answer together = Act(policy, positions, 2);
  for (size_t i = 0; i < positions.size(); ++i) {
    const Answer alone = Act(policy, {positions[i]}, 2);
    EXPECT_EQ(alone.slates[0], together.slates[2 * i]);
    EXPECT_EQ(alone.slates[1], together.slates[2 * i + 1]);
  }
  RandomPolicy other_seed(10, 10, 2);
  EXPECT_NE(Act(other_seed, positions, 2).slates, together.slates);
}

TEST(RandomPolicyTest, PutsEveryItemAtEveryPositionEquallyOften) {
  RandomPolicy policy(3, 5, 3);
  const std::vector<StreamPosition> positions = Positions(4);
  std::vector<int32_t> slates(12);
  std::vector<float> probability(4), position(12, -1);
  policy.Act({.observation = {}, .positions = positions},
             {absl::MakeSpan(slates), absl::MakeSpan(probability), absl::MakeSpan(position)});
  EXPECT_EQ(position, std::vector<float>(12, 0.2f));
}

}  // namespace
}  // namespace recbots
