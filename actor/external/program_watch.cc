#include "actor/external/program_watch.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/metrics/metric_names.h"

namespace recbots {
namespace {

// How long the actor looks where its time goes before it says what binds it.
constexpr absl::Duration kPeriod = absl::Seconds(1);

// From a program that answers at once to one that is about to be given up.
std::vector<double> SecondBounds() { return {1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10}; }

}  // namespace

ProgramWatch::ProgramWatch(Metrics& metrics)
    : metrics_(metrics), seconds_(metrics.histogram(metric::kActorEnvironmentStep, SecondBounds())) {
  Refresh(0);
}

void ProgramWatch::Watch(ExternalHooks& hooks) {
  hooks.record = record_;
  hooks.on_step = [this](absl::Duration time) { seconds_.Observe(absl::ToDoubleSeconds(time)); };
}

void ProgramWatch::Refresh(int64_t dropped_steps) {
  const ProgramRecord::Snapshot now = record_->snapshot();
  for (const char* const reason : kRestartReasons) {
    const auto counted = now.restarts.find(reason);
    RaiseTo(metrics_.counter(metric::kActorEnvironmentRestarts, reason),
            counted == now.restarts.end() ? 0 : static_cast<double>(counted->second));
  }
  RaiseTo(metrics_.counter(metric::kActorEnvironmentDropped), static_cast<double>(dropped_steps));
  const absl::Duration elapsed = Instant::Now() - since_;
  if (elapsed < kPeriod) return;
  binds_ = now.stepping - stepping_before_ > 0.5 * elapsed;
  stepping_before_ = now.stepping;
  since_ = Instant::Now();
}

StatusSection ProgramWatch::Page() const {
  const ProgramRecord::Snapshot now = record_->snapshot();
  int64_t restarts = 0;
  for (const auto& [reason, count] : now.restarts) restarts += count;
  return {"Environment",
          {{"bound by", binds_ ? "environment" : "something else"},
           {"starts after failures", absl::StrCat(restarts)},
           {"last error", now.last_error.empty() ? "none" : now.last_error}}};
}

}  // namespace recbots
