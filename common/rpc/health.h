// grpc.health.v1.Health for servers on a CallQueue: gRPC's own brings the threads that a CallQueue does without.
#pragma once

#include "absl/container/flat_hash_set.h"
#include "common/base/mutex.h"
#include "common/rpc/rpc_call.h"

namespace recbots {

// Knows the whole server, which is the service "". For any other, Check answers NOT_FOUND and Watch SERVICE_UNKNOWN, as
// gRPC does. Says NOT_SERVING at first. Thread-safe; outlives its calls.
class HealthService final : public CallService {
 public:
  bool Begin(RpcCall& call) override;
  void SetServing(bool serving) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  class Watch;

  // Tells it what is so, now and whenever it changes, until Remove.
  void Add(Watch* watch) ABSL_LOCKS_EXCLUDED(mu_);
  void Remove(Watch* watch) ABSL_LOCKS_EXCLUDED(mu_);

  Mutex mu_;  // Taken before those of the watches.
  bool serving_ ABSL_GUARDED_BY(mu_) = false;
  absl::flat_hash_set<Watch*> watches_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots
