#include "actor/scenarios/interest_evolution/options.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/check_range.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

// Large enough for any use, small enough that nothing overflows.
constexpr double kLarge = 1e9;

absl::Status CheckPositive(const char* name, double value) {
  if (value > 0 && value <= kLarge) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, " ", value, ", want more than 0, at most ", kLarge));
}

absl::Status CheckSizes(const InterestEvolutionOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckRange("num_candidates", options.num_candidates, 1, 1 << 16));
  RECBOTS_RETURN_IF_ERROR(CheckRange("slate_size", options.slate_size, 1,
                                     std::min(options.num_candidates, static_cast<int>(ChoiceModel::kMaxSlate)),
                                     " (and at most num_candidates)"));
  RECBOTS_RETURN_IF_ERROR(CheckRange("num_features", options.num_features, 1, InterestEvolutionOptions::kMaxFeatures));
  RECBOTS_RETURN_IF_ERROR(CheckRange("max_episode_steps", options.max_episode_steps, 1, 1e9));
  RECBOTS_RETURN_IF_ERROR(CheckRange("candidate_refresh", static_cast<int>(options.candidate_refresh), 1, 3));
  RECBOTS_RETURN_IF_ERROR(CheckRange("video_sampler", static_cast<int>(options.video_sampler), 1, 2));
  RECBOTS_RETURN_IF_ERROR(CheckRange("user_sampler", static_cast<int>(options.user_sampler), 1, 2));
  return CheckRange("reward", static_cast<int>(options.reward), 1, 2);
}

absl::Status CheckUser(const InterestEvolutionOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckPositive("time_budget", options.time_budget));
  RECBOTS_RETURN_IF_ERROR(CheckRange("step_penalty", options.step_penalty, 0, kLarge));
  RECBOTS_RETURN_IF_ERROR(CheckRange("user_update_alpha", options.user_update_alpha, -kLarge, kLarge));
  RECBOTS_RETURN_IF_ERROR(CheckRange("user_quality_factor", options.user_quality_factor, -kLarge, kLarge));
  RECBOTS_RETURN_IF_ERROR(CheckRange("document_quality_factor", options.document_quality_factor, -kLarge, kLarge));
  RECBOTS_RETURN_IF_ERROR(CheckPositive("alpha_x_intercept", options.alpha_x_intercept));
  return CheckRange("alpha_y_intercept", options.alpha_y_intercept, -kLarge, kLarge);
}

absl::Status CheckVideos(const InterestEvolutionOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckRange("min_utility", options.min_utility, -kLarge, kLarge));
  RECBOTS_RETURN_IF_ERROR(CheckRange("max_utility", options.max_utility, -kLarge, kLarge));
  RECBOTS_RETURN_IF_ERROR(CheckRange("quality_stddev", options.quality_stddev, 0, kLarge));
  RECBOTS_RETURN_IF_ERROR(CheckPositive("video_length", options.video_length));
  RECBOTS_RETURN_IF_ERROR(CheckRange("min_feature", options.min_feature, -1, 1));
  RECBOTS_RETURN_IF_ERROR(CheckRange("max_feature", options.max_feature, options.min_feature, 1));
  RECBOTS_RETURN_IF_ERROR(CheckRange("video_quality", options.video_quality, -kLarge, kLarge));
  RECBOTS_RETURN_IF_ERROR(CheckRange("video_length_mean", options.video_length_mean, -kLarge, kLarge));
  RECBOTS_RETURN_IF_ERROR(CheckRange("video_length_stddev", options.video_length_stddev, 0, kLarge));
  RECBOTS_RETURN_IF_ERROR(CheckPositive("max_video_length", options.max_video_length));
  return CheckRange("fractional_rho", options.fractional_rho, 0, kLarge);
}

absl::Status CheckDefault(const char* name, double value, double want, double fixed) {
  if (value == want || value == fixed) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(name, " ", value, ", want it left out: user_sampler HARD_CODED_USERS has ", fixed));
}

// What the hard-coded sampler fixes is not set to something else.
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

absl::Status WithinChoice(const absl::Status& status) {
  return status.ok() ? status : absl::Status(status.code(), absl::StrCat("choice.", status.message()));
}

}  // namespace

absl::Status ValidateInterestEvolution(const InterestEvolutionOptions& options) {
  RECBOTS_RETURN_IF_ERROR(CheckSizes(options));
  RECBOTS_RETURN_IF_ERROR(CheckUser(options));
  RECBOTS_RETURN_IF_ERROR(CheckVideos(options));
  if (options.user_sampler == UserSampler::kHardCoded) RECBOTS_RETURN_IF_ERROR(CheckHardCoded(options));
  const auto choice = ChoiceModel::Create(WithUserSampler(options).choice);
  if (!choice.ok()) return WithinChoice(choice.status());
  // Interests are within -1..1, so are the features: a score is at most 1 where just one feature is not 0.
  const double largest_feature = std::max(std::abs(options.min_feature), std::abs(options.max_feature));
  const double highest = options.video_sampler == VideoSampler::kClusters ? 1 : options.num_features * largest_feature;
  return WithinChoice(choice->CheckScores(-highest, highest));
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
