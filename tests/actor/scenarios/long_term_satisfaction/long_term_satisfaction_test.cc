#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "actor/scenarios/long_term_satisfaction/model.h"
#include "actor/scenarios/long_term_satisfaction/policies.h"
#include "common/policies/random_policy.h"
#include "tests/actor/scenarios/long_term_satisfaction/long_term_satisfaction_support.h"
#include "tests/conformance/environment_conformance.h"

namespace recbots {
namespace {

using Model = LongTermSatisfactionModel;
using ::recbots::testing::HardOptions;
using ::recbots::testing::MakeScenarioOf;
using ::recbots::testing::PlayStep;
using ::recbots::testing::ReferenceOf;

LongTermSatisfactionOptions SlateOptions() {
  LongTermSatisfactionOptions options = HardOptions();
  options.slate_size = 3;
  options.time_budget = 7;
  return options;
}

TEST(LongTermSatisfactionTest, SpecSaysWhatIsSeen) {
  const auto scenario = MakeScenarioOf<Model>(SlateOptions());
  const EnvironmentSpec& spec = scenario->spec();
  EXPECT_EQ(spec.num_user_features, 0);
  EXPECT_EQ(spec.num_candidates, 10);
  EXPECT_EQ(spec.num_candidate_features, 1);
  EXPECT_EQ(spec.slate_size, 3);
  EXPECT_EQ(spec.min_slate_size, 1);
  EXPECT_EQ(spec.response_fields, (std::vector<std::string>{"click", "engagement"}));
  EXPECT_FALSE(spec.fixed_catalogue);
  EXPECT_EQ(spec.max_reward, std::numeric_limits<double>::infinity());
}

TEST(LongTermSatisfactionTest, RefusesSettingsOutOfBounds) {
  const auto refusal = [](const std::function<void(LongTermSatisfactionOptions&)>& change) {
    LongTermSatisfactionOptions options;
    change(options);
    const auto scenario = ModelScenario<Model>::Create(options, /*seed=*/1);
    EXPECT_EQ(scenario.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(scenario.status().message());
  };
  EXPECT_EQ(refusal([](auto& o) { o.num_candidates = 0; }), "num_candidates 0, want 1..10000");
  EXPECT_EQ(refusal([](auto& o) { o.slate_size = 11; }), "slate_size 11, want 1..10");
  EXPECT_EQ(refusal([](auto& o) { o.candidate_refresh = static_cast<CandidateRefresh>(0); }),
            "candidate_refresh 0, want 1..3");
  EXPECT_EQ(refusal([](auto& o) { o.max_episode_steps = -1; }), "max_episode_steps -1, want 0..1000000");
  EXPECT_EQ(refusal([](auto& o) { o.memory_discount = 1; }), "memory_discount 1, want 0..0.9999");
  EXPECT_EQ(refusal([](auto& o) { o.sensitivity = NAN; }), "sensitivity nan, want 0..100");
  EXPECT_EQ(refusal([](auto& o) { o.innovation_stddev = -0.5; }), "innovation_stddev -0.5, want 0..100");
  EXPECT_EQ(refusal([](auto& o) { o.choc_mean = 41; }), "choc_mean 41, want -40..40");
  EXPECT_EQ(refusal([](auto& o) { o.choc_stddev = 3.5; }), "choc_stddev 3.5, want 0..3");
  EXPECT_EQ(refusal([](auto& o) { o.kale_mean = -HUGE_VAL; }), "kale_mean -inf, want -40..40");
  EXPECT_EQ(refusal([](auto& o) { o.kale_stddev = -1; }), "kale_stddev -1, want 0..3");
  EXPECT_EQ(refusal([](auto& o) { o.max_clickbait = 1.1; }), "max_clickbait 1.1, want 0..1");
  EXPECT_EQ(refusal([](auto& o) {
              o.min_clickbait = 0.6;
              o.max_clickbait = 0.5;
            }),
            "min_clickbait 0.6, want 0..0.5 (max_clickbait)");
  EXPECT_EQ(refusal([](auto& o) { o.time_budget = 0; }), "time_budget 0, want 1..1000000");
}

TEST(LongTermSatisfactionTest, RewardsAreFiniteWhereverSettingsAreAllowed) {
  LongTermSatisfactionOptions options;
  options.memory_discount = 0.9999;
  options.sensitivity = 100;
  options.innovation_stddev = 100;
  options.choc_mean = options.kale_mean = 40;
  options.choc_stddev = options.kale_stddev = 3;
  ASSERT_TRUE(Validate(options).ok());
  for (const double z : {-16.0, 0.0, 16.0}) {
    for (const double exposure : {-1e4, 0.0, 1e4}) {
      const auto reward = static_cast<float>(Engagement(options, Satisfaction(options, exposure), 0.5, z));
      EXPECT_TRUE(std::isfinite(reward) && reward >= 0) << z << ' ' << exposure;
    }
  }
}

TEST(LongTermSatisfactionTest, OnlyTheFirstItemMatters) {
  const auto scenario = MakeScenarioOf<Model>(SlateOptions());
  const std::vector<std::vector<int32_t>> slates = {{4, 1, 7}, {4, 9, 0}, {4, kNoItem, kNoItem}};
  std::vector<std::vector<float>> rewards, responses;
  for (const std::vector<int32_t>& slate : slates) {
    const auto environment = scenario->MakeEnvironment(1, 3);
    StepBuffer buffer(scenario->spec(), 1);
    buffer.Reset(*environment);
    buffer.slates = slate;
    rewards.emplace_back();
    responses.emplace_back();
    for (int step = 0; step < 20; ++step) {
      ASSERT_TRUE(buffer.Step(*environment).ok());
      rewards.back().push_back(buffer.reward[0]);
      EXPECT_EQ(buffer.response[0], 1);
      EXPECT_EQ(buffer.response[1], std::min(buffer.reward[0], 100.0f));
      for (size_t i = 2; i < 6; ++i) EXPECT_EQ(buffer.response[i], 0);
      EXPECT_EQ(buffer.terminated[0], step % 7 == 6);
      buffer.Advance();
    }
  }
  EXPECT_EQ(rewards[0], rewards[1]);
  EXPECT_EQ(rewards[0], rewards[2]);
}

TEST(LongTermSatisfactionTest, StepLimitTruncates) {
  LongTermSatisfactionOptions options = SlateOptions();
  for (const int limit : {6, 7, 8}) {
    options.max_episode_steps = limit;
    EXPECT_EQ(EpisodeSteps(options), std::min(limit, 7));
    const auto scenario = MakeScenarioOf<Model>(options);
    const auto policy = ReferenceOf(*scenario, "random");
    const auto environment = scenario->MakeEnvironment(1, 0);
    StepBuffer buffer(scenario->spec(), 1);
    buffer.Reset(*environment);
    for (int step = 0; step < EpisodeSteps(options); ++step) PlayStep(*environment, *policy, buffer);
    EXPECT_EQ(buffer.truncated[0], limit < 7) << limit;
    EXPECT_EQ(buffer.terminated[0], limit >= 7) << limit;
  }
}

TEST(LongTermSatisfactionTest, KeepsTheEnvironmentContract) {
  const auto scenario = MakeScenarioOf<Model>(SlateOptions());
  testing::ExpectIndependentOfTheBatch(*scenario, /*policy_seed=*/2, /*steps=*/20);
  testing::ExpectSoundSteps(*scenario, /*policy_seed=*/2, /*num_users=*/300, /*steps=*/50);
}

TEST(LongTermSatisfactionTest, ReferencesAreThereWhereTheyCanBe) {
  const auto names = [](const LongTermSatisfactionOptions& options) {
    std::vector<std::string> all;
    for (const ReferencePolicy& policy : MakeScenarioOf<Model>(options)->MakeReferencePolicies()) {
      all.push_back(policy.name);
    }
    return all;
  };
  EXPECT_EQ(names({}), (std::vector<std::string>{"random", "min_clickbait", "myopic", "best_constant", "optimal"}));
  LongTermSatisfactionOptions options;
  options.candidate_refresh = CandidateRefresh::kNever;
  EXPECT_EQ(names(options), (std::vector<std::string>{"random", "min_clickbait", "myopic"}));
  EXPECT_FALSE(MakeScenarioOf<Model>(options)->OptimalValue().has_value());
  EXPECT_FALSE(MakeScenarioOf<Model>(options)->RandomValue().has_value());
}

TEST(NearestClickbaitPolicyTest, ShowsTheNearestFirst) {
  EnvironmentSpec spec;
  spec.num_candidates = 4;
  spec.slate_size = 3;
  const std::vector<float> candidates = {0.5f, 0.1f, 0.9f, 0.4f, 0.3f, 0.3f, 0.2f, 0.8f};
  const std::vector<StreamPosition> positions(2);
  std::vector<int32_t> slates(6);
  std::vector<float> probability(2), position_probability(6);
  const auto show = [&](double target) {
    NearestClickbaitPolicy(spec, target)
        .Act({{}, positions, candidates},
             {absl::MakeSpan(slates), absl::MakeSpan(probability), absl::MakeSpan(position_probability)});
    return slates;
  };
  EXPECT_EQ(show(1), (std::vector<int32_t>{2, 0, 3, 3, 0, 1}));
  EXPECT_EQ(show(0), (std::vector<int32_t>{1, 3, 0, 2, 0, 1}));
  EXPECT_EQ(show(0.42), (std::vector<int32_t>{3, 0, 1, 0, 1, 2}));
  EXPECT_EQ(probability, (std::vector<float>{1, 1}));
  EXPECT_EQ(position_probability, std::vector<float>(6, 1.0f));
}

// The hidden exposure of a user to whom candidates[t][slates[t]] was shown at step t.
double ReplayExposure(const Model& model, uint64_t seed, StreamPosition position, const std::vector<float>& consumed) {
  Rng user_draws(seed, Purpose::kUser, {position.stream, position.episode, 0});
  Model::User user = model.SampleUser(user_draws);
  for (uint32_t t = 0; t < position.step; ++t) {
    const Model::Document document{.clickbait = static_cast<double>(consumed[t])};
    const int32_t first = 0;
    Rng draws(seed, Purpose::kTransition, {position.stream, position.episode, t});
    model.Update({&document, &first, 1}, {}, draws, user);
  }
  return user.exposure;
}

// No candidate [10] scores higher than the one at `shown`.
void ExpectBest(const LtsReference::Solution& solution, uint32_t step, double exposure, const float* candidates,
                int32_t shown) {
  const auto score = [&](int32_t i) {
    return solution.mdp.Score(solution.optimum, static_cast<int>(step), exposure, static_cast<double>(candidates[i]));
  };
  for (int32_t i = 0; i < 10; ++i) ASSERT_LE(score(i), score(shown) + 1e-9) << "step " << step;
}

TEST(LtsOptimalPolicyTest, FollowsWhatOthersShow) {
  constexpr uint64_t kSeed = 11;
  constexpr int kUsers = 50;
  const LongTermSatisfactionOptions options = SlateOptions();
  const auto scenario = MakeScenarioOf<Model>(options, kSeed);
  const Model model(options);
  const LtsReference reference(options);
  const auto optimal = ReferenceOf(*scenario, "optimal");
  RandomPolicy other(/*seed=*/5, options.num_candidates, options.slate_size);
  const auto environment = scenario->MakeEnvironment(kUsers, 100);
  StepBuffer buffer(scenario->spec(), kUsers);
  buffer.Reset(*environment);
  std::vector<std::vector<float>> consumed(kUsers);
  for (int step = 0; step < 20; ++step) {
    const PolicyInput input{buffer.observation, environment->positions(), buffer.candidates};
    const PolicyOutput output{absl::MakeSpan(buffer.slates), absl::MakeSpan(buffer.behaviour_probability)};
    optimal->Act(input, output);
    for (size_t i = 0; i < kUsers; ++i) {
      const StreamPosition position = environment->positions()[i];
      if (position.step == 0) consumed[i].clear();
      const double exposure = ReplayExposure(model, kSeed, position, consumed[i]);
      ExpectBest(**reference.Solve(), position.step, exposure, &buffer.candidates[i * 10], buffer.slates[i * 3]);
    }
    other.Act(input, output);
    for (size_t i = 0; i < kUsers; ++i) {
      consumed[i].push_back(buffer.candidates[i * 10 + static_cast<size_t>(buffer.slates[i * 3])]);
    }
    ASSERT_TRUE(buffer.Step(*environment).ok());
    optimal->Observe(FeedbackOf(buffer));
    buffer.Advance();
  }
}

TEST(LtsOptimalPolicyTest, IsAtHomeInTheMiddleOfAnEpisode) {
  const auto scenario = MakeScenarioOf<Model>(SlateOptions());
  const auto optimal = ReferenceOf(*scenario, "optimal");
  const std::vector<StreamPosition> positions = {{0, 0, 5}, {1, 0, 100000}};
  const std::vector<float> candidates(20, 0.5f);
  std::vector<int32_t> slates(6);
  std::vector<float> probability(2);
  optimal->Act({{}, positions, candidates}, {absl::MakeSpan(slates), absl::MakeSpan(probability)});
  EXPECT_EQ(slates, (std::vector<int32_t>{0, 1, 2, 0, 1, 2}));
}

}  // namespace
}  // namespace recbots
