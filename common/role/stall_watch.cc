#include "common/role/stall_watch.h"

#include <vector>

#include "absl/strings/str_cat.h"

namespace recbots {

StallWatch::StallWatch(const StallWatchOptions& options, const WaitBoard& board, Clock& clock)
    : options_(options), board_(board), clock_(clock) {}

void StallWatch::Begin(const char* unit) {
  Progressed(0);
  unit_.store(unit);
}

void StallWatch::Progressed(int64_t amount) {
  Count(amount);
  last_nanos_.store(absl::ToInt64Nanoseconds(clock_.Now().since_beginning()), std::memory_order_release);
  idle_nanos_.store(absl::ToInt64Nanoseconds(board_.past_idle_time()), std::memory_order_release);
}

std::string StallWatch::unit() const {
  const char* const unit = unit_.load();
  return unit == nullptr ? "" : unit;
}

std::optional<Stall> StallWatch::stall() const {
  const char* const unit = unit_.load();
  if (unit == nullptr || options_.after <= absl::ZeroDuration()) return std::nullopt;
  const absl::Duration idle_then = absl::Nanoseconds(idle_nanos_.load(std::memory_order_acquire));
  const absl::Duration then = absl::Nanoseconds(last_nanos_.load(std::memory_order_acquire));
  const absl::Duration idle = board_.idle_time() - idle_then;
  const absl::Duration lasted = clock_.Now().since_beginning() - then - idle;
  if (lasted < options_.after) return std::nullopt;
  return Stall{lasted, Reason(lasted, unit)};
}

std::string StallWatch::Reason(absl::Duration lasted, const char* unit) const {
  const std::string text = absl::StrCat("no ", unit, " for ", WaitedText(lasted), ": ");
  for (const WaitInfo& wait : board_.waits()) {
    if (wait.kind == WaitKind::kWork) return absl::StrCat(text, "waiting for ", DescribeWait(wait.thing, wait.peer));
  }
  return absl::StrCat(text, options_.doing ? options_.doing() : "waiting for nothing");
}

}  // namespace recbots
