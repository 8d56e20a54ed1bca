// Whole episodes of interest exploration: the reference simulator's rollouts, the click rates published for the X1
// setting and the exact value of random slates.
//
// Of the click rates: with 4,000 users x 200 steps a standard error is about 0.1 points, most of it from who the users
// are, so that the bound of 0.3 catches a mean affinity that is 2 % off.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actor/client/make_scenario.h"
#include "actor/recsim/model_scenario.h"
#include "actor/recsim/play_episodes.h"
#include "actor/scenarios/interest_exploration/model.h"
#include "common/config/config.h"
#include "tests/support/rollout_statistics.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using testing::Sample;
using ::testing::Test;
using Model = InterestExplorationModel;
using Options = InterestExplorationOptions;

std::unique_ptr<Scenario> Make(const Options& options, uint64_t seed) {
  auto scenario = ModelScenario<Model>::Create(options, seed);
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  return *std::move(scenario);
}

// Clicks of one episode of each of so many users.
Sample EpisodeRewards(const Scenario& scenario, const std::string& policy_name, int num_users) {
  return testing::PlayReturns(scenario, *testing::ReferenceOf(scenario, policy_name), num_users).returns;
}

std::vector<double> Flat(const testing::GoldenValue& rows) {
  std::vector<double> flat;
  for (const auto& row : rows) {
    for (const auto& element : row) flat.push_back(element.get<double>());
  }
  return flat;
}

Options OptionsOf(const testing::GoldenValue& params) {
  Options options;
  params.at("num_candidates").get_to(options.num_candidates);
  params.at("slate_size").get_to(options.slate_size);
  params.at("max_steps").get_to(options.max_episode_steps);
  params.at("no_click_mass").get_to(options.choice.no_click_mass);
  params.at("user_type_distribution").get_to(options.user_type_distribution);
  options.affinity_log_mean = Flat(params.at("user_mean"));
  options.affinity_log_stddev = Flat(params.at("user_stddev"));
  params.at("topic_distribution").get_to(options.topic_distribution);
  params.at("topic_quality_mean").get_to(options.topic_quality_log_mean);
  params.at("topic_quality_stddev").get_to(options.topic_quality_log_stddev);
  return options;
}

// What a rollout tells of the episodes of so many users.
struct Rollout {
  Rollout(const Scenario& scenario, int num_users)
      : positions(static_cast<size_t>(scenario.spec().slate_size) + 1, 0.0),
        clusters(static_cast<size_t>(scenario.spec().num_clusters), 0.0) {
    const absl::Status status =
        PlayEpisodes(scenario, *testing::ReferenceOf(scenario, "random"), {.num_users = num_users},
                     [this](size_t user, const StepBuffer& step, const EpisodeSoFar& episode) {
                       step_rewards.Add(double{step.reward[user]});
                       AddClicks(step, user);
                       if (!episode.over) return;
                       lengths.Add(static_cast<double>(episode.steps));
                       rewards.Add(episode.reward);
                     });
    EXPECT_TRUE(status.ok()) << status;
  }

  void AddClicks(const StepBuffer& step, size_t user) {
    const size_t k = positions.size() - 1;
    bool none = true;
    for (size_t i = 0; i < k; ++i) {
      const float* const fields = step.response.data() + (user * k + i) * 3;
      if (fields[0] == 0) continue;
      none = false;
      ++positions[i];
      qualities.Add(fields[1]);
      ++clusters[static_cast<size_t>(fields[2])];
    }
    positions[k] += none;
  }

  Sample lengths, rewards, step_rewards, qualities;
  std::vector<double> positions, clusters;
};

TEST(InterestExplorationStatisticsTest, EpisodesLookLikeThoseOfTheReferenceSimulator) {
  testing::Rollouts all;
  const std::vector<testing::GoldenValue> rollouts = all.Of("interest_exploration");
  if (rollouts.empty()) GTEST_SKIP() << "no rollouts of interest exploration";
  int compared = 0, beyond_two = 0;
  for (const testing::GoldenValue& golden : rollouts) {
    const Options options = OptionsOf(golden.at("params"));
    const auto scenario = Make(options, 11);
    const Rollout ours(*scenario, 4000);
    testing::RolloutComparison compare(golden);
    compare.Mean("episode_length", ours.lengths);
    compare.Mean("episode_reward", ours.rewards);
    compare.Mean("episode_clicks", ours.rewards);
    compare.Mean("step_reward", ours.step_rewards, testing::kCorrelatedSigmas);
    compare.Mean("clicked_quality", ours.qualities, testing::kCorrelatedSigmas);
    compare.Shares("position_counts", ours.positions);
    compare.Shares("clicked_cluster_counts", ours.clusters);
    const Model model(options);
    Sample first, largest;
    for (uint32_t user = 0; user < 20000; ++user) {
      Rng draws(11, Purpose::kUser, {user, 0, 0});
      const Model::User drawn = model.SampleUser(draws);
      first.Add(drawn.affinity[0]);
      largest.Add(*std::max_element(drawn.affinity.begin(), drawn.affinity.begin() + scenario->spec().num_clusters));
    }
    compare.Trajectory("0", "affinity_topic0", first);
    compare.Trajectory("0", "affinity_max", largest);
    compared += compare.compared();
    beyond_two += compare.beyond_two();
  }
  RecordProperty("compared", compared);
  RecordProperty("beyond_two_standard_errors", beyond_two);
  EXPECT_GT(compared, 0);
}

// A setting that ships, with others put over it.
std::unique_ptr<Scenario> MakeShipped(const std::string& name, const std::vector<std::string>& overrides) {
  const auto config = LoadExperimentConfig(testing::SourceDir() + "/deploy/config/" + name + ".textproto", overrides);
  EXPECT_TRUE(config.ok()) << config.status();
  return MakeScenario(config->environment(), config->seed()).value();
}

using ClickRates = std::vector<std::pair<std::string, double>>;  // By policy, in percent.

void ExpectClickRates(const Scenario& scenario, const ClickRates& published) {
  for (const auto& [name, percent] : published) {
    const Sample rewards = EpisodeRewards(scenario, name, 4000);
    const double scale = 100.0 / scenario.spec().max_episode_steps;
    EXPECT_NEAR(scale * rewards.mean(), percent, 0.3) << name << " +- " << scale * rewards.standard_error();
    Test::RecordProperty(name, std::to_string(scale * rewards.mean()));
  }
}

TEST(InterestExplorationStatisticsTest, ClickRatesOfX1) {
  ExpectClickRates(*MakeShipped("interest_exploration_x1", {}), {{"random", 15.7}, {"greedy", 18.1}, {"oracle", 29.4}});
}

TEST(InterestExplorationStatisticsTest, ClickRatesOfX1WithTwentyCandidates) {
  ExpectClickRates(*MakeShipped("interest_exploration_x1", {"environment.interest_exploration.num_candidates=20"}),
                   {{"random", 15.6}, {"greedy", 18.7}, {"oracle", 30.5}});
}

TEST(InterestExplorationStatisticsTest, ClickRatesOfTheDefaults) {
  ExpectClickRates(*MakeShipped("interest_exploration", {}),
                   {{"random", 12.8}, {"greedy_quality", 28.2}, {"oracle", 28.6}});
  ExpectClickRates(*MakeShipped("interest_exploration", {"environment.interest_exploration.num_candidates=20"}),
                   {{"random", 12.8}, {"greedy_quality", 32.0}, {"oracle", 32.4}});
}

TEST(InterestExplorationStatisticsTest, RandomSlatesEarnWhatQuadratureSays) {
  Options wide;
  wide.affinity_log_stddev = {1, 0.5, 0, 1};
  wide.topic_quality_log_stddev = {0.3, 0};
  Options proportional;
  proportional.choice.kind = ChoiceKind::kMultinomialProportional;
  proportional.candidate_refresh = CandidateRefresh::kEveryEpisode;
  for (const Options& options : {Options(), wide, proportional}) {
    const auto scenario = Make(options, 2);
    const auto exact = scenario->RandomValue();
    ASSERT_TRUE(exact.has_value());
    const Sample rewards = EpisodeRewards(*scenario, "random", 5000);
    EXPECT_NEAR(rewards.mean(), *exact, 5 * rewards.standard_error());
  }
  Options longer;
  longer.slate_size = 2;
  EXPECT_FALSE(Make(longer, 1)->RandomValue().has_value());
}

}  // namespace
}  // namespace recbots
