// What becomes of several learners that train as one, when one of them ends: the others end, too, and all are started
// again. Only decides; who starts and ends processes is the caller (local_cluster.cc).
#pragma once

#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/instant.h"

namespace recbots {

struct GroupWatchOptions {
  // How long the others have, after the first has ended, to notice it and to save what was learnt.
  absl::Duration saving = absl::Seconds(120);
  // How long they have once rank 0, which saves, has ended.
  absl::Duration drain = absl::Seconds(5);
};

// The process of one learner. The exit code, or 128 + signal, where it has ended.
struct LearnerProcess {
  bool running = true;
  int exit_code = -1;
};

// Not thread-safe.
class GroupWatch {
 public:
  explicit GroupWatch(const GroupWatchOptions& options) : options_(options) {}

  enum class Advice {
    kNothing,  // All run, or those that run are given time.
    kKill,     // Those that still run hang: kill them.
    kEnded,    // All have ended.
  };
  // Told of all learners, in the order of their ranks, several times a second.
  Advice Look(absl::Span<const LearnerProcess> learners, Instant now);

  // After kEnded. The learner that ended the group: one that refused its configuration, one that ended with an error of
  // its own, one that was killed, one that hung; rank 0 before others. Whether it would meet its error again.
  size_t cause() const { return cause_; }
  bool final() const { return final_; }
  // Whether that learner had to be killed because it hung.
  bool hung() const { return hung_[cause_]; }
  // All run again.
  void Restart();

 private:
  void FindCause(absl::Span<const LearnerProcess> learners);

  const GroupWatchOptions options_;
  Instant first_end_ = Instant::InfiniteFuture(), end_of_leader_ = Instant::InfiniteFuture();
  std::vector<bool> hung_;
  size_t cause_ = 0;
  bool final_ = false;
};

}  // namespace recbots
