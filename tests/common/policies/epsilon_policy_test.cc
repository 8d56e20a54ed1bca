#include "common/policies/epsilon_policy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <vector>

#include "common/policies/random_policy.h"
#include "common/rl/spec.h"
#include "tests/common/policies/acting.h"

namespace recbots {
namespace {

using testing::Answer;
using testing::Ask;
using testing::ConstantPolicy;
using testing::FirstSteps;

// N = 4, K = 2: 12 ordered slates.
EpsilonPolicy Around(std::vector<int32_t> slate, double epsilon, float behaviour = 1, float position = 1) {
  return EpsilonPolicy(std::make_unique<ConstantPolicy>(std::move(slate), behaviour, position), epsilon, 5, 4, 2);
}

// Frequencies of all slates and of what is at each position agree with the probabilities that come with them. 12
// slates, 8 figures of positions, each within 5 sigma: a deviation of 0.008 is caught.
TEST(EpsilonPolicyTest, ShowsSlatesAsOftenAsItSays) {
  constexpr uint32_t kUsers = 100000;
  constexpr double kEpsilon = 0.3;
  EpsilonPolicy policy = Around({2, 0}, kEpsilon);
  const std::vector<StreamPosition> positions = FirstSteps(kUsers);
  const Answer answer = Ask(policy, {.observation = {}, .positions = positions}, 2);
  std::map<std::pair<int32_t, int32_t>, double> count, claimed;
  std::map<std::pair<size_t, int32_t>, double> position_count, position_claimed;
  for (size_t i = 0; i < kUsers; ++i) {
    const std::pair slate(answer.slates[2 * i], answer.slates[2 * i + 1]);
    ++count[slate];
    const auto [known, first] = claimed.emplace(slate, answer.behaviour[i]);
    EXPECT_EQ(known->second, static_cast<double>(answer.behaviour[i]));
    for (size_t k = 0; k < 2; ++k) {
      const std::pair place(k, answer.slates[2 * i + k]);
      ++position_count[place];
      EXPECT_EQ(position_claimed.emplace(place, answer.position[2 * i + k]).first->second,
                static_cast<double>(answer.position[2 * i + k]));
    }
  }
  ASSERT_EQ(count.size(), 12U);
  ASSERT_EQ(position_count.size(), 8U);
  double total = 0;
  for (const auto& [slate, p] : claimed) {
    total += p;
    EXPECT_NEAR(count[slate] / kUsers, p, 5 * std::sqrt(p * (1 - p) / kUsers));
  }
  EXPECT_NEAR(total, 1, 1e-6);
  EXPECT_NEAR((claimed[{2, 0}]), 0.7 + 0.3 / 12, 1e-6);
  EXPECT_NEAR((claimed[{0, 2}]), 0.3 / 12, 1e-6);
  for (const auto& [place, p] : position_claimed) {
    EXPECT_NEAR(position_count[place] / kUsers, p, 5 * std::sqrt(p * (1 - p) / kUsers));
  }
  EXPECT_NEAR((position_claimed[{0, 2}]), 0.7 + 0.3 / 4, 1e-6);
}

TEST(EpsilonPolicyTest, AShortSlateIsNeverTheRandomOne) {
  EpsilonPolicy policy = Around({3, kNoItem}, 0.5);
  const std::vector<StreamPosition> positions = FirstSteps(200);
  const Answer answer = Ask(policy, {.observation = {}, .positions = positions}, 2);
  int num_short = 0;
  for (size_t i = 0; i < positions.size(); ++i) {
    const bool is_short = answer.slates[2 * i + 1] == kNoItem;
    num_short += is_short ? 1 : 0;
    EXPECT_FLOAT_EQ(answer.behaviour[i], is_short ? 0.5f : 0.5f / 12);
    EXPECT_FLOAT_EQ(answer.position[2 * i], answer.slates[2 * i] == 3 ? 0.625f : 0.125f);
    EXPECT_FLOAT_EQ(answer.position[2 * i + 1], is_short ? 0.0f : 0.125f);
  }
  EXPECT_GT(num_short, 50);
  EXPECT_LT(num_short, 150);
}

TEST(EpsilonPolicyTest, SaysNothingWhereTheBaseIsNotCertain) {
  EpsilonPolicy policy = Around({2, 0}, 0.5, 0.75f, 0.5f);
  const std::vector<StreamPosition> positions = FirstSteps(100);
  const Answer answer = Ask(policy, {.observation = {}, .positions = positions}, 2);
  for (const float p : answer.behaviour) EXPECT_TRUE(std::isnan(p));
  for (const float p : answer.position) EXPECT_TRUE(std::isnan(p));
}

TEST(EpsilonPolicyTest, TheEndsOfEpsilonNeedNoCertainty) {
  const std::vector<StreamPosition> positions = FirstSteps(100);
  EpsilonPolicy never = Around({2, 0}, 0, 0.75f, 0.5f);
  const Answer base = Ask(never, {.observation = {}, .positions = positions}, 2);
  EpsilonPolicy always = Around({2, 0}, 1, NAN, NAN);
  const Answer random = Ask(always, {.observation = {}, .positions = positions}, 2);
  for (size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(base.slates[2 * i], 2);
    EXPECT_EQ(base.behaviour[i], 0.75f);
    EXPECT_EQ(base.position[2 * i], 0.5f);
    EXPECT_FLOAT_EQ(random.behaviour[i], 1.0f / 12);
    EXPECT_FLOAT_EQ(random.position[2 * i + 1], 0.25f);
  }
}

// With one seed for both, the coin and the base would share their draws.
TEST(EpsilonPolicyTest, DrawsIndependentlyOfItsBase) {
  EpsilonPolicy policy(std::make_unique<RandomPolicy>(5, 2, 1), 0.5, 5, 2, 1);
  RandomPolicy base(5, 2, 1);
  constexpr uint32_t kUsers = 40000;
  const std::vector<StreamPosition> positions = FirstSteps(kUsers);
  const Answer mixed = Ask(policy, {.observation = {}, .positions = positions}, 1);
  const Answer alone = Ask(base, {.observation = {}, .positions = positions}, 1);
  double same = 0, same_zero = 0, zero = 0;
  for (size_t i = 0; i < kUsers; ++i) {
    same += mixed.slates[i] == alone.slates[i] ? 1 : 0;
    zero += alone.slates[i] == 0 ? 1 : 0;
    same_zero += alone.slates[i] == 0 && mixed.slates[i] == 0 ? 1 : 0;
  }
  EXPECT_NEAR(same / kUsers, 0.75, 5 * std::sqrt(0.75 * 0.25 / kUsers));
  EXPECT_NEAR(same_zero / zero, 0.75, 5 * std::sqrt(0.75 * 0.25 / zero));
}

TEST(EpsilonPolicyTest, PassesFeedbackOn) {
  auto base = std::make_unique<ConstantPolicy>(std::vector<int32_t>{0, 1}, 1.0f, 1.0f);
  ConstantPolicy& seen = *base;
  EpsilonPolicy policy(std::move(base), 0.1, 1, 4, 2);
  EXPECT_TRUE(policy.learns());
  const std::vector<float> reward(3);
  PolicyFeedback feedback;
  feedback.reward = reward;
  policy.Observe(feedback);
  EXPECT_EQ(seen.observed, 3U);
}

TEST(EpsilonPolicyDeathTest, RefusesWhatIsNoProbability) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(Around({0, 1}, 1.5), "epsilon 1.5, want 0..1");
  EXPECT_DEATH(Around({0, 1}, NAN), "epsilon nan");
  EXPECT_DEATH(EpsilonPolicy(std::make_unique<RandomPolicy>(1, 5, 5), 0.5, 1, 4, 5), "slate_size 5, want 1..4");
}

}  // namespace
}  // namespace recbots
