// Interest evolution as pure functions of a user's interests, a slate's videos and uniform numbers (SlateQ, Ie et al.
// 2019, arXiv:1905.12767, section 6, as in RecSim's code): what the user chooses and watches, and how it changes.
//
// I is the user's interests, [F] within -1..1; f the features of a video, [F]. Features are OneHot where videos belong
// to clusters, and Dense for any vector; both follow the same formulas, and agree bit for bit if the vector is one-hot.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/log.h"
#include "common/slate/choice_model.h"

namespace recbots {

struct OneHot {
  uint32_t index = 0;
};
using Dense = absl::Span<const double>;  // F numbers.

// A user whose numbers are stored elsewhere.
struct UserRow {
  double* interests;    // I, [F]
  double& time_budget;  // Minutes left.
};
// The videos of a slate, in its order; Features is OneHot or Dense.
template <typename Features>
struct ShownVideos {
  const Features* features;  // [n]
  const double* lengths;     // [n], minutes
  size_t n;
};
// A video that was clicked.
struct WatchedVideo {
  double quality;
  double watch_time;  // Minutes.
};

// The parameters of a user's changes.
struct InterestDynamics {
  double alpha_x_intercept = 1;          // X > 0
  double alpha_y_intercept = 0.3;        // Y
  double user_update_alpha = 0.9 / 3.4;  // Minutes of budget regained per minute watched and unit of quality.
  double step_penalty = 0.5;             // Minutes that a slate without a click costs.
  double user_quality_factor = 0;
  double document_quality_factor = 1;
};

// I f, the score of a video in the choice model.
inline double Affinity(const double* interests, OneHot f) { return interests[f.index]; }
inline double Affinity(const double* interests, Dense f) {
  double sum = 0;
  for (size_t k = 0; k < f.size(); ++k) sum += interests[k] * f[k];
  return sum;
}

// f (I + 1) / 2, the probability that watching a video turns the user towards it. Callers compare a number in [0, 1)
// with it, so that less than 0 acts as 0 and more than 1 as 1.
inline double LikingProbability(const double* interests, OneHot f) { return (interests[f.index] + 1) / 2; }
inline double LikingProbability(const double* interests, Dense f) {
  double sum = 0;
  for (size_t k = 0; k < f.size(); ++k) sum += f[k] * ((interests[k] + 1) / 2);
  return sum;
}

// One interest after its video was watched, `direction` +1 or -1: I + direction (Y - Y / X |I|) f (f - I), clipped.
inline double MovedInterest(const InterestDynamics& dynamics, double interest, double feature, double direction) {
  const double slope = dynamics.alpha_y_intercept / dynamics.alpha_x_intercept;
  const double alpha = dynamics.alpha_y_intercept - slope * std::abs(interest);
  return std::clamp(interest + direction * (alpha * feature * (feature - interest)), -1.0, 1.0);
}

// Moves all interests after a video was watched: towards it if u is below the liking probability, else away from it.
inline void MoveInterests(const InterestDynamics& dynamics, OneHot f, double u, double* interests) {
  const double direction = u < LikingProbability(interests, f) ? 1.0 : -1.0;
  interests[f.index] = MovedInterest(dynamics, interests[f.index], 1.0, direction);
}
inline void MoveInterests(const InterestDynamics& dynamics, Dense f, double u, double* interests) {
  const double direction = u < LikingProbability(interests, f) ? 1.0 : -1.0;
  for (size_t k = 0; k < f.size(); ++k) interests[k] = MovedInterest(dynamics, interests[k], f[k], direction);
}

// Minutes for which a clicked video is watched, and whether a user who has this many left leaves.
inline double WatchTime(double time_budget, double length) { return std::min(time_budget, length); }
inline bool IsSpent(double time_budget) { return time_budget <= 0; }

// The time budget that is left after a video was watched. `utility` is the video's weight in the choice model if it is
// shown alone, `quality` its quality.
inline double BudgetAfterWatching(const InterestDynamics& dynamics, double time_budget, double watch_time,
                                  double utility, double quality) {
  const double satisfaction = dynamics.user_quality_factor * utility + dynamics.document_quality_factor * quality;
  return time_budget - watch_time + dynamics.user_update_alpha * watch_time * satisfaction;
}
inline double BudgetAfterNoClick(const InterestDynamics& dynamics, double time_budget) {
  return time_budget - dynamics.step_penalty;
}

// Changes the user who has watched one video.
template <typename Features>
void ApplyClick(const InterestDynamics& dynamics, const ChoiceModel& choice, Features f, WatchedVideo video, double u,
                UserRow user) {
  double utility = 0;
  if (dynamics.user_quality_factor != 0) {
    const double score = Affinity(user.interests, f);
    double no_click = 0;
    const absl::Status status = choice.Weigh({&score, 1}, {&utility, 1}, no_click);
    RECBOTS_CHECK(status.ok()) << status.message();  // CheckScores has admitted all scores.
  }
  MoveInterests(dynamics, f, u, user.interests);
  user.time_budget = BudgetAfterWatching(dynamics, user.time_budget, video.watch_time, utility, video.quality);
}

// Draws which of the n videos are clicked (bit i: the i-th), and writes n watch times: the length of a clicked video,
// or the time budget left by the videos before it in the slate if that is less, and 0 without a click.
template <typename Features, typename Uniform>
uint64_t WatchVideos(const ChoiceModel& choice, const double* interests, double time_budget,
                     const ShownVideos<Features>& videos, Uniform&& uniform, double* watch_times) {
  double scores[ChoiceModel::kMaxSlate];
  for (size_t i = 0; i < videos.n; ++i) scores[i] = Affinity(interests, videos.features[i]);
  const uint64_t clicks = choice.DrawFrom({scores, videos.n}, uniform);
  for (size_t i = 0; i < videos.n; ++i) {
    watch_times[i] = (clicks >> i & 1) != 0 ? WatchTime(time_budget, videos.lengths[i]) : 0.0;
    time_budget -= watch_times[i];
  }
  return clicks;
}

// The rewards of a slate; `watch_times` has n numbers.
inline double ClickReward(uint64_t clicks) { return std::popcount(clicks); }
inline double WatchTimeReward(uint64_t clicks, const double* watch_times, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += (clicks >> i & 1) != 0 ? watch_times[i] : 0.0;
  return sum;
}

// The response to one video, in the order of kVideoResponseFields.
inline constexpr const char* kVideoResponseFields[] = {"click", "watch_time", "liked", "quality", "cluster_id"};
inline void WriteVideoResponse(bool click, double watch_time, double quality, uint32_t cluster, float* fields) {
  fields[0] = click ? 1.0f : 0.0f;
  fields[1] = static_cast<float>(watch_time);
  fields[2] = 0.0f;  // "liked" is always 0 in RecSim, too.
  fields[3] = static_cast<float>(quality);
  fields[4] = static_cast<float>(cluster);
}

}  // namespace recbots
