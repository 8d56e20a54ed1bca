// Answers calls that wait for a checkpoint, on a separate thread, because the threads of the service must not wait.
#pragma once

#include <memory>
#include <vector>

#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "common/rpc/unary_call.h"
#include "recbots/v1/replay.pb.h"
#include "replay/checkpoint/checkpointer.h"

namespace recbots::replay {

// Thread-safe. Calls that come while a checkpoint is being written share the next checkpoint.
class CheckpointCalls {
 public:
  // Waits at most this long for one checkpoint, which then continues in the background.
  static constexpr absl::Duration kPatience = absl::Minutes(10);

  // With nullptr every call is answered with FAILED_PRECONDITION. The checkpointer must outlive this object.
  explicit CheckpointCalls(Checkpointer* checkpointer);
  // Requires that every call is over, because the server was stopped. Waits for the checkpoint under way.
  ~CheckpointCalls();

  using Call = UnaryCall<v1::CheckpointRequest, v1::CheckpointResponse>;

  // Answers the call when a checkpoint of the present content is on disk.
  void Add(const std::shared_ptr<Call>& call) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Run() ABSL_LOCKS_EXCLUDED(mu_);

  Checkpointer* const checkpointer_;
  Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::shared_ptr<Call>> waiting_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<Thread> thread_;  // Last: it uses the others.
};

}  // namespace recbots::replay
