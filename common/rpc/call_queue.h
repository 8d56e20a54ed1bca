// The calls of a server, on threads whose number is chosen.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <vector>

#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "common/rpc/rpc_call.h"

namespace recbots {

// With one thread, that thread waits at the connections, reads, decodes, answers and writes, and hands nothing over.
// That holds as long as no other thread of the process waits at connections: no channels, no services of gRPC's
// callback API. Each thread more does that in turn with the others: more calls a second, on more cores, each at a
// higher price. Thread-safe.
class CallQueue {
 public:
  // Call before the server is built. `begin` gives each call its handler or finishes it.
  CallQueue(grpc::ServerBuilder* builder, std::function<void(RpcCall&)> begin);
  // Calls Stop.
  ~CallQueue();

  // Once the server is built. At least one thread.
  void Start(int threads);
  // After the server was shut down (or was not built): waits until every call is over, which is soon: each was
  // cancelled. Idempotent.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Expect() ABSL_LOCKS_EXCLUDED(mu_);
  void Run();

  const std::function<void(RpcCall&)> begin_;
  grpc::AsyncGenericService service_;
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  Mutex mu_;
  int64_t calls_ ABSL_GUARDED_BY(mu_) = 0;  // With the one that is expected.
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace recbots
