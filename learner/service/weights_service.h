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
#include "learner/service/worker_places.h"
#include "learner/weights/weight_store.h"
#include "recbots/v1/weights.grpc.pb.h"

namespace recbots {

struct WeightsServiceOptions {
  // SharedConfigurationOf the run; watchers must have an equal one.
  v1::ExperimentIdentity configuration = {};
  // Gives actors the random streams that they ask for. It must outlive the service, which sets its on_open function. An
  // actor gets no weights before the ledger is open. nullptr: the service keeps a ledger of its own, from stream 0 on.
  StreamLedger* streams = nullptr;
  // Called for each new evaluation, one at a time, from gRPC's threads; must be quick. Only plausible reports are
  // passed on: those of this incarnation and a published version, with finite numbers and at most 64 named references.
  // If the version was reported before, or is older than the 1,024 newest reported versions, the report is answered
  // with OK but not passed on.
  std::function<void(const v1::Evaluation&)> on_evaluation = nullptr;
  std::shared_ptr<const Security> security = {};  // Every call must bring its token; nullptr: none.
  // How long indices are kept, and for whom new actors wait.
  WorkerPlacesOptions places = {};
};

// An open Watch stream, for pages and metrics.
struct WatcherInfo {
  v1::WorkerRole role = v1::WORKER_ROLE_UNSPECIFIED;
  int worker_index = 0;                 // -1: it waits for its first streams.
  uint64_t instance = 0;                // 0: of an older version.
  int64_t num_streams = 0;              // The number asked for.
  std::optional<int64_t> first_stream;  // The first stream given.
  std::string worker_name;
  std::string peer;
  int64_t sent_version = 0;  // 0: none yet.
};

// Thread-safe. No call blocks: each stream sends its parts one after the other, at the pace of its receiver, and then
// takes the newest version, so a slow receiver skips versions and delays no other receiver. All streams share the bytes
// of a version. The RpcServer must be stopped before the service is destroyed.
class WeightsService : public v1::WeightsService::WithRawCallbackMethod_Watch<
                           v1::WeightsService::WithCallbackMethod_ReportEvaluation<v1::WeightsService::Service>> {
 public:
  // `store` must outlive the service.
  WeightsService(WeightsServiceOptions options, WeightStore& store);
  ~WeightsService() override;

  // The number of open streams of workers in this role.
  int num_watchers(v1::WorkerRole role) const ABSL_LOCKS_EXCLUDED(mu_);
  // Ordered by role, then index; without those that look on.
  std::vector<WatcherInfo> watchers() const ABSL_LOCKS_EXCLUDED(mu_);

  // Looks whether streams that wait (WorkerPlacesOptions::veterans_first) may go on. Call it every second.
  void Wake() { WakeAll(); }

  // Refuses new streams, and ends every stream with UNAVAILABLE after its current message. Idempotent. Call it before
  // RpcServer::Stop, which cancels streams whose receivers do not read.
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

  const WeightsServiceOptions options_;
  WeightStore& store_;
  const std::unique_ptr<StreamLedger> own_ledger_;  // If the options have none.
  StreamLedger& ledger_;
  int watcher_id_ = 0;

  // Guards the streams and their members.
  mutable Mutex mu_;
  bool draining_ ABSL_GUARDED_BY(mu_) = false;
  std::set<Stream*> streams_ ABSL_GUARDED_BY(mu_);  // Each deletes itself when gRPC is done with it.
  WorkerPlaces places_ ABSL_GUARDED_BY(mu_);

  Mutex evaluations_mu_;
  std::set<int64_t> evaluated_versions_ ABSL_GUARDED_BY(evaluations_mu_);
};

}  // namespace recbots
