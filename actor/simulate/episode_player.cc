#include "actor/simulate/episode_player.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/policies/feedback.h"

namespace recbots {

EpisodePlayer::EpisodePlayer(const Scenario& scenario, Policy& policy, const LogFormat* format,
                             std::function<bool()> should_stop)
    : scenario_(scenario),
      spec_(scenario.spec()),
      metrics_(scenario.metrics()),
      policy_(policy),
      format_(format),
      should_stop_(std::move(should_stop)),
      session_size_(static_cast<size_t>(spec_.users_per_session)),
      num_counts_(EpisodeCount::kFirstCounter + (metrics_ != nullptr ? metrics_->counters().size() : 0)) {}

absl::Status EpisodePlayer::Play(int64_t first, int n, EpisodeBlock& block) {
  const auto episodes = static_cast<size_t>(n);
  const size_t num_users = episodes * session_size_;
  playing_.assign(num_users, 1);
  rewards_.assign(num_users, 0.0);
  counts_.assign(episodes * num_counts_, 0.0);
  if (texts_.size() < episodes) texts_.resize(episodes);
  for (std::string& text : texts_) text.clear();
  log_rows_ = 0;

  const std::unique_ptr<Environment> environment = scenario_.MakeEnvironment(
      static_cast<int>(num_users), static_cast<uint32_t>(first * static_cast<int64_t>(session_size_)));
  StepBuffer buffer(spec_, static_cast<int>(num_users));
  buffer.Reset(*environment);
  std::fill(buffer.position_probability.begin(), buffer.position_probability.end(),
            std::numeric_limits<float>::quiet_NaN());  // What a policy does not say is not known.
  size_t num_playing = num_users;
  for (int64_t step = 0; num_playing > 0; ++step) {
    if (should_stop_()) return absl::CancelledError("stopped");
    Act(*environment, buffer);
    const absl::Status status = StepAndObserve(*environment, policy_, buffer);
    if (!status.ok()) {
      return absl::Status(status.code(), absl::StrCat("step ", step, " of episodes ", first, "..", first + n - 1, ": ",
                                                      status.message()));
    }
    Count(first, step, buffer);
    num_playing = 0;
    for (size_t i = 0; i < num_users; ++i) {
      playing_[i] = environment->positions()[i].episode == 0;
      num_playing += playing_[i];
    }
    buffer.Advance();
  }

  block.num_episodes += n;
  block.counts.insert(block.counts.end(), counts_.begin(), counts_.end());
  block.rewards.insert(block.rewards.end(), rewards_.begin(), rewards_.end());
  for (size_t e = 0; e < episodes; ++e) block.log += texts_[e];
  block.log_rows += log_rows_;
  return absl::OkStatus();
}

void EpisodePlayer::Act(const Environment& environment, StepBuffer& buffer) {
  PolicyOutput output = {absl::MakeSpan(buffer.slates), absl::MakeSpan(buffer.behaviour_probability)};
  if (format_ != nullptr) output.position_probability = absl::MakeSpan(buffer.position_probability);
  policy_.Act({buffer.observation, environment.positions(), buffer.candidates}, output);
}

void EpisodePlayer::Count(int64_t first, int64_t step, const StepBuffer& buffer) {
  const auto slate_size = static_cast<size_t>(spec_.slate_size);
  const size_t response_size = slate_size * spec_.response_fields.size();
  for (size_t i = 0; i < playing_.size(); ++i) {
    if (playing_[i] == 0 || buffer.active[i] == 0) continue;
    double* const counts = counts_.data() + i / session_size_ * num_counts_;
    const auto reward = static_cast<double>(buffer.reward[i]);
    rewards_[i] += reward;
    counts[EpisodeCount::kReward] += reward;
    counts[EpisodeCount::kSteps] += 1;
    counts[EpisodeCount::kTerminated] += buffer.terminated[i];
    counts[EpisodeCount::kTruncated] += buffer.truncated[i];
    if (step == 0) counts[EpisodeCount::kUsers] += 1;
    if (metrics_ != nullptr) {
      metrics_->Count(buffer.slates.data() + i * slate_size, buffer.response.data() + i * response_size,
                      counts + EpisodeCount::kFirstCounter);
    }
    if (format_ != nullptr) Log(first, step, i, buffer);
  }
}

void EpisodePlayer::Log(int64_t first, int64_t step, size_t user, const StepBuffer& buffer) {
  const auto slate_size = static_cast<size_t>(spec_.slate_size);
  const auto user_features = static_cast<size_t>(spec_.num_user_features);
  const size_t candidate_features =
      static_cast<size_t>(spec_.num_candidates) * static_cast<size_t>(spec_.num_candidate_features);
  const size_t session = user / session_size_;
  const LoggedStep logged = {
      .episode = first + static_cast<int64_t>(session),
      .stream = static_cast<uint32_t>(first * static_cast<int64_t>(session_size_) + static_cast<int64_t>(user)),
      .user = static_cast<int>(user % session_size_),
      .step = step,
      .slate = buffer.slates.data() + user * slate_size,
      .slate_propensity = buffer.behaviour_probability[user],
      .item_propensity = buffer.position_probability.data() + user * slate_size,
      .response = buffer.response.data() + user * slate_size * spec_.response_fields.size(),
      .reward = buffer.reward[user],
      .terminated = buffer.terminated[user] != 0,
      .truncated = buffer.truncated[user] != 0,
      .observation = buffer.observation.data() + user * user_features,
      .candidates = buffer.candidates.data() + user * candidate_features,
  };
  log_rows_ += format_->AppendStep(logged, texts_[session]);
}

}  // namespace recbots
