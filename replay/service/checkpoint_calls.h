// Calls that wait for a checkpoint, on a thread of their own: the thread of the calls must not wait.
#pragma once

#include <memory>
#include <vector>

#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "common/rpc/unary_call.h"
#include "recbots/v1/replay.pb.h"
#include "replay/checkpoint/checkpointer.h"

namespace recbots::replay {

// Thread-safe. Calls that come while a checkpoint is being written share the next one.
class CheckpointCalls {
 public:
  // Waits no longer than this for one checkpoint; it goes on in the background then.
  static constexpr absl::Duration kPatience = absl::Minutes(10);

  // nullptr: every call is answered with FAILED_PRECONDITION. The checkpointer outlives this.
  explicit CheckpointCalls(Checkpointer* checkpointer);
  // Every call is over: the server was stopped. Waits for the checkpoint under way.
  ~CheckpointCalls();

  using Call = UnaryCall<v1::CheckpointRequest, v1::CheckpointResponse>;

  // Answers when a checkpoint of what is there now is on disk.
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
