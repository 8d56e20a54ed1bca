// Settings of long-term satisfaction. Names, numbers and defaults are those of LongTermSatisfactionConfig
// (config.proto).
#pragma once

#include "absl/status/status.h"
#include "actor/recsim/model.h"

namespace recbots {

// Ranges keep every reward finite, as a float too: the largest log engagement, kMaxMean + kMaxStddev |z|, stays below
// 88 for every normal number that is ever drawn (|z| < 16).
struct LongTermSatisfactionOptions {
  static constexpr int kMaxCandidates = 10000;
  static constexpr int kMaxSlate = 64;
  static constexpr int kMaxSteps = 1000000;
  static constexpr double kMaxMemoryDiscount = 0.9999;
  static constexpr double kMaxSensitivity = 100;
  static constexpr double kMaxInnovation = 100;
  static constexpr double kMaxMean = 40;
  static constexpr double kMaxStddev = 3;

  int num_candidates = 10;  // N, 1..kMaxCandidates
  int slate_size = 1;       // K, 1..min(N, kMaxSlate); only the first item of a slate is consumed
  CandidateRefresh candidate_refresh = CandidateRefresh::kEveryStep;
  int max_episode_steps = 0;        // Then truncated; 0: never, the time budget ends the episode.
  double memory_discount = 0.7;     // 0..kMaxMemoryDiscount
  double sensitivity = 0.01;        // Of satisfaction to exposure, 0..kMaxSensitivity
  double innovation_stddev = 0.05;  // Of the noise in exposure, 0..kMaxInnovation
  double choc_mean = 5;             // Log engagement of pure clickbait at full satisfaction, -kMaxMean..kMaxMean
  double choc_stddev = 1;           // 0..kMaxStddev
  double kale_mean = 4;             // The same of its opposite.
  double kale_stddev = 1;
  double min_clickbait = 0;  // Documents are uniform between the two, 0 <= min <= max <= 1.
  double max_clickbait = 1;
  int time_budget = 60;  // Items a user consumes before it leaves, 1..kMaxSteps

  template <typename F>
  void ForEachField(F&& f) {
    f("num_candidates", num_candidates);
    f("slate_size", slate_size);
    f("candidate_refresh", candidate_refresh);
    f("max_episode_steps", max_episode_steps);
    f("memory_discount", memory_discount);
    f("sensitivity", sensitivity);
    f("innovation_stddev", innovation_stddev);
    f("choc_mean", choc_mean);
    f("choc_stddev", choc_stddev);
    f("kale_mean", kale_mean);
    f("kale_stddev", kale_stddev);
    f("min_clickbait", min_clickbait);
    f("max_clickbait", max_clickbait);
    f("time_budget", time_budget);
  }

  // Of the document drawn with uniform u.
  double Clickbait(double u) const { return min_clickbait + (max_clickbait - min_clickbait) * u; }
};

// INVALID_ARGUMENT: a field out of bounds; the message begins with its name and has value and bound.
absl::Status Validate(const LongTermSatisfactionOptions& options);

}  // namespace recbots
