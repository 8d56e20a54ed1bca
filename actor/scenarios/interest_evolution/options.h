// Settings of interest evolution. Names, numbers, ranges and defaults are those of InterestEvolutionConfig
// (config.proto).
#pragma once

#include <algorithm>

#include "absl/status/status.h"
#include "actor/recsim/model.h"
#include "actor/scenarios/interest_evolution/dynamics.h"
#include "common/base/settings.h"
#include "common/slate/choice_model.h"

namespace recbots {

// How videos are drawn.
enum class VideoSampler {
  kClusters = 1,  // One of F clusters each, qualities around the cluster's mean (RecSim's utility model).
  kUniform = 2,   // Features uniform in a cube, all of the same quality, lengths normal (RecSim's other sampler).
};

// How users are drawn. Interests are uniform in -1..1 with both.
enum class UserSampler {
  kConfigured = 1,  // As the settings say (RecSim's utility model).
  // RecSim's other sampler: time_budget 30, step_penalty 1, user_update_alpha 0, both quality factors 1 and, for
  // cascades, attention_prob 0.9. These settings must then be left at their defaults. Nothing reads what else it draws.
  kHardCoded = 2,
};

enum class EvolutionReward { kWatchTime = 1, kClicks = 2 };

struct InterestEvolutionOptions {
  static constexpr int kMaxFeatures = 64;
  static constexpr double kLarge = 1e9;  // Large enough for any use, small enough that nothing overflows.

  RECBOTS_SETTINGS;
  RECBOTS_SETTING(int, num_candidates, Between(1, 1 << 16), 10);  // N
  RECBOTS_SETTING(int, slate_size,                                // K
                  Between(1, std::min(num_candidates, int{ChoiceModel::kMaxSlate}), " (and at most num_candidates)"),
                  3);
  // F: the number of clusters of videos, and of interests of a user.
  RECBOTS_SETTING(int, num_features, Between(1, kMaxFeatures), 20);
  RECBOTS_SETTING(int, max_episode_steps, Between(1, 1e9), 27000);
  RECBOTS_SETTING(CandidateRefresh, candidate_refresh, Between(1, 3), CandidateRefresh::kEveryStep);
  RECBOTS_SETTING(VideoSampler, video_sampler, Between(1, 2), VideoSampler::kClusters);
  RECBOTS_SETTING(UserSampler, user_sampler, Between(1, 2), UserSampler::kConfigured);
  RECBOTS_SETTING(EvolutionReward, reward, Between(1, 2), EvolutionReward::kWatchTime);
  RECBOTS_SETTING(ChoiceModelOptions, choice, AnyValue(), DefaultChoice());

  RECBOTS_SETTING(double, time_budget, Above(0, kLarge), 200);  // Minutes.
  RECBOTS_SETTING(double, step_penalty, Between(0, kLarge), 0.5);
  RECBOTS_SETTING(double, user_update_alpha, Between(-kLarge, kLarge), 0.9 / 3.4);
  RECBOTS_SETTING(double, user_quality_factor, Between(-kLarge, kLarge), 0);
  RECBOTS_SETTING(double, document_quality_factor, Between(-kLarge, kLarge), 1);
  // X and Y of the update of interests (MovedInterest).
  RECBOTS_SETTING(double, alpha_x_intercept, Above(0, kLarge), 1);
  RECBOTS_SETTING(double, alpha_y_intercept, Between(-kLarge, kLarge), 0.3);

  // kClusters: range of the clusters' mean qualities, standard deviation within a cluster, minutes.
  RECBOTS_SETTING(double, min_utility, Between(-kLarge, kLarge), -3);
  RECBOTS_SETTING(double, max_utility, Between(-kLarge, kLarge), 3);
  RECBOTS_SETTING(double, quality_stddev, Between(0, kLarge), 0.1);
  RECBOTS_SETTING(double, video_length, Above(0, kLarge), 4);

  // kUniform: features, quality, minutes, which are cut to 0..max_video_length.
  RECBOTS_SETTING(double, min_feature, Between(-1, 1), -1);
  RECBOTS_SETTING(double, max_feature, Between(min_feature, 1), 1);
  RECBOTS_SETTING(double, video_quality, Between(-kLarge, kLarge), 1);
  RECBOTS_SETTING(double, video_length_mean, Between(-kLarge, kLarge), 4.3);
  RECBOTS_SETTING(double, video_length_stddev, Between(0, kLarge), 1);
  RECBOTS_SETTING(double, max_video_length, Above(0, kLarge), 100);

  // The reward that a minute of time budget is worth to the reference policy "fractional".
  RECBOTS_SETTING(double, fractional_rho, Between(0, kLarge), 1.4);

  static ChoiceModelOptions DefaultChoice() {
    return {.kind = ChoiceKind::kMultinomialProportional,
            .no_click_mass = 1,
            .min_normalizer = -1,
            .attention_prob = 0.65,
            .score_scaling = 0.05};
  }

  InterestDynamics dynamics() const {
    return {alpha_x_intercept, alpha_y_intercept,   user_update_alpha,
            step_penalty,      user_quality_factor, document_quality_factor};
  }
};

// INVALID_ARGUMENT: a setting is out of bounds, or the choice model cannot weigh all scores; the message begins with
// the setting's name and has value and bound.
absl::Status Validate(const InterestEvolutionOptions& options);

// The same settings, but with those that the user sampler fixes filled in.
InterestEvolutionOptions WithUserSampler(InterestEvolutionOptions options);

}  // namespace recbots
