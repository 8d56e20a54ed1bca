// When a role that has died is started again, and when it has died too often.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/base/instant.h"

namespace recbots {

struct RestartOptions {
  absl::Duration first_delay = absl::Seconds(0.5);  // Doubles with every death within the window.
  absl::Duration longest_delay = absl::Seconds(10);
  int max_deaths = 5;  // This many of one role within the window, without progress, end the run.
  absl::Duration window = absl::Minutes(1);
  absl::Duration progress = absl::Seconds(5);  // A role that has lived for this long has made progress.
};

// Not thread-safe.
class Restarts {
 public:
  explicit Restarts(const RestartOptions& options) : options_(options) {}

  // Notes that the role has died at `now`, after it had lived for `lived`. Returns when to start it again; nullopt: it
  // has died too often.
  std::optional<Instant> OnDeath(const std::string& role, absl::Duration lived, Instant now) {
    std::deque<Instant>& deaths = deaths_[role];
    if (lived >= options_.progress) deaths.clear();
    while (!deaths.empty() && now - deaths.front() > options_.window) deaths.pop_front();
    deaths.push_back(now);
    if (static_cast<int>(deaths.size()) >= options_.max_deaths) return std::nullopt;
    absl::Duration delay = options_.first_delay;
    for (size_t i = 1; i < deaths.size() && delay < options_.longest_delay; ++i) delay *= 2;
    return now + std::min(delay, options_.longest_delay);
  }

 private:
  const RestartOptions options_;
  std::map<std::string, std::deque<Instant>> deaths_;  // Within the window, the oldest first.
};

}  // namespace recbots
