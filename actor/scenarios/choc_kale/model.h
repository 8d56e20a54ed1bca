// Chocolate or kale: the environment of RecSim's tutorial, and the example of docs/authoring.md, which builds this file
// piece by piece.
//
// A document is more or less healthy: its kaleness lies in [0, 1]. Chocolate engages more now; kale makes the user more
// satisfied, and so more engaged by whatever comes. With x the exposure to kale, k the kaleness of what was consumed
// and z1, z2 standard normal:
//
//   first exposure  (u - 1/2) / (1 - memory_discount)
//   satisfaction    1 / (1 + exp(-sensitivity x))
//   engagement      exp(satisfaction (k kale_mean + (1 - k) choc_mean) + (k kale_stddev + (1 - k) choc_stddev) z1)
//   next exposure   memory_discount x + 2 (k - 1/2) + innovation_stddev z2; without a click no middle term
//
// The user picks from a slate by the scores 1 - k. Observation: float32 [1], the satisfaction with normal noise of
// observation_stddev cut at 1. Candidate: float32 [1], its kaleness. Response of an item: click, engagement (clipped to
// 0..100 only there). Reward: engagement. Time runs out after time_budget steps.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "actor/recsim/model.h"
#include "actor/recsim/scenario.h"
#include "actor/recsim/scenario_metrics.h"
#include "actor/recsim/slate.h"
#include "common/base/check_range.h"
#include "common/base/fast_normal.h"
#include "common/base/random.h"
#include "common/base/settings.h"
#include "common/base/status_macros.h"
#include "common/policies/greedy_slate.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"
#include "common/slate/choice_model.h"

namespace recbots {

struct ChocKaleOptions {
  RECBOTS_SETTINGS;
  RECBOTS_SETTING(int, num_candidates, Between(1, 10000), 10);                    // N
  RECBOTS_SETTING(int, slate_size, Between(1, std::min(num_candidates, 64)), 3);  // K
  RECBOTS_SETTING(double, memory_discount, Between(0, 0.9999), 0.9);
  RECBOTS_SETTING(double, sensitivity, Between(0, 100), 0.01);
  RECBOTS_SETTING(double, innovation_stddev, Between(0, 100), 0.05);
  RECBOTS_SETTING(double, observation_stddev, Between(0, 1), 0.1);
  // Of the log engagement at full satisfaction. The ranges keep every engagement finite as a float, because no normal
  // number is beyond 16.
  RECBOTS_SETTING(double, choc_mean, Between(-40, 40), 5);
  RECBOTS_SETTING(double, choc_stddev, Between(0, 3), 1);
  RECBOTS_SETTING(double, kale_mean, Between(-40, 40), 4);
  RECBOTS_SETTING(double, kale_stddev, Between(0, 3), 1);
  RECBOTS_SETTING(int, time_budget, Between(1, 1000000), 60);   // Steps
  RECBOTS_SETTING(ChoiceModelOptions, choice, AnyValue(), {});  // By default a multinomial logit that always clicks.

  // Log engagement of a document: its mean at full satisfaction, and its standard deviation.
  double Mean(double kaleness) const { return kaleness * kale_mean + (1 - kaleness) * choc_mean; }
  double Stddev(double kaleness) const { return kaleness * kale_stddev + (1 - kaleness) * choc_stddev; }
};

// See model.h for what the functions are. Immutable and thread-safe.
class ChocKaleModel {
 public:
  using Options = ChocKaleOptions;

  struct User {
    double exposure = 0;
    double satisfaction = 0;
    double seen = 0;  // The satisfaction that is observed.
    int time_left = 0;
  };
  struct Document {
    double kaleness = 0;
  };
  struct Response {
    int clicked = -1;  // Index in the slate; -1: no click.
    double engagement = 0;
  };

  static absl::Status Validate(const Options& options) {
    RECBOTS_RETURN_IF_ERROR(CheckSettings(options));
    return WithPath("choice", CheckChoice(options.choice));
  }

  explicit ChocKaleModel(const Options& options)
      : options_(options), choice_(ChoiceModel::Create(options.choice).value()) {
    spec_.name = "choc_kale";
    spec_.num_user_features = 1;
    spec_.num_candidates = options.num_candidates;
    spec_.num_candidate_features = 1;
    spec_.slate_size = options.slate_size;
    spec_.response_fields = {"click", "engagement"};
    spec_.max_reward = std::numeric_limits<double>::infinity();
  }

  const EnvironmentSpec& spec() const { return spec_; }

  User SampleUser(Rng& draws) const {
    return MakeUser((draws.Uniform() - 0.5) / (1 - options_.memory_discount), options_.time_budget, draws);
  }

  static constexpr int kDrawsPerDocument = 1;  // Numbers drawn ahead: more are wasted, fewer are slower.
  Document SampleDocument(Rng& draws) const { return {.kaleness = draws.Uniform()}; }

  Response Respond(const User& user, const Slate<Document>& slate, Rng& draws) const {
    double scores[ChoiceModel::kMaxSlate];
    for (int i = 0; i < slate.size(); ++i) scores[i] = 1 - slate[i].kaleness;
    const uint64_t clicks = choice_.Draw({scores, static_cast<size_t>(slate.size())}, draws);
    if (clicks == 0) return {};
    const int clicked = std::countr_zero(clicks);
    const double kaleness = slate[clicked].kaleness;
    return {.clicked = clicked,
            .engagement =
                std::exp(user.satisfaction * options_.Mean(kaleness) + options_.Stddev(kaleness) * FastNormal(draws))};
  }

  void Update(const Slate<Document>& slate, const Response& response, Rng& draws, User& user) const {
    const double step = response.clicked < 0 ? 0 : 2 * (slate[response.clicked].kaleness - 0.5);
    const double innovation = options_.innovation_stddev * FastNormal(draws);
    user = MakeUser(options_.memory_discount * user.exposure + step + innovation, user.time_left - 1, draws);
  }

  bool IsTerminal(const User& user) const { return user.time_left <= 0; }

  double Reward(const Response& response) const { return response.engagement; }

  void WriteObservation(const User& user, float* features) const { features[0] = static_cast<float>(user.seen); }

  void WriteDocument(const Document& document, float* features) const {
    features[0] = static_cast<float>(document.kaleness);
  }

  void WriteResponse(const Slate<Document>&, const Response& response, float* fields) const {
    if (response.clicked < 0) return;
    fields[2 * response.clicked] = 1;
    fields[2 * response.clicked + 1] = static_cast<float>(std::min(response.engagement, 100.0));
  }

  // Defined below.
  std::unique_ptr<ScenarioMetrics> MakeMetrics() const;
  std::vector<ReferencePolicy> MakeReferencePolicies(const EnvironmentSpec& spec, uint64_t seed) const;

 private:
  static absl::Status CheckChoice(const ChoiceModelOptions& options) {
    const auto choice = ChoiceModel::Create(options);
    RECBOTS_RETURN_IF_ERROR(choice.status());
    RECBOTS_RETURN_IF_ERROR(choice->CheckScores(/*lowest=*/0, /*highest=*/1));
    if (choice->single_click()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("kind ", static_cast<int>(options.kind), ", want one that clicks at most one item"));
  }

  // A user with this exposure, and the satisfaction that is observed.
  User MakeUser(double exposure, int time_left, Rng& draws) const {
    const double satisfaction = 1 / (1 + std::exp(-options_.sensitivity * exposure));
    double noise = 0;
    do {
      noise = options_.observation_stddev * FastNormal(draws);
    } while (std::abs(noise) > 1);
    return {.exposure = exposure, .satisfaction = satisfaction, .seen = satisfaction + noise, .time_left = time_left};
  }

  const Options options_;
  const ChoiceModel choice_;
  EnvironmentSpec spec_;
};

// Metrics besides the reward: RecSim's click-through rate, and the mean engagement of a consumed item.
class ChocKaleMetrics final : public ScenarioMetrics {
 public:
  explicit ChocKaleMetrics(int slate_size) : slate_size_(slate_size) {}

  const std::vector<std::string>& counters() const override { return counters_; }
  const std::vector<RatioMetric>& ratios() const override { return ratios_; }
  void Count(const int32_t*, const float* response, double* sums) const override {
    sums[0] += 1;
    for (int i = 0; i < slate_size_; ++i) {
      sums[1] += static_cast<double>(response[2 * i]);
      sums[2] += static_cast<double>(response[2 * i + 1]);
    }
  }

 private:
  const int slate_size_;
  const std::vector<std::string> counters_ = {"impression", "click", "engagement"};
  const std::vector<RatioMetric> ratios_ = {{"CTR", 1, 0}, {"AverageEngagement", 2, 1}};
};

inline std::unique_ptr<ScenarioMetrics> ChocKaleModel::MakeMetrics() const {
  return std::make_unique<ChocKaleMetrics>(options_.slate_size);
}

// Shows the K candidates with the highest scores, where a score may depend on the satisfaction that is seen and on the
// steps that are left after this one.
class ChocKalePolicy final : public Policy {
 public:
  using Score = double (*)(const ChocKaleOptions&, double satisfaction, int steps_left, double kaleness);

  ChocKalePolicy(const ChocKaleOptions& options, Score score) : options_(options), score_(score) {}

  FeedbackNeeds feedback_needs() const override { return FeedbackNeeds::None(); }
  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    const auto n = static_cast<size_t>(options_.num_candidates), k = static_cast<size_t>(options_.slate_size);
    scores_.resize(n);
    for (size_t user = 0; user < input.positions.size(); ++user) {
      const double satisfaction = std::clamp(static_cast<double>(input.observation[user]), 0.0, 1.0);
      const int steps_left = std::max(0, options_.time_budget - 1 - static_cast<int>(input.positions[user].step));
      for (size_t i = 0; i < n; ++i) {
        scores_[i] = score_(options_, satisfaction, steps_left, static_cast<double>(input.candidates[user * n + i]));
      }
      GreedySlate(scores_, output.slates.subspan(user * k, k));
    }
    std::fill(output.behaviour_probability.begin(), output.behaviour_probability.end(), 1.0f);
    std::fill(output.position_probability.begin(), output.position_probability.end(), 1.0f);
  }

 private:
  const ChocKaleOptions options_;
  const Score score_;
  std::vector<double> scores_;  // [N]
};

inline double ScoreKale(const ChocKaleOptions&, double, int, double kaleness) { return kaleness; }
inline double ScoreChocolate(const ChocKaleOptions&, double, int, double kaleness) { return 1 - kaleness; }

// The expected engagement of a document, and that of equal documents in the steps left, whose satisfaction this
// document shifts: to first order, from the satisfaction that is seen now.
inline double ScoreAhead(const ChocKaleOptions& options, double satisfaction, int steps_left, double kaleness) {
  const double mean = options.Mean(kaleness), stddev = options.Stddev(kaleness);
  const double beta = options.memory_discount;
  const double shift = 2 * (kaleness - 0.5) * options.sensitivity * satisfaction * (1 - satisfaction);
  const double remembered = (1 - std::pow(beta, steps_left)) / (1 - beta);
  return std::exp(satisfaction * mean + stddev * stddev / 2) * (1 + mean * shift * remembered);
}

inline std::vector<ReferencePolicy> ChocKaleModel::MakeReferencePolicies(const EnvironmentSpec&, uint64_t) const {
  std::vector<ReferencePolicy> policies;
  policies.push_back({"kale", std::make_unique<ChocKalePolicy>(options_, ScoreKale)});
  policies.push_back({"myopic", std::make_unique<ChocKalePolicy>(options_, ScoreChocolate)});
  policies.push_back({"look_ahead", std::make_unique<ChocKalePolicy>(options_, ScoreAhead)});
  return policies;
}

}  // namespace recbots
