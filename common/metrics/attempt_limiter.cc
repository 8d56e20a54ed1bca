#include "common/metrics/attempt_limiter.h"

#include <algorithm>

namespace recbots {

double AttemptLimiter::WrongNow(const Record& record) const {
  return std::max(0.0, record.wrong - absl::FDivDuration(clock_.Now() - record.last, options_.pause));
}

bool AttemptLimiter::MayTry(const std::string& peer) {
  MutexLock lock(&mu_);
  const auto found = records_.find(peer);
  return found == records_.end() || WrongNow(found->second) + 1 <= options_.burst;
}

void AttemptLimiter::AddWrong(const std::string& peer) {
  MutexLock lock(&mu_);
  auto found = records_.find(peer);
  if (found == records_.end()) {
    if (records_.size() >= options_.max_peers) {
      records_.erase(std::min_element(records_.begin(), records_.end(),
                                      [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
    }
    found = records_.emplace(peer, Record()).first;
  }
  found->second = {WrongNow(found->second) + 1, clock_.Now()};
}

}  // namespace recbots
