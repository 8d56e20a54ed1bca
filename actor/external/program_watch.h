// What an actor shows of the program that plays its users: metrics, a part of /statusz, and whether it binds the actor.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "actor/scenarios/external/hooks.h"
#include "common/base/instant.h"
#include "common/metrics/metrics.h"
#include "common/metrics/status_page.h"

namespace recbots {

// Refresh is for the thread that acts; everything else is thread-safe.
class ProgramWatch {
 public:
  // Adds the series. `metrics` must outlive the watch.
  explicit ProgramWatch(Metrics& metrics);

  // Fills what concerns this class. The watch must outlive all environments made with the hooks.
  void Watch(ExternalHooks& hooks);
  void Refresh(int64_t dropped_steps);

  // Whether the program took more than half of the time, as far as is known.
  bool binds() const { return binds_; }
  StatusSection Page() const;

 private:
  Metrics& metrics_;
  prometheus::Histogram& seconds_;
  const std::shared_ptr<ProgramRecord> record_ = std::make_shared<ProgramRecord>();
  Instant since_ = Instant::Now();  // Of the period after which binds_ is decided again,
  absl::Duration stepping_before_;  // and the program's time until then.
  std::atomic<bool> binds_{false};
};

}  // namespace recbots
