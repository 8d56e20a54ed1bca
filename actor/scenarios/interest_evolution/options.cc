#include "actor/scenarios/interest_evolution/options.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

absl::Status CheckDefault(const char* name, double value, double want, double fixed) {
  if (value == want || value == fixed) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, " ", value, ", want it left out: user_sampler HARD_CODED_USERS has ", fixed));
}

// INVALID_ARGUMENT: a setting that the hard-coded sampler fixes is not at its default.
absl::Status CheckHardCoded(const InterestEvolutionOptions& given) {
  const InterestEvolutionOptions standard, fixed = WithUserSampler(given);
  RECBOTS_RETURN_IF_ERROR(CheckDefault("time_budget", given.time_budget, standard.time_budget, fixed.time_budget));
  RECBOTS_RETURN_IF_ERROR(CheckDefault("step_penalty", given.step_penalty, standard.step_penalty, fixed.step_penalty));
  RECBOTS_RETURN_IF_ERROR(
      CheckDefault("user_update_alpha", given.user_update_alpha, standard.user_update_alpha, fixed.user_update_alpha));
  RECBOTS_RETURN_IF_ERROR(CheckDefault("user_quality_factor", given.user_quality_factor, standard.user_quality_factor,
                                       fixed.user_quality_factor));
  RECBOTS_RETURN_IF_ERROR(CheckDefault("document_quality_factor", given.document_quality_factor,
                                       standard.document_quality_factor, fixed.document_quality_factor));
  return CheckDefault("choice.attention_prob", given.choice.attention_prob, standard.choice.attention_prob,
                      fixed.choice.attention_prob);
}

}  // namespace

absl::Status Validate(const InterestEvolutionOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckSettings(options));
  if (options.user_sampler == UserSampler::kHardCoded) RECBOTS_RETURN_IF_ERROR(CheckHardCoded(options));
  // Interests and features are in -1..1, so a score is at most 1 if only one feature is not 0.
  const double largest_feature = std::max(std::abs(options.min_feature), std::abs(options.max_feature));
  const double highest = options.video_sampler == VideoSampler::kClusters ? 1 : options.num_features * largest_feature;
  const auto choice = ChoiceModel::Create(WithUserSampler(options).choice);
  return WithPath("choice", choice.ok() ? choice->CheckScores(-highest, highest) : choice.status());
}

InterestEvolutionOptions WithUserSampler(InterestEvolutionOptions options) {
  if (options.user_sampler != UserSampler::kHardCoded) return options;
  options.time_budget = 30;
  options.step_penalty = 1;
  options.user_update_alpha = 0;
  options.user_quality_factor = 1;
  options.document_quality_factor = 1;
  options.choice.attention_prob = 0.9;
  return options;
}

}  // namespace recbots
