#include "learner/loop/run_checkpointer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "common/base/format_count.h"
#include "common/base/log.h"

namespace recbots {
namespace {

// Between two looks whether the thread shall end; it is woken for everything else.
constexpr absl::Duration kLook = absl::Seconds(1);

}  // namespace

RunCheckpointer::RunCheckpointer(RunCheckpoints checkpoints, v1::RunManifest head)
    : checkpoints_(std::move(checkpoints)), manifest_(std::move(head)) {
  thread_ = std::make_unique<Thread>("run-checkpoints", [this] { Run(); });
}

RunCheckpointer::~RunCheckpointer() {
  {
    MutexLock lock(&mu_);
    stop_ = true;
  }
  thread_.reset();
}

bool RunCheckpointer::Begin(v1::LearnerState state, const Algorithm& algorithm, int64_t replay_sequence) {
  {
    MutexLock lock(&mu_);
    if (busy_) return false;
  }
  const Instant start = Instant::Now();
  algorithm.CopyState(copy_);
  const absl::Duration pause = Instant::Now() - start;
  state_ = std::move(state);
  manifest_.set_created_micros(absl::ToUnixMicros(absl::Now()));
  manifest_.set_updates(algorithm.updates());
  manifest_.set_env_steps(state_.env_steps());
  manifest_.set_wall_seconds(state_.wall_seconds());
  manifest_.set_replay_sequence(replay_sequence);
  MutexLock lock(&mu_);
  stats_.pause = pause;
  busy_ = true;
  return true;
}

bool RunCheckpointer::AwaitIdle(Instant deadline) const {
  MutexLock lock(&mu_);
  return mu_.AwaitUntil([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return !busy_; }, deadline);
}

absl::Status RunCheckpointer::Finish(Instant deadline) {
  if (AwaitIdle(deadline)) return stats().last_error;
  return absl::DeadlineExceededError(
      absl::StrCat("the checkpoint in '", checkpoints_.folder(), "' is still being written"));
}

RunCheckpointerStats RunCheckpointer::stats() const {
  MutexLock lock(&mu_);
  return stats_;
}

void RunCheckpointer::Run() {
  while (true) {
    {
      MutexLock lock(&mu_);
      mu_.AwaitFor([&]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return busy_ || stop_; }, kLook);
      if (!busy_ && stop_) return;
      if (!busy_) continue;
    }
    const absl::Status written = WriteOne();
    if (!written.ok()) {
      RECBOTS_LOG(ERROR) << "no checkpoint of the run, the one before stays" << Field("why", written.message());
    }
    MutexLock lock(&mu_);
    ++(written.ok() ? stats_.finished : stats_.failed);
    if (written.ok()) stats_.finished_at = Instant::Now();
    stats_.last_error = written;
    busy_ = false;
  }
}

absl::Status RunCheckpointer::WriteOne() {
  if (const absl::Status finite = copy_.CheckFinite(); !finite.ok()) return finite;
  state_.set_algorithm(copy_.Save());
  const absl::Status written = checkpoints_.Write(manifest_, state_);
  state_.clear_algorithm();
  return written;
}

std::string DescribeResumed(const v1::RunManifest& manifest) {
  const absl::Duration age = absl::Now() - absl::FromUnixMicros(manifest.created_micros());
  return absl::StrCat("resumed at update ", GroupThousands(manifest.updates()), ", env step ",
                      GroupThousands(manifest.env_steps()), ", ",
                      absl::StrFormat("%.1f", std::max(0.0, absl::ToDoubleSeconds(age))), " s old");
}

}  // namespace recbots
