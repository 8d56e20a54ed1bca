// The roles of a run as its learner sees them: who reports, where that is shown.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <memory>
#include <string>

#include "common/metrics/http_server.h"
#include "common/role/role.h"
#include "learner/dashboard/dashboard.h"
#include "learner/members/member_table.h"
#include "learner/members/roles_report.h"
#include "learner/members/roles_watch.h"
#include "learner/members/weight_ages.h"
#include "learner/run/run_state.h"
#include "learner/service/membership_service.h"
#include "learner/service/weights_service.h"
#include "learner/weights/weight_store.h"
#include "replay/client/replay_sampler.h"
#include "replay/client/shard_reports.h"

namespace recbots {

// Gone, Stalled, the pages and Section are thread-safe; the other methods are called by the thread that runs the
// learner.
class LearnerRoles {
 public:
  // All of them outlive it.
  LearnerRoles(Role& role, const RunState& run, WeightStore& store);

  // The service of leases. The RpcServer that serves it must be stopped before this object is destroyed.
  grpc::Service& service() { return service_; }
  // Begins to ask the learner itself, and the shards of replay, how they are. Both outlive that: call StopWatching
  // before one of them is destroyed.
  void Watch(WeightsService& weights, replay::ReplaySampler& sampler);
  // Ends that. Idempotent.
  void StopWatching();
  // Ends all leases.
  void Drain() { service_.Drain(); }

  // Whether the process of that instance has left or is lost (WeightsServiceOptions::places).
  bool Gone(uint64_t instance) const { return members_.Gone(instance); }
  // For the status line: the roles that have stalled.
  std::string Stalled() const { return StalledText(members_.members()); }
  JsonPage Page() const;
  JsonPage TargetsPage() const;
  StatusSection Section() const { return RolesSection(members_.members()); }

 private:
  v1::RoleReport OwnReport() const;
  void OnShard(const std::string& address, const v1::RoleReport& report);

  Role& role_;
  const RunState& run_;
  WeightStore& store_;
  WeightAges ages_;
  MemberTable members_;
  MembershipService service_;
  std::atomic<bool> shard_refused_{false};  // The line was logged.
  std::unique_ptr<RolesWatch> roles_watch_;
  std::unique_ptr<replay::ShardReports> shard_reports_;
};

// Who watches the weights, a row each.
StatusSection WatchersSection(const WeightsService& service);

// What does not change of what the learner's dashboard shows.
DashboardOptions DashboardOptionsOf(const Role& role, const WeightStore& store);

}  // namespace recbots
