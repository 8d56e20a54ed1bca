// What somebody asks of a run while it goes on: by the dashboard's buttons, or a program (docs/dashboard.md).
#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/time/time.h"
#include "common/base/mutex.h"

namespace recbots {

// The pages ask, the training loop looks between two updates. Thread-safe.
class RunControls {
 public:
  // The newest weights are to be published and evaluated, also if the last evaluation was short before.
  void AskForEvaluation() ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    ++evaluations_asked_;
  }
  int64_t evaluations_asked() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return evaluations_asked_;
  }

  // A checkpoint is to be written, once however often somebody asks before it begins.
  void AskForCheckpoint() ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    checkpoint_asked_ = true;
  }
  // Whether one was asked for since the last call.
  bool TakeCheckpoint() ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    const bool asked = checkpoint_asked_;
    checkpoint_asked_ = false;
    return asked;
  }

  // No updates are made while the run is paused.
  void SetPaused(bool paused) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    paused_ = paused;
  }
  bool paused() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return paused_;
  }
  // Returns when the run is not paused any more, is to end, or the time is over.
  void AwaitUnpaused(absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    mu_.AwaitFor([this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return !paused_ || end_asked_; }, timeout);
  }

  // The run is to end, as it does when its time is up. Cannot be taken back.
  void AskForEnd() ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    end_asked_ = true;
  }
  bool end_asked() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return end_asked_;
  }

 private:
  mutable Mutex mu_;
  int64_t evaluations_asked_ ABSL_GUARDED_BY(mu_) = 0;
  bool checkpoint_asked_ ABSL_GUARDED_BY(mu_) = false;
  bool paused_ ABSL_GUARDED_BY(mu_) = false;
  bool end_asked_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace recbots
