#include "actor/scenarios/known_q/options.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace recbots {

absl::Status Validate(const KnownQOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckSettings(options));
  if (options.start_distribution.size() != size_t{kKnownQStates}) {
    return absl::InvalidArgumentError(absl::StrCat("start_distribution has ", options.start_distribution.size(),
                                                   " numbers, want ", size_t{kKnownQStates}));
  }
  double sum = 0;
  for (const double p : options.start_distribution) sum += p;
  if (std::abs(sum - 1) <= 1e-6) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("start_distribution sums to ", sum, ", want 1"));
}

}  // namespace recbots
