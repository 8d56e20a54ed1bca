// The statistics that a layer keeps of each user within an episode, as numbers that the wrapped policy sees.
//
// The letters are those of common/rl/spec.h; S is the number of statistics.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "common/base/state_archive.h"
#include "common/policies/policy.h"

namespace recbots {

// One user at one moment: rows of PolicyInput. In the view that a step led to, each span may be empty if no layer needs
// it.
struct UserView {
  absl::Span<const float> observation;  // float32 [U]
  absl::Span<const float> candidates;   // float32 [N, D]; empty where D is 0
};

// The outcome of one slate: rows of PolicyFeedback.
struct UserStep {
  absl::Span<const int32_t> slate;   // int32 [K]
  absl::Span<const float> response;  // float32 [K, R]
};

// Statistics are kept for each user, by row of the batch. Begin clears them. Not thread-safe. Only Reserve allocates.
class UserStatistics {
 public:
  virtual ~UserStatistics() = default;

  virtual int width() const = 0;  // S
  // What Add reads of the view that a step led to. The default is everything.
  virtual FeedbackNeeds feedback_needs() const { return {}; }

  // Makes room for `num_users` users. New users have no statistics yet; present users keep theirs.
  virtual void Reserve(size_t num_users) = 0;
  // Starts a new episode of the user with this view. Idempotent.
  virtual void Begin(size_t user, const UserView& view) = 0;
  // Adds a step of the user, and the view that it led to.
  virtual void Add(size_t user, const UserStep& step, const UserView& next) = 0;
  // Fills `statistics`, float32 [S].
  virtual void Write(size_t user, absl::Span<float> statistics) const = 0;

  // Transfers the statistics of all users.
  virtual void TransferState(StateArchive& archive) = 0;
};

}  // namespace recbots
