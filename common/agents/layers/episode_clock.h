// Counts the steps of the episode. This is for episodes that end after a fixed number of steps, where the best action
// depends on the time that is left (Pardo et al. 2018, arXiv:1712.00378, section 3).
#pragma once

#include <cstdint>
#include <vector>

#include "common/agents/layers/user_statistics.h"

namespace recbots {

// S = `length`: the number of steps so far, one-hot; the last place stands for length - 1 and more. It is one-hot
// because a value that falls to 0 within the last few of many steps is not a smooth function of the number of steps.
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
  void TransferState(StateArchive& archive) override { archive.Values("clock", steps_); }

 private:
  const int length_;
  std::vector<int> steps_;  // [B]: at most length - 1
};

}  // namespace recbots
