#include "common/agents/layers/episode_clock.h"

#include <algorithm>

#include "common/base/log.h"

namespace recbots {

EpisodeClock::EpisodeClock(int length) : length_(length) {
  RECBOTS_CHECK(length >= 1 && length <= kMaxLength) << "length " << length << ", want 1.." << kMaxLength;
}

void EpisodeClock::Reserve(size_t num_users) {
  if (num_users > steps_.size()) steps_.resize(num_users);
}

void EpisodeClock::Begin(size_t user, const UserView&) { steps_[user] = 0; }

void EpisodeClock::Add(size_t user, const UserStep&, const UserView&) {
  steps_[user] = std::min(steps_[user] + 1, length_ - 1);
}

void EpisodeClock::Write(size_t user, absl::Span<float> statistics) const {
  std::fill(statistics.begin(), statistics.end(), 0.0f);
  statistics[static_cast<size_t>(steps_[user])] = 1;
}

}  // namespace recbots
