#include "replay/service/checkpoint_calls.h"

#include <atomic>
#include <utility>

#include "absl/time/clock.h"
#include "common/rpc/grpc_status.h"

namespace recbots::replay {

// Lives until gRPC is done with it and whoever answers lets go.
class CheckpointCalls::Call final : public grpc::ServerUnaryReactor {
 public:
  explicit Call(v1::CheckpointResponse* response) : response_(*response) {}

  // Keeps it until OnDone.
  void Begin(std::shared_ptr<Call> self) { self_ = std::move(self); }

  // The first answer counts.
  void Answer(const absl::StatusOr<CheckpointReport>& report) {
    if (answered_.exchange(true)) return;
    if (report.ok()) {
      response_.set_sequence(report->sequence);
      response_.set_bytes_written(report->bytes_written);
      response_.set_seconds(absl::ToDoubleSeconds(report->took));
      response_.set_pause_seconds(absl::ToDoubleSeconds(report->pause));
    }
    Finish(ToGrpcStatus(report.status()));
  }

  void OnCancel() override { Answer(absl::CancelledError("the caller went away; the checkpoint goes on")); }
  void OnDone() override { const std::shared_ptr<Call> last = std::move(self_); }

 private:
  v1::CheckpointResponse& response_;
  std::atomic<bool> answered_{false};
  std::shared_ptr<Call> self_;
};

CheckpointCalls::CheckpointCalls(Checkpointer* checkpointer) : checkpointer_(checkpointer) {
  if (checkpointer_ != nullptr) thread_ = std::make_unique<Thread>("ckpt_calls", [this] { Run(); });
}

CheckpointCalls::~CheckpointCalls() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
  }
  thread_.reset();
}

grpc::ServerUnaryReactor* CheckpointCalls::Begin(grpc::CallbackServerContext* context,
                                                 v1::CheckpointResponse* response) {
  if (checkpointer_ == nullptr) {
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(
        ToGrpcStatus(absl::FailedPreconditionError("checkpoint: this server keeps no checkpoints (--checkpoint_dir)")));
    return reactor;
  }
  const auto call = std::make_shared<Call>(response);
  call->Begin(call);
  MutexLock lock(&mu_);
  waiting_.push_back(call);
  return call.get();
}

void CheckpointCalls::Run() {
  const auto due = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_ || !waiting_.empty(); };
  while (true) {
    std::vector<std::shared_ptr<Call>> calls;
    {
      MutexLock lock(&mu_);
      mu_.AwaitUntil(due, absl::InfiniteFuture());
      if (stopping_) return;
      calls.swap(waiting_);
    }
    const absl::StatusOr<CheckpointReport> report = checkpointer_->Checkpoint(absl::Now() + kPatience);
    for (const std::shared_ptr<Call>& call : calls) call->Answer(report);
  }
}

}  // namespace recbots::replay
