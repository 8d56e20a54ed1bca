#include "actor/client/topic_counts.h"

#include <algorithm>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "actor/loop/streams.h"
#include "actor/recsim/play_episodes.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

constexpr int kUsers = 32;
constexpr int64_t kMostSteps = 10000;
constexpr size_t kMostObservations = 256;
constexpr int kParts = 10;  // Of a single feature.

class Counter {
 public:
  explicit Counter(const EnvironmentSpec& spec)
      : spec_(spec),
        click_(spec.FindResponseField("click")),
        offered_(spec.num_candidate_features > 0 ? TopicNames(spec).size() : 0),
        shown_(offered_.size()),
        clicked_(offered_.size()) {}

  void Count(size_t user, const StepBuffer& step) {
    ++steps_;
    KeepObservation(user, step);
    if (offered_.empty()) return;
    const auto n = static_cast<size_t>(spec_.num_candidates), d = static_cast<size_t>(spec_.num_candidate_features);
    const auto k = static_cast<size_t>(spec_.slate_size), r = spec_.response_fields.size();
    const float* candidates = step.candidates.data() + user * n * d;
    for (size_t c = 0; c < n; ++c) ++offered_[TopicOf(spec_, candidates + c * d)];
    for (size_t i = 0; i < k; ++i) {
      const int32_t position = step.slates[user * k + i];
      if (position == kNoItem) break;
      const size_t topic = TopicOf(spec_, candidates + static_cast<size_t>(position) * d);
      ++shown_[topic];
      if (click_ < 0) continue;
      if (step.response[(user * k + i) * r + static_cast<size_t>(click_)] > 0.5f) ++clicked_[topic];
    }
  }
  int64_t steps() const { return steps_; }

  PlayedTopics Take() {
    return {{SharesOf(offered_), SharesOf(shown_), SharesOf(clicked_)}, steps_, std::move(observations_)};
  }

 private:
  static std::vector<double> SharesOf(const std::vector<int64_t>& counts) {
    const auto sum = std::accumulate(counts.begin(), counts.end(), int64_t{0});
    if (sum == 0) return {};
    std::vector<double> shares;
    for (const int64_t count : counts) shares.push_back(static_cast<double>(count) / static_cast<double>(sum));
    return shares;
  }
  // Every user's first observations, then every seventh: steps that follow one another look alike.
  void KeepObservation(size_t user, const StepBuffer& step) {
    const auto u = static_cast<size_t>(spec_.num_user_features);
    if (u == 0 || observations_.size() >= kMostObservations * u || (steps_ > kUsers && steps_ % 7 != 0)) return;
    const auto first = step.observation.begin() + static_cast<std::ptrdiff_t>(user * u);
    observations_.insert(observations_.end(), first, first + static_cast<std::ptrdiff_t>(u));
  }

  const EnvironmentSpec& spec_;
  const int click_;
  std::vector<int64_t> offered_, shown_, clicked_;
  int64_t steps_ = 0;
  std::vector<float> observations_;
};

}  // namespace

std::vector<std::string> TopicNames(const EnvironmentSpec& spec) {
  std::vector<std::string> names;
  if (spec.num_clusters == 0 && spec.num_candidate_features == 1) {
    for (int part = 0; part < kParts; ++part) {
      names.push_back(absl::StrFormat("%.1f to %.1f", part / double{kParts}, (part + 1) / double{kParts}));
    }
    return names;
  }
  const int count = spec.num_clusters > 0 ? spec.num_clusters : spec.num_candidate_features;
  for (int i = 0; i < count; ++i) names.push_back(absl::StrCat(spec.num_clusters > 0 ? "topic " : "feature ", i));
  return names;
}

size_t TopicOf(const EnvironmentSpec& spec, const float* features) {
  if (spec.num_clusters == 0 && spec.num_candidate_features == 1) {
    return static_cast<size_t>(std::clamp(static_cast<int>(*features * kParts), 0, kParts - 1));
  }
  const int count = spec.num_clusters > 0 ? spec.num_clusters : spec.num_candidate_features;
  return static_cast<size_t>(std::max_element(features, features + count) - features);
}

absl::StatusOr<PlayedTopics> PlayForTopics(const Scenario& scenario, Policy& policy, const StopQuestion& stop) {
  const EnvironmentSpec& spec = scenario.spec();
  const int session = spec.users_per_session;
  const int users = policy.learns() ? session : (kUsers + session - 1) / session * session;
  Counter counter(spec);
  const absl::Status played =
      PlayEpisodes(scenario, policy,
                   {.num_users = users,
                    .first_stream = FirstEvaluationStream(session),
                    .should_stop = [&] { return counter.steps() >= kMostSteps || ShouldStop(stop); }},
                   [&counter](size_t user, const StepBuffer& step, const EpisodeSoFar&) { counter.Count(user, step); });
  if (!played.ok() && (ShouldStop(stop) || !absl::IsCancelled(played))) return played;
  return counter.Take();
}

}  // namespace recbots
