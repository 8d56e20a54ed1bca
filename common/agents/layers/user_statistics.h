// What a layer remembers of each user within an episode, as numbers that its policy sees.
//
// Letters as in common/rl/spec.h; S is the number of statistics.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "common/policies/policy.h"

namespace recbots {

// One user at one moment: rows of PolicyInput. As the view that a step led to, each may be empty where no layer needs
// it.
struct UserView {
  absl::Span<const float> observation;  // float32 [U]
  absl::Span<const float> candidates;   // float32 [N, D]; empty where D is 0
};

// What came of one slate: rows of PolicyFeedback.
struct UserStep {
  absl::Span<const int32_t> slate;   // int32 [K]
  absl::Span<const float> response;  // float32 [K, R]
};

// Kept per user, by row of the batch. Nothing survives Begin. Not thread-safe. Only Reserve allocates.
class UserStatistics {
 public:
  virtual ~UserStatistics() = default;

  virtual int width() const = 0;  // S
  // What Add reads of the view that a step led to. Everything, unless it is said otherwise.
  virtual FeedbackNeeds feedback_needs() const { return {}; }

  // Makes room for `num_users` users; new ones know nothing. Those there are keep what they have.
  virtual void Reserve(size_t num_users) = 0;
  // A new episode of the user, which starts with this view. Doing so twice is doing so once.
  virtual void Begin(size_t user, const UserView& view) = 0;
  // A step of the user, and the view that it led to.
  virtual void Add(size_t user, const UserStep& step, const UserView& next) = 0;
  // Fills `statistics`, float32 [S].
  virtual void Write(size_t user, absl::Span<float> statistics) const = 0;
};

}  // namespace recbots
