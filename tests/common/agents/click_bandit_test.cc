#include "common/agents/click_bandit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <vector>

#include "tests/common/policies/acting.h"

namespace recbots {
namespace {

using testing::Answer;
using testing::Ask;
using testing::ConstantPolicy;
using testing::FirstSteps;
using ::testing::HasSubstr;

EnvironmentSpec ToySpec() {
  EnvironmentSpec spec;
  spec.name = "toy";
  spec.num_candidates = 6;
  spec.slate_size = 2;
  return spec;
}

// Arm a shows items 2a and 2a + 1.
std::unique_ptr<AbstractClickBandit> Make(const ClickBanditOptions& options, uint64_t seed = 1, float behaviour = 1) {
  std::vector<std::unique_ptr<Policy>> arms;
  for (int32_t a = 0; a < 3; ++a) {
    arms.push_back(std::make_unique<ConstantPolicy>(std::vector<int32_t>{2 * a, 2 * a + 1}, behaviour, 1.0f));
  }
  auto bandit = AbstractClickBandit::Create(options, seed, ToySpec(), std::move(arms));
  EXPECT_TRUE(bandit.ok()) << bandit.status();
  return *std::move(bandit);
}

ClickBanditOptions Kind(BanditKind kind) { return {.bandit = {.kind = kind}}; }

Answer AskFor(Policy& policy, const std::vector<float>& counts, const std::vector<StreamPosition>& positions) {
  std::vector<float> observation;
  for (size_t i = 0; i < positions.size(); ++i) {
    observation.push_back(99);  // A user feature before the counts.
    observation.insert(observation.end(), counts.begin(), counts.end());
  }
  return Ask(policy, {.observation = observation, .positions = positions}, 2);
}

TEST(AbstractClickBanditTest, ShowsTheArmOfTheLargestIndex) {
  for (const BanditKind kind : {BanditKind::kUcb1, BanditKind::kKlUcb}) {
    auto bandit = Make(Kind(kind));
    const Answer answer = AskFor(*bandit, {50, 50, 50, 5, 40, 20}, {{0, 0, 75}});
    EXPECT_EQ(answer.slates, (std::vector<int32_t>{2, 3}));
    EXPECT_EQ(answer.behaviour[0], 1);
    EXPECT_EQ(answer.position, (std::vector<float>{1, 1}));
  }
}

TEST(AbstractClickBanditTest, ShowsArmsWithTheFewestPullsWhileSomeHaveNone) {
  auto bandit = Make(Kind(BanditKind::kThompson));
  const Answer answer = AskFor(*bandit, {5, 3, 0, 5, 0, 0}, {{0, 0, 4}});
  EXPECT_EQ(answer.slates, (std::vector<int32_t>{4, 5}));
  EXPECT_EQ(answer.behaviour[0], 1);  // No draw of Thompson's had a part in it.
}

TEST(AbstractClickBanditTest, BreaksTiesOfTheFirstStepAtRandom) {
  auto bandit = Make({});
  constexpr uint32_t kUsers = 30000;
  const Answer answer = AskFor(*bandit, std::vector<float>(6), FirstSteps(kUsers));
  std::vector<double> first(3);
  for (size_t i = 0; i < kUsers; ++i) {
    ++first[static_cast<size_t>(answer.slates[2 * i] / 2)];
    EXPECT_FLOAT_EQ(answer.behaviour[i], 1.0f / 3);
    EXPECT_FLOAT_EQ(answer.position[2 * i], 1.0f / 3);
  }
  for (const double count : first) EXPECT_NEAR(count / kUsers, 1.0 / 3, 5 * std::sqrt(2.0 / 9 / kUsers));
}

TEST(AbstractClickBanditTest, LegacyFirstStepTakesArmsInOrder) {
  ClickBanditOptions options;
  options.legacy_first_step = true;
  auto bandit = Make(options);
  // Even against what is known.
  const Answer answer = AskFor(*bandit, {9, 9, 9, 0, 0, 9}, {{0, 0, 0}, {0, 0, 1}});
  EXPECT_EQ(answer.slates, (std::vector<int32_t>{0, 1, 4, 5}));
  EXPECT_EQ(answer.behaviour, (std::vector<float>{1, 1}));
}

// A fresh stream at each step, the same for any batch, another one for another seed.
TEST(AbstractClickBanditTest, ThompsonDrawsByPosition) {
  auto bandit = Make(Kind(BanditKind::kThompson));
  auto again = Make(Kind(BanditKind::kThompson));
  auto other_seed = Make(Kind(BanditKind::kThompson), 2);
  const std::vector<float> counts = {9, 9, 9, 4, 4, 4};
  std::vector<StreamPosition> positions;
  for (uint32_t step = 1; step < 300; ++step) positions.push_back({4, 2, step});
  const Answer answer = AskFor(*bandit, counts, positions);
  EXPECT_NE(AskFor(*other_seed, counts, positions).slates, answer.slates);
  std::vector<int> first(3);
  for (size_t i = 0; i < positions.size(); ++i) {
    const Answer alone = AskFor(*again, counts, {positions[i]});
    EXPECT_EQ(alone.slates[0], answer.slates[2 * i]);
    EXPECT_TRUE(std::isnan(answer.behaviour[i]));
    EXPECT_TRUE(std::isnan(answer.position[2 * i]));
    ++first[static_cast<size_t>(answer.slates[2 * i] / 2)];
  }
  for (const int count : first) EXPECT_GT(count, 50);  // 100 expected, sigma 8.
}

TEST(AbstractClickBanditTest, IsUncertainWhereAnArmIs) {
  auto bandit = Make({}, 1, 0.5f);
  const Answer answer = AskFor(*bandit, {50, 50, 50, 5, 40, 20}, {{0, 0, 75}});
  EXPECT_TRUE(std::isnan(answer.behaviour[0]));
  EXPECT_TRUE(std::isnan(answer.position[1]));
}

TEST(AbstractClickBanditTest, PassesFeedbackToAllArms) {
  std::vector<std::unique_ptr<Policy>> arms;
  std::vector<ConstantPolicy*> seen;
  for (int a = 0; a < 2; ++a) {
    auto arm = std::make_unique<ConstantPolicy>(std::vector<int32_t>{0, 1}, 1.0f, 1.0f);
    seen.push_back(arm.get());
    arms.push_back(std::move(arm));
  }
  auto bandit = AbstractClickBandit::Create({}, 1, ToySpec(), std::move(arms));
  ASSERT_TRUE(bandit.ok()) << bandit.status();
  EXPECT_TRUE((*bandit)->learns());
  const std::vector<float> reward(3);
  PolicyFeedback feedback;
  feedback.reward = reward;
  (*bandit)->Observe(feedback);
  EXPECT_EQ(seen[0]->observed, 3U);
  EXPECT_EQ(seen[1]->observed, 3U);
}

TEST(AbstractClickBanditTest, RefusesImpossibleOptions) {
  EXPECT_THAT(AbstractClickBandit::Create({}, 1, ToySpec(), {}).status().ToString(),
              HasSubstr("arms 0, want at least 2"));
  std::vector<std::unique_ptr<Policy>> arms(2);
  ClickBanditOptions options;
  options.bandit.optimism_scaling = -1;
  const auto refused = AbstractClickBandit::Create(options, 1, ToySpec(), std::move(arms));
  EXPECT_THAT(refused.status().ToString(), HasSubstr("optimism_scaling"));
}

}  // namespace
}  // namespace recbots
