// Long-term satisfaction ("choc/kale", Ie et al. 2019, arXiv:1909.04847, section 5): one step as pure functions of its
// random numbers.
//
// A document has a clickbait score in [0, 1]. Clickbait ("choc") engages at once but makes the user less satisfied; its
// opposite ("kale") engages less and makes the user more satisfied. The user's `exposure` is the discounted sum of what
// it has consumed; the larger it is, the more satisfied the user is, and the more every document engages it. With x the
// exposure, c the clickbait consumed and z1, z2 standard normal:
//
//   first exposure  (u - 1/2) / (1 - memory_discount)
//   satisfaction    1 / (1 + exp(-sensitivity x))
//   engagement      exp(satisfaction (c choc_mean + (1 - c) kale_mean) + (c choc_stddev + (1 - c) kale_stddev) z1)
//   next exposure   memory_discount x - 2 (c - 1/2) + innovation_stddev z2
//
// The sign of the clickbait term is that of RecSim's code; RecSim's documentation has the opposite one.
#pragma once

#include <cmath>

#include "absl/types/span.h"
#include "actor/scenarios/long_term_satisfaction/options.h"

namespace recbots {

// The number of steps of an episode: the time budget, or the step limit if that is less.
inline int EpisodeSteps(const LongTermSatisfactionOptions& options) {
  const bool cut = options.max_episode_steps > 0 && options.max_episode_steps < options.time_budget;
  return cut ? options.max_episode_steps : options.time_budget;
}

struct LtsUser {
  double exposure = 0;  // RecSim's net positive exposure.
  int time_left = 0;    // Items.
};

// What the user did with one shown item.
struct LtsResponse {
  bool clicked = false;
  double engagement = 0;  // The true engagement; the observed one is clipped to 0..kMaxSeenEngagement.
};

inline constexpr double kMaxSeenEngagement = 100;

inline LtsUser FirstUser(const LongTermSatisfactionOptions& options, double u) {
  return {.exposure = (u - 0.5) / (1 - options.memory_discount), .time_left = options.time_budget};
}

inline double Satisfaction(const LongTermSatisfactionOptions& options, double exposure) {
  return 1 / (1 + std::exp(-options.sensitivity * exposure));
}

// Mean and standard deviation of the log engagement.
inline double LogEngagementMean(const LongTermSatisfactionOptions& options, double satisfaction, double clickbait) {
  return satisfaction * (clickbait * options.choc_mean + (1 - clickbait) * options.kale_mean);
}
inline double LogEngagementStddev(const LongTermSatisfactionOptions& options, double clickbait) {
  return clickbait * options.choc_stddev + (1 - clickbait) * options.kale_stddev;
}

inline double Engagement(const LongTermSatisfactionOptions& options, double satisfaction, double clickbait, double z1) {
  return std::exp(LogEngagementMean(options, satisfaction, clickbait) + LogEngagementStddev(options, clickbait) * z1);
}

// E[Engagement] over z1: log-normal.
inline double MeanEngagement(const LongTermSatisfactionOptions& options, double satisfaction, double clickbait) {
  const double stddev = LogEngagementStddev(options, clickbait);
  return std::exp(LogEngagementMean(options, satisfaction, clickbait) + stddev * stddev / 2);
}

// The next exposure without the innovation.
inline double MeanNextExposure(const LongTermSatisfactionOptions& options, double exposure, double clickbait) {
  return options.memory_discount * exposure - 2 * (clickbait - 0.5);
}

inline LtsUser NextUser(const LongTermSatisfactionOptions& options, const LtsUser& user, double clickbait, double z2) {
  return {.exposure = MeanNextExposure(options, user.exposure, clickbait) + options.innovation_stddev * z2,
          .time_left = user.time_left - 1};
}

inline bool HasLeft(const LtsUser& user) { return user.time_left <= 0; }

inline double SeenEngagement(double engagement) {
  return engagement < kMaxSeenEngagement ? engagement : kMaxSeenEngagement;
}

// The reward of a slate: the engagement of what was consumed, not clipped.
inline double TotalEngagement(absl::Span<const LtsResponse> responses) {
  double sum = 0;
  for (const LtsResponse& response : responses) sum += response.clicked ? response.engagement : 0;
  return sum;
}

}  // namespace recbots
