#include "actor/scenarios/known_q/options.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "actor/scenarios/known_q/dynamics.h"
#include "common/base/check_range.h"
#include "common/base/status_macros.h"

namespace recbots {

absl::Status Validate(const KnownQOptions& options) {
  RECBOTS_RETURN_IF_ERROR(
      CheckRange("num_candidates", options.num_candidates, kKnownQActions, KnownQOptions::kMaxCandidates));
  RECBOTS_RETURN_IF_ERROR(CheckRange("slate_size", options.slate_size, 1, options.num_candidates));
  RECBOTS_RETURN_IF_ERROR(CheckRange("max_episode_steps", options.max_episode_steps, 1, KnownQOptions::kMaxSteps));
  if (options.start_distribution.size() != size_t{kKnownQStates}) {
    return absl::InvalidArgumentError(absl::StrCat("start_distribution has ", options.start_distribution.size(),
                                                   " numbers, want ", size_t{kKnownQStates}));
  }
  double sum = 0;
  for (const double p : options.start_distribution) {
    if (!(p >= 0 && p <= 1)) return absl::InvalidArgumentError(absl::StrCat("start_distribution ", p, ", want 0..1"));
    sum += p;
  }
  if (std::abs(sum - 1) <= 1e-6) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("start_distribution sums to ", sum, ", want 1"));
}

}  // namespace recbots
