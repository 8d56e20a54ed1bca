// Whole episodes of long-term satisfaction against the reference simulator's (tests/golden/recsim) and against exact
// values.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "tests/actor/scenarios/long_term_satisfaction/long_term_satisfaction_support.h"

namespace recbots {
namespace {

using Model = LongTermSatisfactionModel;
using ::recbots::testing::HardOptions;
using ::recbots::testing::kCorrelatedSigmas;
using ::recbots::testing::MakeScenarioOf;
using ::recbots::testing::PlayEpisodes;
using ::recbots::testing::ReferenceOf;
using ::recbots::testing::RolloutComparison;
using ::recbots::testing::Rollouts;
using ::recbots::testing::Sample;

LongTermSatisfactionOptions OptionsOf(const testing::GoldenValue& params) {
  LongTermSatisfactionOptions options;
  options.num_candidates = params.at("num_candidates").get<int>();
  options.slate_size = params.at("slate_size").get<int>();
  options.memory_discount = params.at("memory_discount").get<double>();
  options.sensitivity = params.at("sensitivity").get<double>();
  options.innovation_stddev = params.at("innovation_stddev").get<double>();
  options.choc_mean = params.at("choc_mean").get<double>();
  options.choc_stddev = params.at("choc_stddev").get<double>();
  options.kale_mean = params.at("kale_mean").get<double>();
  options.kale_stddev = params.at("kale_stddev").get<double>();
  options.time_budget = params.at("time_budget").get<int>();
  options.max_episode_steps = params.at("max_steps").get<int>();
  return options;
}

constexpr uint64_t kSeed = 3;

struct Rollout {
  Sample lengths, rewards, clicks, step_rewards, log_engagement;
  std::vector<double> position_counts;
  std::map<int, Sample> exposures, satisfactions;  // By steps gone.
};

// One step of one user, shown independent documents: in a uniform slate the first item is any of the candidates.
void PlayStep(const Model& model, const StreamPosition& position, Model::User& user, Rollout& rollout) {
  const auto slate_size = static_cast<size_t>(model.options().slate_size);
  Rng document_draws(kSeed, Purpose::kDocument, position), choice_draws(kSeed, Purpose::kChoice, position),
      transition_draws(kSeed, Purpose::kTransition, position);
  std::vector<Model::Document> documents(slate_size);
  std::vector<int32_t> positions(slate_size);
  for (size_t i = 0; i < slate_size; ++i) {
    documents[i] = model.SampleDocument(document_draws);
    positions[i] = static_cast<int32_t>(i);
  }
  const Slate<Model::Document> slate(documents.data(), positions.data(), static_cast<int>(slate_size));
  const Model::Response response = model.Respond(user, slate, choice_draws);
  std::vector<float> fields(2 * slate_size, 0.0f);
  model.WriteResponse(slate, response, fields.data());
  for (size_t i = 0; i < slate_size; ++i) rollout.position_counts[i] += static_cast<double>(fields[2 * i]);
  model.Update(slate, response, transition_draws, user);
  rollout.step_rewards.Add(model.Reward(response));
  rollout.log_engagement.Add(std::log(response.engagement));
}

// Plays the model user by user, as its hidden state is not to be seen from outside.
Rollout Play(const Model& model, uint32_t num_users) {
  Rollout rollout;
  rollout.position_counts.assign(static_cast<size_t>(model.options().slate_size) + 1, 0.0);
  const auto note_state = [&model, &rollout](int step, const Model::User& user) {
    rollout.exposures[step].Add(user.exposure);
    rollout.satisfactions[step].Add(Satisfaction(model.options(), user.exposure));
  };
  const auto clicks_so_far = [&rollout] {
    return std::accumulate(rollout.position_counts.begin(), rollout.position_counts.end(), 0.0);
  };
  for (uint32_t stream = 0; stream < num_users; ++stream) {
    Rng user_draws(kSeed, Purpose::kUser, {stream, 0, 0});
    Model::User user = model.SampleUser(user_draws);
    const double clicks_before = clicks_so_far();
    double reward = 0;
    int step = 0;
    for (; !model.IsTerminal(user); ++step) {
      note_state(step, user);
      PlayStep(model, {stream, 0, static_cast<uint32_t>(step)}, user, rollout);
      reward += rollout.step_rewards.values().back();
    }
    note_state(step, user);
    rollout.rewards.Add(reward);
    rollout.clicks.Add(clicks_so_far() - clicks_before);
    rollout.lengths.Add(step);
  }
  return rollout;
}

TEST(LongTermSatisfactionStatisticsTest, EpisodesAreThoseOfTheReference) {
  int compared = 0, beyond_two = 0;
  Rollouts rollouts;
  for (const testing::GoldenValue& golden : rollouts.Of("long_term_satisfaction")) {
    const LongTermSatisfactionOptions options = OptionsOf(golden.at("params"));
    ASSERT_TRUE(Validate(options).ok()) << Validate(options);
    ASSERT_EQ(EpisodeSteps(options), options.time_budget);
    const Rollout ours = Play(Model(options), /*num_users=*/10000);
    RolloutComparison compare(golden);
    compare.Mean("episode_length", ours.lengths);
    compare.Mean("episode_reward", ours.rewards);
    compare.Mean("episode_clicks", ours.clicks);
    compare.Mean("step_reward", ours.step_rewards, kCorrelatedSigmas);
    compare.Mean("log_engagement", ours.log_engagement, kCorrelatedSigmas);
    compare.Shares("position_counts", ours.position_counts);
    for (const std::string& step : golden.at("trajectory").names()) {
      compare.Trajectory(step, "npe", ours.exposures.at(std::stoi(step)));
      compare.Trajectory(step, "satisfaction", ours.satisfactions.at(std::stoi(step)));
    }
    compared += compare.compared();
    beyond_two += compare.beyond_two();
  }
  // Of figures that agree one in twenty is off by more than two standard errors; those of one trajectory hang together.
  EXPECT_LE(beyond_two, 5 + compared / 5) << "of " << compared;
}

// The mean of the batched environment within 5 standard errors of the exact value: catches a difference of 0.8 %.
void ExpectValue(const LongTermSatisfactionOptions& options, const std::string& name, double exact) {
  SCOPED_TRACE(name);
  const auto scenario = MakeScenarioOf<Model>(options);
  const auto policy = ReferenceOf(*scenario, name);
  const Sample returns = PlayEpisodes(*scenario, *policy, /*num_users=*/10240, EpisodeSteps(options));
  EXPECT_NEAR(returns.mean(), exact, 5 * returns.standard_error());
  EXPECT_LT(returns.standard_error(), 0.0025 * exact);
}

void ExpectValues(const LongTermSatisfactionOptions& options) {
  const LtsMdp mdp(options, options.num_candidates);
  const auto scenario = MakeScenarioOf<Model>(options);
  ExpectValue(options, "random", scenario->RandomValue().value());
  ExpectValue(options, "min_clickbait", *mdp.ValueOf(mdp.NearestRule(0)));
  ExpectValue(options, "myopic", *mdp.ValueOf(mdp.NearestRule(1)));
  ExpectValue(options, "best_constant", mdp.BestConstant()->value);
  ExpectValue(options, "optimal", scenario->OptimalValue().value());
}

TEST(LongTermSatisfactionStatisticsTest, PoliciesEarnTheirExactValues) { ExpectValues({}); }

TEST(LongTermSatisfactionStatisticsTest, PoliciesEarnTheirExactValuesInTheHardVariant) {
  LongTermSatisfactionOptions options = HardOptions(20);
  options.slate_size = 2;
  ExpectValues(options);
}

TEST(LongTermSatisfactionStatisticsTest, PoliciesEarnTheirExactValuesWithMilderDocuments) {
  LongTermSatisfactionOptions options = HardOptions(5);
  options.min_clickbait = 0.15;
  options.max_clickbait = 0.6;
  ExpectValues(options);
}

}  // namespace
}  // namespace recbots
