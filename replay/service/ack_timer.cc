#include "replay/service/ack_timer.h"

#include <utility>

#include "common/base/instant.h"

namespace recbots::replay {

AckTimer::AckTimer(absl::Duration delay)
    : delay_(delay), thread_(std::make_unique<Thread>("ack_timer", [this] { Run(); })) {}

AckTimer::~AckTimer() {
  {
    MutexLock lock(&mu_);
    stop_ = true;
  }
  thread_.reset();
}

void AckTimer::Add(std::shared_ptr<ServiceStream> stream) {
  MutexLock lock(&mu_);
  due_.push_back(std::move(stream));
}

void AckTimer::Run() {
  const auto stopped = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stop_; };
  const auto asked = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stop_ || !due_.empty(); };
  std::vector<std::shared_ptr<ServiceStream>> due;
  while (true) {
    {
      MutexLock lock(&mu_);
      mu_.AwaitUntil(asked, Instant::InfiniteFuture());
      mu_.AwaitFor(stopped, delay_);
      if (stop_) return;
      due.swap(due_);
    }
    for (const std::shared_ptr<ServiceStream>& stream : due) stream->OnAckTimer();
    due.clear();
  }
}

}  // namespace recbots::replay
