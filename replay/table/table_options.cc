#include "replay/table/table_options.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace recbots::replay {
namespace {

constexpr int64_t kMaxCapacityRows = 0xFFFFFFFF;  // Slots have 32 bits.
constexpr int32_t kMaxTimesSampled = 0xFFFF;
constexpr double kMaxExponent = 10;

// "replay table 'transitions': what value, want bound".
template <typename... Args>
absl::Status Refusal(const TableOptions& options, const Args&... args) {
  return absl::InvalidArgumentError(absl::StrCat("replay table '", options.name, "': ", args...));
}

absl::Status CheckSelectors(const TableOptions& options) {
  if (const auto traits = TraitsOf(options.sampler); !traits.ok()) {
    return Refusal(options, "sampler ", traits.status().message());
  }
  if (options.remover != SelectorKind::kOldest && options.remover != SelectorKind::kNewest &&
      options.remover != SelectorKind::kLowestPriority) {
    return Refusal(options, "remover ", NameOf(options.remover), ", want oldest, newest or lowest_priority");
  }
  if (!(options.priority_exponent >= 0 && options.priority_exponent <= kMaxExponent)) {
    return Refusal(options, "priority_exponent ", options.priority_exponent, ", want 0..", kMaxExponent);
  }
  if (options.max_times_sampled < 0 || options.max_times_sampled > kMaxTimesSampled) {
    return Refusal(options, "max_times_sampled ", options.max_times_sampled, ", want 0..", kMaxTimesSampled);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTableOptions(const TableOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckSelectors(options));
  RECBOTS_RETURN_IF_ERROR(RateLimiter::Create(options.rate_limiter).status());
  if (options.capacity_rows < 1 || options.capacity_rows > kMaxCapacityRows) {
    return Refusal(options, "capacity_rows ", options.capacity_rows, ", want 1..", kMaxCapacityRows);
  }
  RECBOTS_RETURN_IF_ERROR(CheckLimiterFits(options, options.rate_limiter, options.capacity_rows));
  if (options.max_writers < 1) return Refusal(options, "max_writers ", options.max_writers, ", want at least 1");
  return absl::OkStatus();
}

absl::Status CheckLimiterFits(const TableOptions& options, const RateLimiterOptions& limiter, int64_t capacity) {
  const int32_t times = options.max_times_sampled;
  if (limiter.kind == RateLimiterOptions::Kind::kQueue) {
    if (limiter.queue_size > capacity) {
      return Refusal(options, "queue_size ", limiter.queue_size, ", want at most the capacity, ", capacity,
                     " rows (capacity_rows ", options.capacity_rows, ", capacity_bytes ", options.capacity_bytes, ")");
    }
    // Otherwise rows that were sampled would stay, and the queue would be full for ever.
    if (times != 1) return Refusal(options, "max_times_sampled ", times, ", want 1 for a queue");
    return absl::OkStatus();
  }
  if (limiter.min_size > capacity) {
    return Refusal(options, "min_size ", limiter.min_size, ", want at most the capacity, ", capacity,
                   " rows (capacity_rows ", options.capacity_rows, ", capacity_bytes ", options.capacity_bytes, ")");
  }
  if (times > 0 && limiter.samples_per_insert > times) {
    return Refusal(options, "samples_per_insert ", limiter.samples_per_insert, ", want at most max_times_sampled, ",
                   times);
  }
  return absl::OkStatus();
}

}  // namespace recbots::replay
