#include "common/role/stall_reporter.h"

#include "common/base/log.h"

namespace recbots {
namespace {

constexpr absl::Duration kPeriod = absl::Milliseconds(500);

}  // namespace

StallReporter::StallReporter(const StallWatch& watch, Metrics& metrics)
    : watch_(watch), stalled_seconds_(metrics.gauge(metric::kStalled)), thread_("stall-watch", [this] { Run(); }) {}

StallReporter::~StallReporter() {
  MutexLock lock(&mu_);
  stopping_ = true;
}  // The thread, the last member, is joined first.

void StallReporter::Run() {
  while (true) {
    {
      MutexLock lock(&mu_);
      const auto stopping = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS { return stopping_; };
      if (mu_.AwaitFor(stopping, kPeriod)) return;
    }
    Look();
  }
}

void StallReporter::Look() {
  const std::optional<Stall> stall = watch_.stall();
  stalled_seconds_.Set(stall.has_value() ? absl::ToDoubleSeconds(stall->lasted) : 0);
  if (stall.has_value() == stalled_) return;
  stalled_ = stall.has_value();
  if (stalled_) {
    RECBOTS_LOG(WARNING) << "stalled: " << stall->reason;
  } else {
    RECBOTS_LOG(INFO) << "no longer stalled";
  }
}

}  // namespace recbots
