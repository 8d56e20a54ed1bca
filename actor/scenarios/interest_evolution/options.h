// Settings of interest evolution. Names, numbers and defaults are those of InterestEvolutionConfig (config.proto).
#pragma once

#include "absl/status/status.h"
#include "actor/recsim/model.h"
#include "actor/scenarios/interest_evolution/dynamics.h"
#include "common/slate/choice_model.h"

namespace recbots {

// Where videos come from.
enum class VideoSampler {
  kClusters = 1,  // One of F clusters each, qualities around the cluster's mean (RecSim's utility model).
  kUniform = 2,   // Features uniform in a cube, all of the same quality, lengths normal (RecSim's other sampler).
};

// Where users come from. Interests are uniform in -1..1 with both.
enum class UserSampler {
  kConfigured = 1,  // As the settings say (RecSim's utility model).
  // RecSim's other sampler: time_budget 30, step_penalty 1, user_update_alpha 0, both quality factors 1 and, for
  // cascades, attention_prob 0.9. Those settings must then be left at their defaults. What else it draws is read by
  // nothing.
  kHardCoded = 2,
};

enum class EvolutionReward { kWatchTime = 1, kClicks = 2 };

struct InterestEvolutionOptions {
  static constexpr int kMaxFeatures = 64;

  InterestEvolutionOptions() {
    choice.kind = ChoiceKind::kMultinomialProportional;
    choice.no_click_mass = 1;
    choice.min_normalizer = -1;
    choice.attention_prob = 0.65;
    choice.score_scaling = 0.05;
  }

  int num_candidates = 10;  // N
  int slate_size = 3;       // K, up to ChoiceModel::kMaxSlate
  int num_features = 20;    // F, 1..kMaxFeatures: clusters of videos, and interests of users
  int max_episode_steps = 27000;
  CandidateRefresh candidate_refresh = CandidateRefresh::kEveryStep;
  VideoSampler video_sampler = VideoSampler::kClusters;
  UserSampler user_sampler = UserSampler::kConfigured;
  EvolutionReward reward = EvolutionReward::kWatchTime;
  ChoiceModelOptions choice;

  double time_budget = 200;  // Minutes.
  double step_penalty = 0.5;
  double user_update_alpha = 0.9 / 3.4;
  double user_quality_factor = 0;
  double document_quality_factor = 1;
  double alpha_x_intercept = 1;  // X and Y of the update of interests (MovedInterest).
  double alpha_y_intercept = 0.3;

  double min_utility = -3;  // kClusters: range of the clusters' mean qualities,
  double max_utility = 3;
  double quality_stddev = 0.1;  // standard deviation within a cluster,
  double video_length = 4;      // minutes.

  double min_feature = -1;  // kUniform: features,
  double max_feature = 1;
  double video_quality = 1;        // quality,
  double video_length_mean = 4.3;  // minutes; cut to 0..max_video_length.
  double video_length_stddev = 1;
  double max_video_length = 100;

  // What the reference policy "fractional" takes a minute of time budget to be worth, in reward.
  double fractional_rho = 1.4;

  template <typename F>
  void ForEachField(F&& f) {
    f("num_candidates", num_candidates);
    f("slate_size", slate_size);
    f("num_features", num_features);
    f("max_episode_steps", max_episode_steps);
    f("candidate_refresh", candidate_refresh);
    f("video_sampler", video_sampler);
    f("user_sampler", user_sampler);
    f("reward", reward);
    f("choice", choice);
    f("time_budget", time_budget);
    f("step_penalty", step_penalty);
    f("user_update_alpha", user_update_alpha);
    f("user_quality_factor", user_quality_factor);
    f("document_quality_factor", document_quality_factor);
    f("alpha_x_intercept", alpha_x_intercept);
    f("alpha_y_intercept", alpha_y_intercept);
    f("min_utility", min_utility);
    f("max_utility", max_utility);
    f("quality_stddev", quality_stddev);
    f("video_length", video_length);
    f("min_feature", min_feature);
    f("max_feature", max_feature);
    f("video_quality", video_quality);
    f("video_length_mean", video_length_mean);
    f("video_length_stddev", video_length_stddev);
    f("max_video_length", max_video_length);
    f("fractional_rho", fractional_rho);
  }

  InterestDynamics dynamics() const {
    return {alpha_x_intercept, alpha_y_intercept,   user_update_alpha,
            step_penalty,      user_quality_factor, document_quality_factor};
  }
};

// INVALID_ARGUMENT: a setting out of bounds, or scores that the choice model cannot weigh; the message begins with the
// setting's name and has value and bound.
absl::Status ValidateInterestEvolution(const InterestEvolutionOptions& options);

// The same settings with those filled in that the user sampler stands for.
InterestEvolutionOptions WithUserSampler(InterestEvolutionOptions options);

}  // namespace recbots
