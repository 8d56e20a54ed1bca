// Keeps the table of the run's roles up to date, beside the leases that actors and evaluators hold themselves: the
// learner's own entry, the passing of time, and the metrics.
#pragma once

#include <functional>
#include <string>

#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "common/metrics/metrics.h"
#include "learner/members/member_table.h"

namespace recbots {

// Looks at every report_every of the table, in a thread of its own.
class RolesWatch {
 public:
  // `own_report` is what the learner says of itself; `on_look` is called each time, for what else has to happen about
  // once a second. Both must be thread-safe. `table` and `metrics` must outlive the watch.
  RolesWatch(MemberTable& table, Metrics& metrics, std::function<v1::RoleReport()> own_report,
             std::function<void()> on_look);
  ~RolesWatch();

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  void Look();

  MemberTable& table_;
  Metrics& metrics_;
  const std::function<v1::RoleReport()> own_report_;
  const std::function<void()> on_look_;

  Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;

  Thread thread_;  // Last: it uses all of the above.
};

// Sets recbots_learner_roles; every state of every role has a value.
void ShowRoles(const std::vector<Member>& members, Metrics& metrics);

}  // namespace recbots
