#include "actor/scenarios/long_term_satisfaction/options.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/check_range.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

using Options = LongTermSatisfactionOptions;

}  // namespace

absl::Status Validate(const LongTermSatisfactionOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckRange("num_candidates", options.num_candidates, 1, Options::kMaxCandidates));
  RECBOTS_RETURN_IF_ERROR(
      CheckRange("slate_size", options.slate_size, 1, std::min(options.num_candidates, Options::kMaxSlate)));
  RECBOTS_RETURN_IF_ERROR(CheckRange("candidate_refresh", static_cast<int>(options.candidate_refresh),
                                     static_cast<int>(CandidateRefresh::kEveryStep),
                                     static_cast<int>(CandidateRefresh::kNever)));
  RECBOTS_RETURN_IF_ERROR(CheckRange("max_episode_steps", options.max_episode_steps, 0, Options::kMaxSteps));
  RECBOTS_RETURN_IF_ERROR(CheckRange("memory_discount", options.memory_discount, 0.0, Options::kMaxMemoryDiscount));
  RECBOTS_RETURN_IF_ERROR(CheckRange("sensitivity", options.sensitivity, 0.0, Options::kMaxSensitivity));
  RECBOTS_RETURN_IF_ERROR(CheckRange("innovation_stddev", options.innovation_stddev, 0.0, Options::kMaxInnovation));
  RECBOTS_RETURN_IF_ERROR(CheckRange("choc_mean", options.choc_mean, -Options::kMaxMean, Options::kMaxMean));
  RECBOTS_RETURN_IF_ERROR(CheckRange("choc_stddev", options.choc_stddev, 0.0, Options::kMaxStddev));
  RECBOTS_RETURN_IF_ERROR(CheckRange("kale_mean", options.kale_mean, -Options::kMaxMean, Options::kMaxMean));
  RECBOTS_RETURN_IF_ERROR(CheckRange("kale_stddev", options.kale_stddev, 0.0, Options::kMaxStddev));
  RECBOTS_RETURN_IF_ERROR(CheckRange("max_clickbait", options.max_clickbait, 0.0, 1.0));
  RECBOTS_RETURN_IF_ERROR(
      CheckRange("min_clickbait", options.min_clickbait, 0.0, options.max_clickbait, " (max_clickbait)"));
  return CheckRange("time_budget", options.time_budget, 1, Options::kMaxSteps);
}

}  // namespace recbots
