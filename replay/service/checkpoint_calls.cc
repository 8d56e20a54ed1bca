#include "replay/service/checkpoint_calls.h"

#include <utility>

#include "common/base/instant.h"
#include "common/base/status_macros.h"

namespace recbots::replay {

namespace {

absl::StatusOr<v1::CheckpointResponse> Describe(const absl::StatusOr<CheckpointReport>& report) {
  RECBOTS_RETURN_IF_ERROR(report.status());
  v1::CheckpointResponse response;
  response.set_sequence(report->sequence);
  response.set_bytes_written(report->bytes_written);
  response.set_seconds(absl::ToDoubleSeconds(report->took));
  response.set_pause_seconds(absl::ToDoubleSeconds(report->pause));
  return response;
}

}  // namespace

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

void CheckpointCalls::Add(const std::shared_ptr<Call>& call) {
  if (checkpointer_ == nullptr) {
    return call->Answer(
        absl::FailedPreconditionError("checkpoint: this server keeps no checkpoints (--checkpoint_dir)"));
  }
  MutexLock lock(&mu_);
  waiting_.push_back(call);
}

void CheckpointCalls::Run() {
  const auto due = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_ || !waiting_.empty(); };
  while (true) {
    std::vector<std::shared_ptr<Call>> calls;
    {
      MutexLock lock(&mu_);
      mu_.AwaitUntil(due, Instant::InfiniteFuture());
      if (stopping_) return;
      calls.swap(waiting_);
    }
    const absl::StatusOr<CheckpointReport> report = checkpointer_->Checkpoint(Instant::Now() + kPatience);
    for (const std::shared_ptr<Call>& call : calls) call->Answer(Describe(report));
  }
}

}  // namespace recbots::replay
