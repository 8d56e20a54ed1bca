// Writes checkpoints of a run while training goes on: what was learnt is copied at one moment, in the thread that
// trains; encoding, checksums and the disk are left to a thread of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/algorithms/algorithm.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "learner/run/run_checkpoints.h"

namespace recbots {

struct RunCheckpointerStats {
  int64_t finished = 0;
  int64_t failed = 0;
  Instant finished_at = Instant::InfinitePast();
  absl::Duration pause;     // How long the newest copy took.
  absl::Status last_error;  // Of the newest checkpoint.
};

// Begin and Finish are for the thread that trains; the rest is thread-safe.
class RunCheckpointer {
 public:
  // `head` is the manifest of every checkpoint, without what changes from one to the next.
  RunCheckpointer(RunCheckpoints checkpoints, v1::RunManifest head);
  // Waits for the checkpoint that is being written.
  ~RunCheckpointer();

  // Begins a checkpoint of the algorithm with `state`, to which it belongs; `replay_sequence` as in the manifest. If
  // the checkpoint before is still being written, does nothing and returns false. What the algorithm changes afterwards
  // changes nothing: costs a copy of its arenas, the gradients left out.
  bool Begin(v1::LearnerState state, const Algorithm& algorithm, int64_t replay_sequence = 0) ABSL_LOCKS_EXCLUDED(mu_);
  // Waits until nothing is being written; false: not until the deadline.
  bool AwaitIdle(Instant deadline) const ABSL_LOCKS_EXCLUDED(mu_);
  // The same; returns whether the newest checkpoint was written.
  //   DEADLINE_EXCEEDED    it is still being written
  //   FAILED_PRECONDITION  what was learnt is not finite: it was not written, and the checkpoint before stays
  //   others               as RunCheckpoints::Write
  absl::Status Finish(Instant deadline) ABSL_LOCKS_EXCLUDED(mu_);

  RunCheckpointerStats stats() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status WriteOne();

  // The thread's while busy_, otherwise the caller's.
  RunCheckpoints checkpoints_;
  v1::RunManifest manifest_;
  v1::LearnerState state_;
  TrainingState copy_;

  mutable Mutex mu_;
  bool busy_ ABSL_GUARDED_BY(mu_) = false;
  bool stop_ ABSL_GUARDED_BY(mu_) = false;
  RunCheckpointerStats stats_ ABSL_GUARDED_BY(mu_);

  std::unique_ptr<Thread> thread_;
};

// "resumed at update 41,210, env step 329,680, 3.2 s old".
std::string DescribeResumed(const v1::RunManifest& manifest);

}  // namespace recbots
