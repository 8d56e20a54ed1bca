// How old the weights are that a role uses, in updates and in seconds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/base/clock.h"
#include "common/base/mutex.h"
#include "learner/members/member_table.h"
#include "learner/run/publication_times.h"
#include "learner/weights/weight_store.h"
#include "recbots/v1/membership.pb.h"

namespace recbots {

// Notes each publication of a store. Thread-safe.
class WeightAges {
 public:
  // `store` and `clock` must outlive this.
  explicit WeightAges(WeightStore& store, Clock& clock = Clock::Real())
      : store_(store), clock_(clock), watcher_id_(store.AddWatcher([this] { OnPublished(); })) {}
  ~WeightAges() { store_.RemoveWatcher(watcher_id_); }

  // Of the weights that the report names, when the learner has made `updates`. nullopt: none, or those of another
  // incarnation of the learner.
  std::optional<WeightsAge> Of(const v1::RoleReport& report, int64_t updates) const ABSL_LOCKS_EXCLUDED(mu_) {
    if (report.weights_version() == 0 || report.weights_incarnation() != store_.incarnation()) return std::nullopt;
    MutexLock lock(&mu_);
    const std::optional<absl::Duration> elapsed = times_.Age(report.weights_version(), clock_.Now());
    if (!elapsed.has_value()) return std::nullopt;
    return WeightsAge{std::max<int64_t>(0, updates - report.weights_updates()), *elapsed};
  }

 private:
  void OnPublished() ABSL_LOCKS_EXCLUDED(mu_) {
    const int64_t version = store_.version();
    MutexLock lock(&mu_);
    times_.Add(version, clock_.Now());
  }

  WeightStore& store_;
  Clock& clock_;
  mutable Mutex mu_;
  PublicationTimes times_ ABSL_GUARDED_BY(mu_);
  const int watcher_id_;  // Last: its function uses all of the above.
};

}  // namespace recbots
