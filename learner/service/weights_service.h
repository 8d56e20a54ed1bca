// WeightsService (proto/recbots/v1/weights.proto): a gRPC adapter over WeightStore.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "common/rpc/security.h"
#include "learner/run/stream_ledger.h"
#include "learner/weights/weight_store.h"
#include "recbots/v1/weights.grpc.pb.h"

namespace recbots {

struct WeightsServiceOptions {
  // SharedConfigurationOf the run; watchers must have the same.
  v1::ExperimentIdentity configuration = {};
  // Where the random streams come from that actors ask for; outlives the service, which takes its on_open. An actor
  // gets no weights before it is open. nullptr: the service keeps its own, from 0 on.
  StreamLedger* streams = nullptr;
  // Called for each evaluation that is news, one at a time, from gRPC's threads: must be quick. Only plausible reports
  // come here (of this incarnation, a published version, finite numbers, at most 64 references with names). A report
  // for a version that was reported before, or that is older than the 1,024 newest reported ones, is answered OK and
  // not passed on.
  std::function<void(const v1::Evaluation&)> on_evaluation = nullptr;
  std::shared_ptr<const Security> security = {};  // Its token is asked of every call; nullptr: none.
};

// An open Watch stream, for pages and metrics.
struct WatcherInfo {
  v1::WorkerRole role = v1::WORKER_ROLE_UNSPECIFIED;
  int worker_index = 0;
  int64_t num_streams = 0;              // Asked for.
  std::optional<int64_t> first_stream;  // Given.
  std::string worker_name;
  std::string peer;
  int64_t sent_version = 0;  // 0: none yet.
};

// Thread-safe. Nothing blocks: each stream sends its parts one after the other as its receiver takes them and then
// looks for the newest version, so a slow receiver skips versions and delays no other. The bytes of a version are
// shared by all streams. The RpcServer must be stopped before the service goes.
class WeightsService : public v1::WeightsService::WithRawCallbackMethod_Watch<
                           v1::WeightsService::WithCallbackMethod_ReportEvaluation<v1::WeightsService::Service>> {
 public:
  // `store` must outlive the service.
  WeightsService(WeightsServiceOptions options, WeightStore& store);
  ~WeightsService() override;

  // Streams open now.
  int num_watchers(v1::WorkerRole role) const ABSL_LOCKS_EXCLUDED(mu_);
  // Ordered by role, then index.
  std::vector<WatcherInfo> watchers() const ABSL_LOCKS_EXCLUDED(mu_);

  // Ends every stream with UNAVAILABLE, once what it is sending is sent, and refuses new ones. Idempotent. Call it
  // before RpcServer::Stop, which cancels those whose receivers take nothing.
  void Drain() ABSL_LOCKS_EXCLUDED(mu_);

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Watch(grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer* request) override ABSL_LOCKS_EXCLUDED(mu_);
  grpc::ServerUnaryReactor* ReportEvaluation(grpc::CallbackServerContext* context, const v1::Evaluation* request,
                                             v1::ReportEvaluationResponse* response) override
      ABSL_LOCKS_EXCLUDED(evaluations_mu_);

 private:
  class Stream;

  grpc::Status CheckRequest(const v1::WatchRequest& request) const;
  grpc::Status CheckConfiguration(const v1::WatchRequest& request) const;
  grpc::Status CheckEvaluation(const v1::Evaluation& evaluation) const;
  void WakeAll() ABSL_LOCKS_EXCLUDED(mu_);
  int SmallestFreeIndex(v1::WorkerRole role) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const WeightsServiceOptions options_;
  WeightStore& store_;
  const std::unique_ptr<StreamLedger> own_ledger_;  // Where there is no other.
  StreamLedger& ledger_;
  int watcher_id_ = 0;

  // Guards the streams and all that is in them.
  mutable Mutex mu_;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  std::set<Stream*> streams_ ABSL_GUARDED_BY(mu_);  // Each deletes itself when gRPC is done with it.

  Mutex evaluations_mu_;
  std::set<int64_t> evaluated_versions_ ABSL_GUARDED_BY(evaluations_mu_);
};

}  // namespace recbots
