// The learner's dashboard and what it is made from: the run, the shards of replay, the newest networks, and what people
// ask of the run.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "actor/client/policy_viewer.h"
#include "actor/recsim/scenario.h"
#include "common/metrics/http_server.h"
#include "common/role/role.h"
#include "learner/dashboard/dashboard.h"
#include "learner/dashboard/policy_watch.h"
#include "learner/run/run_controls.h"
#include "learner/run/run_record.h"
#include "learner/service/weights_service.h"
#include "learner/weights/weight_store.h"
#include "replay/client/replay_sampler.h"
#include "replay/client/shard_infos.h"

namespace recbots {

// OnStatus, OnEvaluation and controls() are thread-safe; the other methods are called by the thread that runs the
// learner.
class LearnerPages {
 public:
  // All of them outlive it. `weights` is the service of weights, once there is one.
  LearnerPages(Role& role, RunRecord& record, WeightStore& store, std::function<const WeightsService*()> weights);

  // What somebody asks of the run; the training loop looks at it.
  RunControls& controls() { return controls_; }
  // Takes the scenario, if pictures of it can be had; call it before Start.
  void SetScenario(std::unique_ptr<const Scenario> scenario);
  // Shows what earlier processes of the run have written of it: up to `updates`, and this many bytes of the curve. Call
  // it before Start.
  void AddHistory(int64_t curve_bytes, int64_t updates);
  // Begins to ask the shards, and to look at the newest networks, once there are some. `sampler` outlives that: call
  // Stop before it is destroyed. Without pictures of the policy the run goes on.
  void Start(replay::ReplaySampler& sampler);
  // Ends that, when no evaluation comes any more. Idempotent.
  void Stop();

  // Of the HTTP server. `roles` makes the page of the roles.
  MorePages Pages(std::function<std::string()> roles) const { return dashboard_.Pages(std::move(roles)); }

  // A status period has ended: notes it in the record and shows it, to the viewers of `http` (nullptr: there is none)
  // at once.
  void OnStatus(const StatusLine& line, HttpServer* http);
  // An evaluation has come: notes it, and shows it if it is the first one of its version.
  void OnEvaluation(const v1::Evaluation& evaluation);

 private:
  absl::StatusOr<PublishedWeights> Newest() const;
  std::vector<ShardTables> Tables() const;
  // For TensorBoard.
  void AddPicture(const PublishedWeights& weights, const PolicyView& view);
  void OnView(const PublishedWeights& weights, const PolicyView& view);

  Role& role_;
  RunRecord& record_;
  WeightStore& store_;
  RunControls controls_;
  std::atomic<bool> stopping_{false};
  EnvironmentSpec spec_;
  std::shared_ptr<const Scenario> scenario_;
  Dashboard dashboard_;
  int64_t views_ = 0;  // Used by the thread of policy_watch_.
  std::unique_ptr<PolicyViewer> viewer_;
  // Set while no thread of the HTTP server and of the service of evaluations runs.
  std::unique_ptr<replay::ShardInfos> shard_infos_;
  std::unique_ptr<PolicyWatch> policy_watch_;
};

}  // namespace recbots
