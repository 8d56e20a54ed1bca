#include "deploy/cli/top/run_poller.h"

#include <utility>

namespace recbots {

RunPoller::RunPoller(const RunSource& source, int points, absl::Duration interval)
    : source_(source), points_(points), interval_(interval) {
  thread_ = std::make_unique<Thread>("run-poller", [this] { Loop(); });
}

RunPoller::~RunPoller() {
  {
    MutexLock lock(&mu_);
    ending_ = true;
  }
  thread_.reset();
}

PolledRun RunPoller::newest() const {
  MutexLock lock(&mu_);
  return newest_;
}

bool RunPoller::AwaitQuestion(int64_t known, absl::Duration patience) const {
  MutexLock lock(&mu_);
  return mu_.AwaitFor([&] { return newest_.questions > known; }, patience);
}

void RunPoller::AskNow() {
  MutexLock lock(&mu_);
  ask_now_ = true;
}

void RunPoller::Loop() {
  while (true) {
    absl::StatusOr<RunView> view = source_.Read(points_);
    MutexLock lock(&mu_);
    newest_.trouble = view.status();
    if (view.ok()) {
      newest_.view = *std::move(view);
      newest_.at = Instant::Now();
      ++newest_.answers;
    }
    ++newest_.questions;
    mu_.AwaitFor([this] { return ending_ || ask_now_; }, interval_);
    ask_now_ = false;
    if (ending_) return;
  }
}

}  // namespace recbots
