// How many steps of the episode are over: for episodes that end by the clock, where what is best depends on the time
// that is left (Pardo et al. 2018, arXiv:1712.00378, section 3).
#pragma once

#include <cstdint>
#include <vector>

#include "common/agents/layers/user_statistics.h"

namespace recbots {

// S = `length`: one-hot of the steps so far; the last place stands for length - 1 and all above. One-hot, because a
// value that falls to nothing within the last few of many steps is no smooth function of their number.
class EpisodeClock final : public UserStatistics {
 public:
  static constexpr int kMaxLength = 10000;

  // length 1..kMaxLength.
  explicit EpisodeClock(int length);

  int width() const override { return length_; }
  FeedbackNeeds feedback_needs() const override { return FeedbackNeeds::None(); }
  void Reserve(size_t num_users) override;
  void Begin(size_t user, const UserView& view) override;
  void Add(size_t user, const UserStep& step, const UserView& next) override;
  void Write(size_t user, absl::Span<float> statistics) const override;

 private:
  const int length_;
  std::vector<int> steps_;  // [B]: at most length - 1
};

}  // namespace recbots
