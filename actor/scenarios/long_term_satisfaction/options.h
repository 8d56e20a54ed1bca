// Settings of long-term satisfaction. Names, numbers, ranges and defaults are those of LongTermSatisfactionConfig
// (config.proto).
#pragma once

#include <algorithm>

#include "absl/status/status.h"
#include "actor/recsim/model.h"
#include "common/base/settings.h"

namespace recbots {

// The ranges keep every reward finite, also as a float: the largest log engagement, 40 + 3 |z|, stays below 88 for
// every normal number that can be drawn (|z| < 16).
struct LongTermSatisfactionOptions {
  RECBOTS_SETTINGS;
  RECBOTS_SETTING(int, num_candidates, Between(1, 10000), 10);  // N
  // K; only the first item of a slate is consumed.
  RECBOTS_SETTING(int, slate_size, Between(1, std::min(num_candidates, 64)), 1);
  RECBOTS_SETTING(CandidateRefresh, candidate_refresh, Between(1, 3), CandidateRefresh::kEveryStep);
  // Episodes are truncated after this many steps; 0: never, the time budget ends them.
  RECBOTS_SETTING(int, max_episode_steps, Between(0, 1000000), 0);
  RECBOTS_SETTING(double, memory_discount, Between(0, 0.9999), 0.7);
  RECBOTS_SETTING(double, sensitivity, Between(0, 100), 0.01);        // How satisfaction depends on exposure.
  RECBOTS_SETTING(double, innovation_stddev, Between(0, 100), 0.05);  // The standard deviation of noise in exposure.
  // The log engagement of pure clickbait at full satisfaction, and of its opposite.
  RECBOTS_SETTING(double, choc_mean, Between(-40, 40), 5);
  RECBOTS_SETTING(double, choc_stddev, Between(0, 3), 1);
  RECBOTS_SETTING(double, kale_mean, Between(-40, 40), 4);
  RECBOTS_SETTING(double, kale_stddev, Between(0, 3), 1);
  RECBOTS_SETTING(int, time_budget, Between(1, 1000000), 60);  // Items a user consumes before it leaves.
  // The clickbait of documents is uniform between the two.
  RECBOTS_SETTING(double, max_clickbait, Between(0, 1), 1);
  RECBOTS_SETTING(double, min_clickbait, Between(0, max_clickbait, " (max_clickbait)"), 0);

  // The clickbait of the document that is drawn with the uniform number u.
  double Clickbait(double u) const { return min_clickbait + (max_clickbait - min_clickbait) * u; }
};

// INVALID_ARGUMENT: a field is out of bounds; the message begins with its name and has value and bound.
inline absl::Status Validate(const LongTermSatisfactionOptions& options) { return CheckSettings(options); }

}  // namespace recbots
