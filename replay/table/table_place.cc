#include "replay/table/table_place.h"

namespace recbots::replay {

TableState TablePlace::state() const {
  if (const Table* const made = table(); made != nullptr) return made->state();
  TableState state;
  const absl::StatusOr<RateLimiter> limiter = RateLimiter::Create(options_.rate_limiter);
  if (limiter.ok()) state.samples_blocked_on = limiter->SampleBlockedOn(1);
  return state;
}

}  // namespace recbots::replay
