#include "actor/recsim/play_episodes.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include "common/base/status_macros.h"
#include "common/policies/feedback.h"
#include "common/policies/given_slates.h"

namespace recbots {
namespace {

void Act(const Environment& environment, Policy& policy, bool position_probability, StepBuffer& step) {
  PolicyOutput output = {absl::MakeSpan(step.slates), absl::MakeSpan(step.behaviour_probability)};
  if (position_probability) {
    output.position_probability = absl::MakeSpan(step.position_probability);
    output.prefix_probability = absl::MakeSpan(step.prefix_probability);
    std::fill(step.prefix_probability.begin(), step.prefix_probability.end(), std::numeric_limits<float>::quiet_NaN());
  }
  policy.Act({step.observation, environment.positions(), step.candidates}, output);
  CompletePrefix(output);
}

}  // namespace

absl::Status PlayEpisodes(const Scenario& scenario, Policy& policy, const EpisodesToPlay& what, EpisodeVisitor visit) {
  const auto num_users = static_cast<size_t>(what.num_users);
  const std::unique_ptr<Environment> environment = scenario.MakeEnvironment(what.num_users, what.first_stream);
  StepBuffer step(scenario.spec(), what.num_users);
  step.Reset(*environment);
  std::fill(step.position_probability.begin(), step.position_probability.end(),
            std::numeric_limits<float>::quiet_NaN());
  std::vector<EpisodeSoFar> episodes(num_users);
  std::vector<int64_t> ended(num_users, 0);
  for (size_t playing = num_users; playing > 0; step.Advance()) {
    RECBOTS_RETURN_IF_ERROR(CheckStop(what.should_stop));
    Act(*environment, policy, what.position_probability, step);
    RECBOTS_RETURN_IF_ERROR(StepAndObserve(*environment, policy, step));
    for (size_t i = 0; i < num_users; ++i) {
      if (step.active[i] == 0 || ended[i] == what.episodes_each) continue;
      EpisodeSoFar& episode = episodes[i];
      episode.reward += static_cast<double>(step.reward[i]);
      ++episode.steps;
      episode.over = (step.terminated[i] | step.truncated[i]) != 0;
      visit(i, step, episode);
      if (!episode.over) continue;
      episode = {};
      playing -= ++ended[i] == what.episodes_each;
    }
  }
  return absl::OkStatus();
}

}  // namespace recbots
