#include "actor/recsim/play_episodes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "actor/recsim/model_scenario.h"
#include "tests/actor/recsim/toy_model.h"

namespace recbots {
namespace {

using testing::ToyModel;
using testing::ToyOptions;

std::unique_ptr<Scenario> MakeToy(const ToyOptions& options = {}, int users_per_session = 1) {
  return ModelScenario<ToyModel>::Create(options, /*seed=*/5, users_per_session).value();
}

// Shows the first two candidates; says with what probability only where it is asked.
class FirstTwo final : public Policy {
 public:
  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    for (size_t i = 0; i < input.positions.size(); ++i) {
      output.slates[2 * i] = 0;
      output.slates[2 * i + 1] = second;
    }
    asked = !output.position_probability.empty();
  }

  int32_t second = 1;
  bool asked = false;
};

using Returns = std::map<std::pair<size_t, int>, double>;  // By user and episode.

Returns ReturnsOf(const Scenario& scenario, const EpisodesToPlay& what) {
  FirstTwo policy;
  Returns returns;
  std::map<size_t, int> ended;
  const absl::Status status =
      PlayEpisodes(scenario, policy, what, [&](size_t user, const StepBuffer&, const EpisodeSoFar& episode) {
        if (episode.over) returns[{user + what.first_stream, ended[user]++}] = episode.reward;
      });
  EXPECT_TRUE(status.ok()) << status;
  return returns;
}

TEST(PlayEpisodesTest, EveryUserPlaysAsManyEpisodesToTheirEnd) {
  FirstTwo policy;
  std::vector<int> ended(20);
  std::vector<double> sums(20);
  const absl::Status status =
      PlayEpisodes(*MakeToy(), policy, {.num_users = 20, .episodes_each = 3},
                   [&](size_t user, const StepBuffer& step, const EpisodeSoFar& episode) {
                     ASSERT_LT(ended[user], 3);
                     // A toy's user says how long it stays, and how many steps it has made.
                     EXPECT_EQ(step.observation[2 * user + 1], static_cast<float>(episode.steps - 1));
                     EXPECT_EQ(episode.over, step.observation[2 * user] == static_cast<float>(episode.steps));
                     sums[user] += static_cast<double>(step.reward[user]);
                     EXPECT_EQ(episode.reward, sums[user]);
                     if (!episode.over) return;
                     ++ended[user];
                     sums[user] = 0;
                   });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(ended, std::vector<int>(20, 3));
}

TEST(PlayEpisodesTest, AnEpisodeDoesNotDependOnTheUsersBesideIt) {
  const auto scenario = MakeToy();
  const Returns together = ReturnsOf(*scenario, {.num_users = 12, .episodes_each = 2});
  EXPECT_EQ(together.size(), 24u);
  Returns apart = ReturnsOf(*scenario, {.num_users = 5, .episodes_each = 2});
  apart.merge(ReturnsOf(*scenario, {.num_users = 7, .first_stream = 5, .episodes_each = 2}));
  EXPECT_EQ(apart, together);
}

TEST(PlayEpisodesTest, CutEpisodesEndToo) {
  FirstTwo policy;
  int ended = 0;
  const auto count = [&](size_t user, const StepBuffer& step, const EpisodeSoFar& episode) {
    EXPECT_LE(episode.steps, 2);
    EXPECT_EQ(episode.over, (step.terminated[user] | step.truncated[user]) != 0);
    ended += episode.over;
  };
  EXPECT_TRUE(PlayEpisodes(*MakeToy({.max_episode_steps = 2}), policy, {.num_users = 30}, count).ok());
  EXPECT_EQ(ended, 30);
}

TEST(PlayEpisodesTest, UsersWhoLeftTheirSessionMakeNoSteps) {
  FirstTwo policy;
  std::vector<int64_t> steps(12);
  std::vector<float> stay(12);
  const auto note = [&](size_t user, const StepBuffer& step, const EpisodeSoFar& episode) {
    steps[user] = episode.steps;
    stay[user] = step.observation[2 * user];
  };
  EXPECT_TRUE(PlayEpisodes(*MakeToy({}, /*users_per_session=*/3), policy, {.num_users = 12}, note).ok());
  for (size_t i = 0; i < 12; ++i) EXPECT_EQ(static_cast<float>(steps[i]), stay[i]);
}

TEST(PlayEpisodesTest, AsksForProbabilitiesOfPositionsOnlyWhereTheyAreWanted) {
  FirstTwo policy;
  const auto scenario = MakeToy();
  const auto expect_unknown = [](size_t user, const StepBuffer& step, const EpisodeSoFar&) {
    EXPECT_TRUE(std::isnan(step.position_probability[2 * user]));
  };
  EXPECT_TRUE(PlayEpisodes(*scenario, policy, {}, expect_unknown).ok());
  EXPECT_FALSE(policy.asked);
  EXPECT_TRUE(PlayEpisodes(*scenario, policy, {.position_probability = true}, expect_unknown).ok());
  EXPECT_TRUE(policy.asked);
}

TEST(PlayEpisodesTest, StopsWhenToldAndAtASlateThatIsRefused) {
  FirstTwo policy;
  const auto scenario = MakeToy({.longest_stay = 1000});
  int asked = 0, seen = 0;
  const auto count = [&seen](size_t, const StepBuffer&, const EpisodeSoFar&) { ++seen; };
  EXPECT_EQ(PlayEpisodes(*scenario, policy, {.should_stop = [&asked] { return ++asked > 2; }}, count).code(),
            absl::StatusCode::kCancelled);
  EXPECT_EQ(asked, 3);
  EXPECT_EQ(seen, 2);
  policy.second = 0;
  EXPECT_EQ(PlayEpisodes(*scenario, policy, {}, count).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(seen, 2);
}

}  // namespace
}  // namespace recbots
