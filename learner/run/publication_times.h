// When each version of the weights was published.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "common/base/instant.h"

namespace recbots {

// Keeps the newest 4,096 versions. Not thread-safe.
class PublicationTimes {
 public:
  // Versions grow by one.
  void Add(int64_t version, Instant published) {
    if (times_.empty()) first_version_ = version;
    times_.push_back(published);
    if (times_.size() <= kKept) return;
    times_.pop_front();
    ++first_version_;
  }
  // How long ago `version` was published, on this machine's clock. If the version is no longer kept: how long ago the
  // oldest kept version was published, which is less. nullopt for a version that was never published here.
  std::optional<absl::Duration> Age(int64_t version, Instant now) const {
    const int64_t place = version < first_version_ ? 0 : version - first_version_;
    if (version < 1 || place >= static_cast<int64_t>(times_.size())) return std::nullopt;
    return now - times_[static_cast<size_t>(place)];
  }

 private:
  static constexpr size_t kKept = 4096;
  std::deque<Instant> times_;
  int64_t first_version_ = 1;
};

}  // namespace recbots
