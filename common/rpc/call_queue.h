// Serves the calls of a server on a chosen number of threads.
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

// A single thread waits at the connections, reads, decodes, answers and writes, and never hands work to another thread,
// as long as no other thread of the process waits at connections (no channels, no services of gRPC's callback API).
// With several threads, they take turns at this work: more calls per second, on more cores, at a higher cost per call.
// Thread-safe.
class CallQueue {
 public:
  // Call before the server is built. `begin` gives each call its handler or finishes it.
  CallQueue(grpc::ServerBuilder* builder, std::function<void(RpcCall&)> begin);
  // Calls Stop.
  ~CallQueue();

  // Call once the server is built. `threads` is at least 1.
  void Start(int threads);
  // Call after the server was shut down (or if it was not built). Waits until every call is over; the shutdown has
  // cancelled them, so the wait is short. Idempotent.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Expect() ABSL_LOCKS_EXCLUDED(mu_);
  void Run();

  const std::function<void(RpcCall&)> begin_;
  grpc::AsyncGenericService service_;
  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  Mutex mu_;
  int64_t calls_ ABSL_GUARDED_BY(mu_) = 0;  // Includes the call that is expected next.
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace recbots
