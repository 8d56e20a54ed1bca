#include "actor/simulate/block_player.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace recbots {

BlockPlayer::BlockPlayer(const Scenario& scenario, Policy& policy, const LogFormat* format, StopQuestion should_stop)
    : scenario_(scenario),
      spec_(scenario.spec()),
      metrics_(scenario.metrics()),
      policy_(policy),
      format_(format),
      should_stop_(std::move(should_stop)),
      session_size_(static_cast<size_t>(spec_.users_per_session)),
      num_counts_(EpisodeCount::kFirstCounter + (metrics_ != nullptr ? metrics_->counters().size() : 0)) {}

absl::Status BlockPlayer::Play(int64_t first, int n, EpisodeBlock& block) {
  absl::Status played;
  do {
    played = PlayOnce(first, n, block);  // ABORTED: the environment lost its users, and plays the same ones again.
  } while (absl::IsAborted(played));
  return played;
}

absl::Status BlockPlayer::PlayOnce(int64_t first, int n, EpisodeBlock& block) {
  const auto episodes = static_cast<size_t>(n);
  rewards_.assign(episodes * session_size_, 0.0);
  counts_.assign(episodes * num_counts_, 0.0);
  if (texts_.size() < episodes) texts_.resize(episodes);
  for (std::string& text : texts_) text.clear();
  log_rows_ = 0;

  int64_t steps = 0;
  const EpisodesToPlay what = {.num_users = static_cast<int>(rewards_.size()),
                               .first_stream = static_cast<uint32_t>(first * static_cast<int64_t>(session_size_)),
                               .position_probability = format_ != nullptr,
                               .should_stop = should_stop_};
  const absl::Status status =
      PlayEpisodes(scenario_, policy_, what, [&](size_t user, const StepBuffer& step, const EpisodeSoFar& episode) {
        steps = episode.steps;
        rewards_[user] = episode.reward;
        Count(user, step, episode);
        if (format_ != nullptr) Log(first, user, step, episode);
      });
  if (absl::IsCancelled(status)) return status;
  if (!status.ok()) {
    return absl::Status(status.code(), absl::StrCat("step ", steps, " of episodes ", first, "..", first + n - 1, ": ",
                                                    status.message()));
  }

  block.num_episodes += n;
  block.counts.insert(block.counts.end(), counts_.begin(), counts_.end());
  block.rewards.insert(block.rewards.end(), rewards_.begin(), rewards_.end());
  for (size_t e = 0; e < episodes; ++e) block.log += texts_[e];
  block.log_rows += log_rows_;
  return absl::OkStatus();
}

void BlockPlayer::Count(size_t user, const StepBuffer& step, const EpisodeSoFar& episode) {
  double* const counts = counts_.data() + user / session_size_ * num_counts_;
  counts[EpisodeCount::kReward] += static_cast<double>(step.reward[user]);
  counts[EpisodeCount::kSteps] += 1;
  counts[EpisodeCount::kTerminated] += step.terminated[user];
  counts[EpisodeCount::kTruncated] += step.truncated[user];
  if (episode.steps == 1) counts[EpisodeCount::kUsers] += 1;
  if (metrics_ == nullptr) return;
  const auto slate_size = static_cast<size_t>(spec_.slate_size);
  metrics_->Count(step.slates.data() + user * slate_size,
                  step.response.data() + user * slate_size * spec_.response_fields.size(),
                  counts + EpisodeCount::kFirstCounter);
}

void BlockPlayer::Log(int64_t first, size_t user, const StepBuffer& step, const EpisodeSoFar& episode) {
  const auto slate_size = static_cast<size_t>(spec_.slate_size);
  const auto user_features = static_cast<size_t>(spec_.num_user_features);
  const size_t candidate_features =
      static_cast<size_t>(spec_.num_candidates) * static_cast<size_t>(spec_.num_candidate_features);
  const size_t session = user / session_size_;
  const LoggedStep logged = {
      .episode = first + static_cast<int64_t>(session),
      .stream = static_cast<uint32_t>(first * static_cast<int64_t>(session_size_) + static_cast<int64_t>(user)),
      .user = static_cast<int>(user % session_size_),
      .step = episode.steps - 1,
      .slate = step.slates.data() + user * slate_size,
      .slate_propensity = step.behaviour_probability[user],
      .item_propensity = step.position_probability.data() + user * slate_size,
      .prefix_propensity = step.prefix_probability.data() + user * slate_size,
      .response = step.response.data() + user * slate_size * spec_.response_fields.size(),
      .reward = step.reward[user],
      .terminated = step.terminated[user] != 0,
      .truncated = step.truncated[user] != 0,
      .observation = step.observation.data() + user * user_features,
      .candidates = step.candidates.data() + user * candidate_features,
  };
  log_rows_ += format_->AppendStep(logged, texts_[session]);
}

}  // namespace recbots
