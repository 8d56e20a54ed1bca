#include "common/policies/softmax_policy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <vector>

#include "common/policies/epsilon_policy.h"
#include "common/policies/given_slates.h"
#include "common/policies/random_policy.h"
#include "tests/common/policies/acting.h"

namespace recbots {
namespace {

using testing::ConstantPolicy;
using testing::FirstSteps;

// What a policy says of given slates.
struct Said {
  std::vector<double> slate, position, prefix;
};

Said Of(Policy& policy, const std::vector<StreamPosition>& users, const std::vector<int32_t>& slates) {
  Said said{std::vector<double>(users.size()), std::vector<double>(slates.size()), std::vector<double>(slates.size())};
  policy.Probability({.observation = {}, .positions = users},
                     {slates, absl::MakeSpan(said.slate), absl::MakeSpan(said.position), absl::MakeSpan(said.prefix)});
  return said;
}

struct Shown {
  std::vector<int32_t> slates;
  std::vector<float> behaviour, position, prefix;
};

Shown Act(Policy& policy, const std::vector<StreamPosition>& users, size_t slate_size) {
  constexpr float kNotSaid = std::numeric_limits<float>::quiet_NaN();
  const size_t items = users.size() * slate_size;
  Shown shown{std::vector<int32_t>(items), std::vector<float>(users.size()), std::vector<float>(items, kNotSaid),
              std::vector<float>(items, kNotSaid)};
  const PolicyOutput output = {absl::MakeSpan(shown.slates), absl::MakeSpan(shown.behaviour),
                               absl::MakeSpan(shown.position), absl::MakeSpan(shown.prefix)};
  policy.Act({.observation = {}, .positions = users}, output);
  CompletePrefix(output);
  return shown;
}

// N = 4, K = 2.
std::unique_ptr<SoftmaxPolicy> MakeSoftmax(double temperature) {
  return std::make_unique<SoftmaxPolicy>(std::make_unique<ItemScorer>(std::vector<double>{0.5, 2, -1, 1}), temperature,
                                         11, 4, 2);
}

// Slates are as frequent as the policy says: 12 slates within 5 sigma; a deviation of 0.008 is caught.
TEST(SoftmaxPolicyTest, ShowsSlatesAsOftenAsItSays) {
  constexpr uint32_t kUsers = 100000;
  const auto policy = MakeSoftmax(1.5);
  const Shown shown = Act(*policy, FirstSteps(kUsers), 2);
  std::map<std::pair<int32_t, int32_t>, double> count, claimed;
  for (size_t i = 0; i < kUsers; ++i) {
    const std::pair slate(shown.slates[2 * i], shown.slates[2 * i + 1]);
    ++count[slate];
    claimed[slate] = static_cast<double>(shown.behaviour[i]);
  }
  ASSERT_EQ(count.size(), 12U);
  double total = 0;
  for (const auto& [slate, p] : claimed) {
    total += p;
    EXPECT_NEAR(count[slate] / kUsers, p, 5 * std::sqrt(p * (1 - p) / kUsers));
  }
  EXPECT_NEAR(total, 1, 1e-6);
}

// Whatever policy acts: what it says of its own slate when the slate is given is what it said when it acted, unless it
// did not know.
TEST(SoftmaxPolicyTest, PoliciesSayTheSameOfGivenSlatesAsOfTheirOwn) {
  const auto softmax = MakeSoftmax(0.7);
  RandomPolicy random(3, 4, 2);
  EpsilonPolicy mixed(std::make_unique<ConstantPolicy>(std::vector<int32_t>{2, 0}, 1.0f, 1.0f), 0.3, 5, 4, 2);
  ConstantPolicy certain({3, 1}, 1, 1);
  const std::vector<StreamPosition> users = FirstSteps(500);
  for (Policy* policy : std::initializer_list<Policy*>{softmax.get(), &random, &mixed, &certain}) {
    const Shown shown = Act(*policy, users, 2);
    const Said said = Of(*policy, users, shown.slates);
    for (size_t i = 0; i < users.size(); ++i) EXPECT_NEAR(said.slate[i], shown.behaviour[i], 1e-6);
    for (size_t at = 0; at < shown.slates.size(); ++at) {
      EXPECT_NEAR(said.position[at], shown.position[at], 1e-6);
      EXPECT_NEAR(said.prefix[at], shown.prefix[at], 1e-6);
    }
  }
}

TEST(SoftmaxPolicyTest, EpsilonAroundSoftmaxIsExactForGivenSlates) {
  EpsilonPolicy policy(MakeSoftmax(1), 0.25, 7, 4, 2);
  const auto base = MakeSoftmax(1);
  double total = 0;
  for (int32_t first = 0; first < 4; ++first) {
    for (int32_t second = 0; second < 4; ++second) {
      const Said said = Of(policy, FirstSteps(1), {first, second});
      const Said of_base = Of(*base, FirstSteps(1), {first, second});
      EXPECT_NEAR(said.slate[0], 0.75 * of_base.slate[0] + (first == second ? 0 : 0.25 / 12), 1e-12);
      EXPECT_NEAR(said.position[1], 0.75 * of_base.position[1] + 0.25 / 4, 1e-12);
      EXPECT_NEAR(said.prefix[0], 0.75 * of_base.prefix[0] + 0.25 / 4, 1e-12);
      total += said.slate[0];
    }
  }
  EXPECT_NEAR(total, 1, 1e-12);
}

TEST(SoftmaxPolicyTest, APolicyThatDoesNotKnowSaysSoForEverySlate) {
  ConstantPolicy unsure({1, 2}, 0.5, 0.5);
  for (const std::vector<int32_t>& slate : {std::vector<int32_t>{1, 2}, {2, 1}}) {
    const Said said = Of(unsure, FirstSteps(1), slate);
    EXPECT_TRUE(std::isnan(said.slate[0]));
    EXPECT_TRUE(std::isnan(said.position[0]));
    EXPECT_TRUE(std::isnan(said.prefix[1]));
  }
}

TEST(SoftmaxPolicyTest, RanksOfAPolicyAreScores) {
  RankScorer scorer(std::make_unique<ConstantPolicy>(std::vector<int32_t>{2, 0}, 1.0f, 1.0f), 4, 2);
  const std::vector<StreamPosition> users = FirstSteps(2);
  std::vector<double> scores(8, -1);
  scorer.Score({.observation = {}, .positions = users}, absl::MakeSpan(scores));
  EXPECT_EQ(scores, (std::vector<double>{1, 0, 2, 0, 1, 0, 2, 0}));
}

}  // namespace
}  // namespace recbots
