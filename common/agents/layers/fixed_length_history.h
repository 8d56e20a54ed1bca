// The last k observations of a user.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/agents/layers/user_statistics.h"
#include "common/rl/spec.h"

namespace recbots {

struct FixedLengthHistoryOptions {
  static constexpr int kMaxLength = 10000;

  int history_length = 1;            // k, 1..kMaxLength
  bool remember_user = true;         // the user features
  bool remember_response = true;     // the response to the previous slate
  bool remember_candidates = false;  // all candidates (RecSim: remember_doc)

  template <typename F>
  void ForEachField(F&& f) {
    f("history_length", history_length);
    f("remember_user", remember_user);
    f("remember_response", remember_response);
    f("remember_candidates", remember_candidates);
  }
};

// An entry holds what is remembered of one observation, W numbers: user features float32 [U], candidates float32 [N,
// D], response float32 [K, R], and one number that is 1 if there was a response and 0 at the start of an episode. Parts
// that are not remembered are left out.
//
// S = k W + k, in a form that a network can take: float32 [k, W] entries, the newest first, which is the current
// observation; then float32 [k] flags, 1 if the entry is filled, and 0 (as are all its numbers) if the episode is still
// too short. Each user has a ring: a step costs O(W), writing O(k W).
class FixedLengthHistory final : public UserStatistics {
 public:
  // INVALID_ARGUMENT  history_length is out of bounds, or there is nothing to remember (each part is off, or empty in
  //                   this environment)
  static absl::StatusOr<std::unique_ptr<FixedLengthHistory>> Create(const FixedLengthHistoryOptions& options,
                                                                    const EnvironmentSpec& spec);

  int entry_width() const { return static_cast<int>(entry_width_); }  // W

  int width() const override { return static_cast<int>(length_ * (entry_width_ + 1)); }
  FeedbackNeeds feedback_needs() const override { return {user_width_ > 0, candidates_width_ > 0}; }
  void Reserve(size_t num_users) override;
  void Begin(size_t user, const UserView& view) override;
  void Add(size_t user, const UserStep& step, const UserView& next) override;
  void Write(size_t user, absl::Span<float> statistics) const override;
  void TransferState(StateArchive& archive) override {
    archive.Values("history rings", rings_);
    archive.Values("history", entries_);
  }

 private:
  struct Ring {
    size_t newest = 0;
    size_t filled = 0;
  };

  FixedLengthHistory(const FixedLengthHistoryOptions& options, const EnvironmentSpec& spec);

  void Push(size_t user, absl::Span<const float> response, const UserView& view);

  const size_t length_;
  const size_t user_width_, candidates_width_, response_width_;  // 0: not remembered
  const size_t entry_width_;
  std::vector<Ring> rings_;     // [B]
  std::vector<float> entries_;  // [B, k, W]
};

}  // namespace recbots
