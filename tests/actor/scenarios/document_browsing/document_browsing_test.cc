#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "actor/recsim/batch_environment.h"
#include "actor/scenarios/document_browsing/model.h"
#include "tests/actor/scenarios/document_browsing/browsing_support.h"

namespace recbots {
namespace {

using ::recbots::testing::MakeOptions;
using ::recbots::testing::MakeScenarioOf;
using ::recbots::testing::Stage;
using ::testing::HasSubstr;

TEST(DocumentBrowsingTest, IsIndependentOfTheBatch) {
  testing::ExpectIndependentOfTheBatch(*MakeScenarioOf(MakeOptions()), /*policy_seed=*/3, /*steps=*/40);
}

TEST(DocumentBrowsingTest, KeepsTheContractOfEnvironments) {
  testing::ExpectSoundSteps(*MakeScenarioOf(MakeOptions()), 1, /*num_users=*/1000, /*steps=*/100);
  DocumentBrowsingOptions options = MakeOptions(2);
  options.max_episode_steps = 4;
  testing::ExpectSoundSteps(*MakeScenarioOf(options), 2, /*num_users=*/300, /*steps=*/50);
  testing::ExpectRefusesIllegalInput(*MakeScenarioOf(MakeOptions()));
}

TEST(DocumentBrowsingTest, RefusesToStepBeforeTheFirstReset) {
  const auto environment = MakeScenarioOf(MakeOptions())->MakeEnvironment(1, 0);
  EXPECT_EQ(environment->Step({}, {}).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(DocumentBrowsingTest, ResetBeginsTheNextEpisode) {
  Stage stage(*MakeScenarioOf(MakeOptions()), 100, 0);
  EXPECT_EQ(stage.environment->positions()[99].episode, 0U);
  const std::vector<float> first = stage.observation;
  stage.Reset(*stage.environment);
  EXPECT_EQ(stage.environment->positions()[99].episode, 1U);
  EXPECT_NE(stage.observation, first);
}

// Every observation is one-hot; an accepted document is the next one; rewards are the response.
TEST(DocumentBrowsingTest, ObservationsFollowWhatWasAccepted) {
  const DocumentBrowsingOptions options = MakeOptions();
  Stage stage(*MakeScenarioOf(options), 500, 0);
  RandomPolicy policy(4, 10, 1);
  for (int step = 0; step < 50; ++step) {
    stage.Act(policy);
    ASSERT_TRUE(stage.Step().ok());
    EXPECT_EQ(stage.reward, stage.response);
    for (size_t i = 0; i < stage.num_users(); ++i) {
      for (const auto* column : {&stage.observation, &stage.next_observation}) {
        const auto row = column->begin() + static_cast<ptrdiff_t>(10 * i);
        ASSERT_EQ(std::count(row, row + 10, 1.0f), 1);
        ASSERT_EQ(std::count(row, row + 10, 0.0f), 9);
      }
      if (stage.reward[i] == 1) {
        ASSERT_EQ(stage.next_observation[10 * i + static_cast<size_t>(stage.slates[i])], 1.0f);
      }
    }
  }
}

TEST(DocumentBrowsingTest, ProbabilitiesOfZeroAndOneAreCertain) {
  DocumentBrowsingOptions options = MakeOptions(2);
  options.acceptance = {0, 1, 0, 1};
  options.exit_probability_accepted = 1;
  options.exit_probability_refused = 0;
  Stage stage(*MakeScenarioOf(options), 2000, 0);
  for (size_t i = 0; i < stage.num_users(); ++i) stage.slates[i] = static_cast<int32_t>(i % 2);
  for (int step = 0; step < 20; ++step) {
    ASSERT_TRUE(stage.Step().ok());
    for (size_t i = 0; i < stage.num_users(); ++i) {
      ASSERT_EQ(stage.reward[i], i % 2 == 1 ? 1.0f : 0.0f);
      ASSERT_EQ(stage.terminated[i], i % 2);
    }
  }
  EXPECT_FALSE(NextBrowsingUser(true, 0, 0, /*u_exit=*/0.0, StayThreshold(1), StayThreshold(0)).active);
  EXPECT_TRUE(NextBrowsingUser(false, 0, 0, UniformFrom(0xffffffff), StayThreshold(1), StayThreshold(0)).active);
}

TEST(DocumentBrowsingTest, SeedsGiveDifferentUsers) {
  const DocumentBrowsingOptions options = MakeOptions();
  const Stage one(*MakeScenarioOf(options, 1), 100, 0), two(*MakeScenarioOf(options, 2), 100, 0);
  EXPECT_NE(one.observation, two.observation);
}

TEST(DocumentBrowsingTest, RefusesOptionsOutOfBounds) {
  const auto message = [](auto change) {
    DocumentBrowsingOptions options = MakeOptions();
    change(options);
    return std::string(Validate(options).message());
  };
  EXPECT_EQ(message([](auto&) {}), "");
  EXPECT_EQ(message([](auto& o) { o.num_documents = 1; }), "num_documents 1, want 2..4096");
  EXPECT_EQ(message([](auto& o) { o.num_documents = 4097; }), "num_documents 4097, want 2..4096");
  EXPECT_EQ(message([](auto& o) { o.num_documents = 9; }), "acceptance: 100 numbers, want 9 x 9 = 81");
  EXPECT_EQ(message([](auto& o) { o.exit_probability_accepted = -0.5; }), "exit_probability_accepted -0.5, want 0..1");
  EXPECT_EQ(message([](auto& o) { o.exit_probability_refused = NAN; }), "exit_probability_refused nan, want 0..1");
  EXPECT_EQ(message([](auto& o) { o.max_episode_steps = 0; }), "max_episode_steps 0, want 1..1000000");
  EXPECT_EQ(message([](auto& o) { o.acceptance[12] = 1.5; }), "acceptance: W[1][2] is 1.5, want 0..1");
  EXPECT_EQ(message([](auto& o) { o.acceptance[99] = NAN; }), "acceptance: W[9][9] is nan, want 0..1");
}

}  // namespace
}  // namespace recbots
