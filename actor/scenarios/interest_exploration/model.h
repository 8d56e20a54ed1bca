// Interest exploration (RecSim, section 5.1 of Ie et al. 2019, arXiv:1909.04847): the policy never sees what a user
// likes, and has to find it out by showing documents.
//
// A document has a topic and a quality; quality is log-normal with the topic's parameters. A user has a hidden type and
// a hidden affinity for each topic, which is log-normal with the parameters of (type, topic). The score of a document
// is
//
//   affinity[topic] + quality
//
// and a choice model turns the scores of the slate into clicks. Users do not change and do not leave: an episode ends
// by its step limit. Reward: clicks. All means and standard deviations are those of the logarithm.
//
// Observation: none of the user (U = 0). Candidate: float32 [T + 1], topic one-hot, then quality. Response per position
// shown: "click", "quality", "cluster_id" (the topic). T topics.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "actor/recsim/model.h"
#include "actor/recsim/scenario.h"
#include "actor/recsim/slate.h"
#include "actor/recsim/video_cluster_metrics.h"
#include "actor/scenarios/interest_exploration/options.h"
#include "common/base/fast_exp.h"
#include "common/base/fast_normal.h"
#include "common/base/random.h"
#include "common/rl/spec.h"
#include "common/slate/choice_model.h"

namespace recbots {

// The affinity [T] for each topic to expect if only the distribution of users is known: the mean over types of the
// means of the logarithm. (RecSim's prior, too, is an average of logarithms, though it is used as an affinity.)
// `log_mean` is [types, T].
std::vector<double> PriorAffinity(absl::Span<const double> type_distribution, absl::Span<const double> log_mean);

// The scalar model (model.h). Immutable and thread-safe.
class InterestExplorationModel {
 public:
  using Options = InterestExplorationOptions;
  struct User {
    std::array<double, Options::kMaxTopics> affinity;  // The first T are used.
  };
  struct Document {
    double log_quality = 0;  // Without FastExp the loop that draws documents is faster (7 % of a step).
    int32_t topic = 0;

    double quality() const { return FastExp(log_quality); }
  };
  struct Response {
    uint64_t clicks = 0;  // Bit i: position i was clicked.
  };
  using Items = Slate<Document>;

  static constexpr int kDrawsPerDocument = 2;

  static absl::Status Validate(const Options& options) { return recbots::Validate(options); }
  // `options` have passed Validate.
  explicit InterestExplorationModel(const Options& options);

  const EnvironmentSpec& spec() const { return spec_; }
  const Options& options() const { return options_; }
  const ChoiceModel& choice_model() const { return choice_model_; }
  CandidateRefresh candidate_refresh() const { return options_.candidate_refresh; }

  static double Score(const User& user, const Document& document) {
    return user.affinity[static_cast<size_t>(document.topic)] + document.quality();
  }

  User SampleUser(Rng& draws) const;
  Document SampleDocument(Rng& draws) const {
    const auto topic = static_cast<size_t>(Sample(cumulative_topics_, draws.Uniform()));
    return {options_.topic_quality_log_mean[topic] + options_.topic_quality_log_stddev[topic] * FastNormal(draws),
            static_cast<int32_t>(topic)};
  }
  Response Respond(const User& user, const Items& slate, Rng& draws) const {
    return RespondFrom(user, slate, [&draws] { return draws.Uniform(); });
  }
  // Respond with uniform() as the source of the numbers that decide on clicks (ChoiceModel::DrawFrom).
  template <typename Uniform>
  Response RespondFrom(const User& user, const Items& slate, Uniform&& uniform) const {
    std::array<double, ChoiceModel::kMaxSlate> scores;
    const auto size = static_cast<size_t>(slate.size());
    for (size_t i = 0; i < size; ++i) scores[i] = Score(user, slate[static_cast<int>(i)]);
    return {choice_model_.DrawFrom({scores.data(), size}, uniform)};
  }
  void Update(const Items&, const Response&, Rng&, User&) const {}
  bool IsTerminal(const User&) const { return false; }
  double Reward(const Response& response) const { return __builtin_popcountll(response.clicks); }
  void WriteObservation(const User&, float*) const {}
  void WriteDocument(const Document& document, float* features) const {
    features[document.topic] = 1.0f;
    features[num_topics_] = static_cast<float>(document.quality());
  }
  void WriteResponse(const Items& slate, const Response& response, float* fields) const {
    for (int i = 0; i < slate.size(); ++i, fields += 3) {
      fields[0] = static_cast<float>(response.clicks >> i & 1);
      fields[1] = static_cast<float>(slate[i].quality());
      fields[2] = static_cast<float>(slate[i].topic);
    }
  }

  std::unique_ptr<ScenarioMetrics> MakeMetrics() const { return MakeVideoClusterMetrics(spec_); }
  // "greedy" (the highest click rates under the prior), "greedy_quality" (the highest qualities) and "oracle" (the
  // highest true scores, as it knows the user). If at most one item is clicked, the oracle's slate is the best
  // possible: the probability of a click grows with every score on the slate, and what is shown now does not matter
  // later.
  std::vector<ReferencePolicy> MakeReferencePolicies(const EnvironmentSpec& spec, uint64_t seed) const;
  // For slates of one item, by quadrature, exact to 1e-9. Absent for longer slates, and if all users have the same
  // fixed catalogue.
  absl::StatusOr<std::optional<double>> RandomValue(const StopQuestion& stop) const;

 private:
  // The first index whose cumulative probability is above u; that of the last index is 1.
  static int Sample(const std::vector<double>& cumulative, double u) {
    int index = 0;
    for (const double bound : cumulative) index += u >= bound ? 1 : 0;
    return index;
  }

  const Options options_;
  EnvironmentSpec spec_;
  const ChoiceModel choice_model_;
  const size_t num_topics_;
  const std::vector<double> cumulative_topics_;
  const std::vector<double> cumulative_types_;
};

}  // namespace recbots
