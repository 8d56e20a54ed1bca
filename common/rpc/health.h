// grpc.health.v1.Health for servers on a CallQueue: gRPC's own implementation would start the threads that a CallQueue
// avoids.
#pragma once

#include "absl/container/flat_hash_set.h"
#include "common/base/mutex.h"
#include "common/rpc/rpc_call.h"

namespace recbots {

// Knows only the service "", the whole server. For any other service, Check answers NOT_FOUND and Watch
// SERVICE_UNKNOWN, as gRPC does. Answers NOT_SERVING until SetServing. Thread-safe. It must outlive its calls.
class HealthService final : public CallService {
 public:
  bool Begin(RpcCall& call) override;
  void SetServing(bool serving) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  class Watch;

  // Tells `watch` whether the server serves, now and at every change, until Remove.
  void Add(Watch* watch) ABSL_LOCKS_EXCLUDED(mu_);
  void Remove(Watch* watch) ABSL_LOCKS_EXCLUDED(mu_);

  Mutex mu_;  // Taken before the mutex of a watch.
  bool serving_ ABSL_GUARDED_BY(mu_) = false;
  absl::flat_hash_set<Watch*> watches_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots
