// What a learner knows about its run. The training loop, the service that receives evaluations, and the pages share it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "common/base/clock.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "learner/run/goal_tracker.h"
#include "learner/run/status_line.h"

namespace recbots {

// Thread-safe.
class RunState {
 public:
  RunState(const v1::GoalConfig& goal, Clock& clock = Clock::Real())
      : clock_(clock), started_(clock.Now()), goal_(goal) {}

  // Since the run began, without the time between an earlier process of the run and this one.
  double wall_seconds() const { return earlier_seconds_.load() + absl::ToDoubleSeconds(clock_.Now() - started_); }
  int64_t updates() const { return updates_.load(std::memory_order_relaxed); }
  int64_t env_steps() const { return env_steps_.load(std::memory_order_relaxed); }
  RunCounters counters() const { return {env_steps(), updates(), wall_seconds()}; }

  void SetUpdates(int64_t updates) { updates_.store(updates, std::memory_order_relaxed); }
  void SetEnvSteps(int64_t env_steps) { env_steps_.store(env_steps, std::memory_order_relaxed); }

  // Goes on where an earlier process of the run stopped; call it before anything else.
  void Resume(const RunCounters& counters, const v1::GoalState& goal) ABSL_LOCKS_EXCLUDED(mu_) {
    SetUpdates(counters.updates);
    SetEnvSteps(counters.env_steps);
    earlier_seconds_ = counters.wall_seconds - absl::ToDoubleSeconds(clock_.Now() - started_);
    MutexLock lock(&mu_);
    goal_.Restore(goal);
    evaluations_.store(goal_.evaluations(), std::memory_order_release);
  }

  // Returns false, and ignores the evaluation, if its version was evaluated before.
  bool OnEvaluation(const v1::Evaluation& evaluation) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    const bool news = goal_.OnEvaluation(evaluation, wall_seconds());
    evaluations_.store(goal_.evaluations(), std::memory_order_release);
    return news;
  }
  // Evaluations so far; cheap enough to read after every update.
  int64_t evaluations() const { return evaluations_.load(std::memory_order_acquire); }
  Ending Check() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return goal_.Check(counters());
  }
  // A consistent copy.
  GoalTracker goal() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return goal_;
  }
  // Waits until version `weights_version` or a newer version was evaluated; false at the timeout.
  bool AwaitEvaluationOf(int64_t weights_version, absl::Duration timeout) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return mu_.AwaitFor(
        [&]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
          return goal_.newest().has_value() && goal_.newest()->weights_version() >= weights_version;
        },
        timeout);
  }

  void SetStatus(StatusLine line) ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    status_ = std::move(line);
  }
  StatusLine status() const ABSL_LOCKS_EXCLUDED(mu_) {
    MutexLock lock(&mu_);
    return status_;
  }

 private:
  Clock& clock_;
  const Instant started_;
  std::atomic<double> earlier_seconds_{0};
  std::atomic<int64_t> updates_{0};
  std::atomic<int64_t> env_steps_{0};
  std::atomic<int64_t> evaluations_{0};

  mutable Mutex mu_;
  GoalTracker goal_ ABSL_GUARDED_BY(mu_);
  StatusLine status_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots
