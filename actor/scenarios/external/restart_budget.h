// When a program that has failed is started again, and when it has failed too often.
#pragma once

#include <algorithm>
#include <deque>
#include <optional>

#include "absl/time/time.h"
#include "common/base/instant.h"

namespace recbots {

struct RestartBudgetOptions {
  int max_restarts = 10;  // Within the window.
  absl::Duration window = absl::Minutes(10);
  absl::Duration first_delay = absl::Milliseconds(100);
  absl::Duration longest_delay = absl::Seconds(10);
  absl::Duration progress = absl::Seconds(1);  // Without a failure for this long, delays begin again at the first.
};

// Not thread-safe.
class RestartBudget {
 public:
  explicit RestartBudget(const RestartBudgetOptions& options) : options_(options) {}

  // Notes a failure at `now`. Returns how long to wait before the next start; nullopt: there were too many failures.
  std::optional<absl::Duration> OnFailure(Instant now) {
    if (!failures_.empty() && now - failures_.back() >= options_.progress + delay_) delay_ = absl::ZeroDuration();
    while (!failures_.empty() && now - failures_.front() > options_.window) failures_.pop_front();
    if (static_cast<int>(failures_.size()) >= options_.max_restarts) return std::nullopt;
    failures_.push_back(now);
    delay_ = delay_ == absl::ZeroDuration() ? options_.first_delay : std::min(2 * delay_, options_.longest_delay);
    return delay_;
  }

 private:
  const RestartBudgetOptions options_;
  std::deque<Instant> failures_;  // Within the window, the oldest first.
  absl::Duration delay_;
};

}  // namespace recbots
