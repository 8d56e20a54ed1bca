// Whole episodes of interest evolution: against the reference simulator's rollouts, and against published returns.
//
// The batched environment is played, and beside it every user by plain scalar code, which shows what is hidden and must
// agree bit for bit. With 6,000 episodes four standard errors of a mean return are about 0.5 % of it: a budget, penalty
// or quality that is 1 % off would be caught.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actor/recsim/model_scenario.h"
#include "actor/recsim/play_episodes.h"
#include "actor/scenarios/interest_evolution/model.h"
#include "common/rl/step_buffer.h"
#include "tests/support/golden_choice.h"
#include "tests/support/rollout_statistics.h"
#include "tests/support/scalar_user.h"

namespace recbots {
namespace {

using ::recbots::testing::GoldenValue;
using ::recbots::testing::RolloutComparison;
using ::recbots::testing::Sample;
using ::recbots::testing::ScalarUser;

constexpr uint64_t kSeed = 2;

// What is told of every user's first episode.
struct Rollout {
  Sample length, reward, clicks, step_reward, clicked_quality, clicked_watch_time;
  std::vector<double> position_counts, cluster_counts;
  std::map<std::string, std::map<std::string, Sample>> trajectory;
};

// A policy of the scenario that is told everything, so that every column of a step is written.
class CuriousPolicy final : public Policy {
 public:
  explicit CuriousPolicy(std::unique_ptr<Policy> base) : base_(std::move(base)) {}
  void Act(const PolicyInput& input, const PolicyOutput& output) override { base_->Act(input, output); }
  void Observe(const PolicyFeedback& feedback) override { base_->Observe(feedback); }

 private:
  const std::unique_ptr<Policy> base_;
};

struct Totals {
  double reward = 0;
  int steps = 0;
  int clicks = 0;
};

// --- The reference's rollouts ----------------------------------------------------------------------------------------

InterestEvolutionOptions OptionsOf(const GoldenValue& params) {
  InterestEvolutionOptions options;
  options.num_features = params.at("F").get<int>();
  options.num_candidates = params.at("num_candidates").get<int>();
  options.slate_size = params.at("slate_size").get<int>();
  options.max_episode_steps = params.at("max_steps").get<int>();
  options.choice = testing::ChoiceOf(params);
  options.alpha_x_intercept = params.at("alpha_x_intercept").get<double>();
  options.alpha_y_intercept = params.at("alpha_y_intercept").get<double>();
  options.document_quality_factor = params.at("document_quality_factor").get<double>();
  options.min_utility = params.at("min_utility").get<double>();
  options.max_utility = params.at("max_utility").get<double>();
  options.video_length = params.at("video_length").get<double>();
  return options;
}

void AddState(const InterestEvolutionModel::User& user, size_t features, std::map<std::string, Sample>& figures) {
  double sum = 0, absolute = 0;
  for (size_t k = 0; k < features; ++k) {
    sum += user.interests[k];
    absolute += std::abs(user.interests[k]);
  }
  figures["interest"].Add(sum / static_cast<double>(features));
  figures["abs_interest"].Add(absolute / static_cast<double>(features));
  figures["time_budget"].Add(user.time_budget);
}

// The row of user i against what the scalar user did.
void ExpectTheSameStep(const InterestEvolutionModel& model, const ScalarUser<InterestEvolutionModel>& alone,
                       const InterestEvolutionModel::Response& response, const StepBuffer& buffer, size_t i) {
  ASSERT_EQ(buffer.reward[i], static_cast<float>(model.Reward(response)));
  ASSERT_EQ(buffer.terminated[i] != 0, model.IsTerminal(alone.user()));
  const auto features = static_cast<size_t>(model.spec().num_user_features);
  std::vector<float> row(features);
  model.WriteObservation(alone.user(), row.data());
  ASSERT_TRUE(
      std::equal(row.begin(), row.end(), buffer.next_observation.begin() + static_cast<std::ptrdiff_t>(i * features)));
}

void AddStep(const StepBuffer& buffer, size_t i, size_t k, Totals& totals, Rollout& rollout) {
  totals.reward += double{buffer.reward[i]};
  ++totals.steps;
  rollout.step_reward.Add(double{buffer.reward[i]});
  size_t clicked = k;
  for (size_t position = 0; position < k; ++position) {
    const float* const fields = &buffer.response[(i * k + position) * std::size(kVideoResponseFields)];
    if (fields[0] == 0) continue;
    clicked = position;
    ++totals.clicks;
    rollout.clicked_watch_time.Add(double{fields[1]});
    rollout.clicked_quality.Add(double{fields[3]});
    ++rollout.cluster_counts[static_cast<size_t>(fields[4])];
  }
  ++rollout.position_counts[clicked];
}

Rollout Play(const InterestEvolutionOptions& options, int episodes, const GoldenValue& steps_of_interest) {
  const auto scenario = ModelScenario<InterestEvolutionModel>::Create(options, kSeed).value();
  const InterestEvolutionModel model(options);
  const auto k = static_cast<size_t>(options.slate_size);
  const auto features = static_cast<size_t>(options.num_features);
  Rollout rollout;
  rollout.position_counts.assign(k + 1, 0);
  rollout.cluster_counts.assign(features, 0);
  std::vector<Totals> totals(static_cast<size_t>(episodes));
  std::vector<ScalarUser<InterestEvolutionModel>> users;
  const auto add_state = [&](size_t i) {
    const std::string step = std::to_string(totals[i].steps);
    if (steps_of_interest.contains(step)) AddState(users[i].user(), features, rollout.trajectory[step]);
  };
  for (uint32_t i = 0; i < totals.size(); ++i) {
    users.emplace_back(model, kSeed, i);
    add_state(i);
  }
  CuriousPolicy policy(testing::ReferenceOf(*scenario, "random"));
  const auto add_step = [&](size_t i, const StepBuffer& buffer, const EpisodeSoFar& episode) {
    const auto response = users[i].Step(&buffer.slates[i * k], options.slate_size);
    ExpectTheSameStep(model, users[i], response, buffer, i);
    AddStep(buffer, i, k, totals[i], rollout);
    add_state(i);
    if (!episode.over) return;
    rollout.length.Add(totals[i].steps);
    rollout.reward.Add(totals[i].reward);
    rollout.clicks.Add(totals[i].clicks);
  };
  EXPECT_TRUE(PlayEpisodes(*scenario, policy, {.num_users = episodes}, add_step).ok());
  return rollout;
}

TEST(InterestEvolutionStatisticsTest, EpisodesLookLikeThoseOfTheReferenceSimulator) {
  testing::Rollouts rollouts;
  const std::vector<GoldenValue> references = rollouts.Of("interest_evolution");
  if (references.empty()) GTEST_SKIP() << "no rollouts";
  int compared = 0, beyond_two = 0;
  for (const GoldenValue& reference : references) {
    const Rollout ours = Play(OptionsOf(reference.at("params")), /*episodes=*/6000, reference.at("trajectory"));
    RolloutComparison compare(reference);
    compare.Mean("episode_length", ours.length);
    compare.Mean("episode_reward", ours.reward);
    compare.Mean("episode_clicks", ours.clicks);
    compare.Mean("step_reward", ours.step_reward, testing::kCorrelatedSigmas);
    compare.Mean("clicked_quality", ours.clicked_quality, testing::kCorrelatedSigmas);
    compare.Mean("clicked_watch_time", ours.clicked_watch_time, testing::kCorrelatedSigmas);
    compare.Shares("position_counts", ours.position_counts);
    compare.Shares("clicked_cluster_counts", ours.cluster_counts);
    for (const auto& [step, figures] : ours.trajectory) {
      for (const auto& [name, sample] : figures) compare.Trajectory(step, name, sample);
    }
    EXPECT_EQ(ours.trajectory.size(), reference.at("trajectory").size());
    compared += compare.compared();
    beyond_two += compare.beyond_two();
  }
  // 4.6 % of figures are expected more than two standard errors apart, and figures hang together.
  EXPECT_LE(beyond_two, compared / 8) << "of " << compared << " figures";
}

// --- Published returns -----------------------------------------------------------------------------------------------

struct Played {
  Sample reward;
  double clicks = 0, quality = 0;
  double mean_quality() const { return quality / clicks; }
};

Played PlayPolicy(const std::string& policy, int users, int episodes_each) {
  const auto scenario = ModelScenario<InterestEvolutionModel>::Create({}, kSeed).value();
  const auto k = static_cast<size_t>(scenario->spec().slate_size);
  Played played;
  const auto add_step = [&](size_t i, const StepBuffer& buffer, const EpisodeSoFar& episode) {
    for (size_t position = 0; position < k; ++position) {
      const float* const fields = &buffer.response[(i * k + position) * std::size(kVideoResponseFields)];
      played.clicks += double{fields[0]};
      played.quality += double{fields[0] * fields[3]};
    }
    if (episode.over) played.reward.Add(episode.reward);
  };
  const EpisodesToPlay what = {.num_users = users, .episodes_each = episodes_each};
  EXPECT_TRUE(PlayEpisodes(*scenario, *testing::ReferenceOf(*scenario, policy), what, add_step).ok());
  return played;
}

// Ie et al. 2019, arXiv:1905.12767, section 6: 159.2 and, in another table, 160.6; quality -0.5929.
TEST(InterestEvolutionStatisticsTest, RandomSlatesEarnWhatIsPublished) {
  const Played played = PlayPolicy("random", 1000, 10);
  EXPECT_NEAR(played.reward.mean(), 160.5, 0.005 * 160.5);
  EXPECT_NEAR(played.mean_quality(), -0.5929, 0.02);
}

// Ibid.: 166.3; RecSim's own code earns 168.4 +- 0.4.
TEST(InterestEvolutionStatisticsTest, MyopicSlatesEarnWhatIsPublished) {
  EXPECT_NEAR(PlayPolicy("myopic", 1000, 10).reward.mean(), 166.3, 0.015 * 166.3);
}

// RecSim's own code with this rule: 264.25 +- 0.71.
TEST(InterestEvolutionStatisticsTest, SlatesOfTheBestClustersEarnWhatTheyDoInRecSim) {
  EXPECT_NEAR(PlayPolicy("mean_quality", 1000, 20).reward.mean(), 263.7, 1.0);
}

TEST(InterestEvolutionStatisticsTest, FractionalSlatesEarnTheMost) {
  EXPECT_GE(PlayPolicy("fractional", 1000, 10).reward.mean(), 278);
}

}  // namespace
}  // namespace recbots
