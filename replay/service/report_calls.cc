#include "replay/service/report_calls.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace recbots::replay {
namespace {

constexpr double kMaxWaitSeconds = 60;

}  // namespace

void ReportCalls::Add(const std::shared_ptr<Call>& call) {
  if (!report_) return call->Answer(absl::UnimplementedError("this server says nothing of itself"));
  const double seconds = call->request().wait_seconds();
  if (!(seconds >= 0 && seconds <= kMaxWaitSeconds)) {
    return call->Answer(
        absl::InvalidArgumentError(absl::StrCat("wait_seconds ", seconds, ", want 0..", kMaxWaitSeconds)));
  }
  const Instant now = clock_.Now();
  {
    MutexLock lock(&mu_);
    waiting_.push_back({call, waiting_.size() < kMaxWaiting ? now + absl::Seconds(seconds) : now});
  }
  AnswerDue(now);
}

void ReportCalls::Answer() { AnswerDue(clock_.Now()); }

void ReportCalls::Drain() {
  {
    MutexLock lock(&mu_);
    leaving_ = true;
  }
  AnswerDue(Instant::InfiniteFuture());
}

void ReportCalls::AnswerDue(Instant now) {
  std::list<Waiting> due;
  bool leaving = false;
  {
    MutexLock lock(&mu_);
    leaving = leaving_;
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      const auto next = std::next(it);
      if (leaving || it->due <= now) due.splice(due.end(), waiting_, it);
      it = next;
    }
  }
  if (due.empty()) return;
  v1::RoleReport report = report_();
  report.set_leaving(leaving);
  for (const Waiting& waiting : due) waiting.call->Answer(report);
}

}  // namespace recbots::replay
