// The slates of the reference policies against enumeration.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

#include "actor/scenarios/interest_evolution/model.h"
#include "actor/scenarios/interest_evolution/policies.h"

namespace recbots {
namespace {

double ValueOf(const std::vector<double>& weights, const std::vector<double>& values, double none_weight,
               double none_value, const std::vector<int32_t>& slate) {
  double numerator = none_weight * none_value, denominator = none_weight;
  for (const int32_t item : slate) {
    numerator += weights[static_cast<size_t>(item)] * values[static_cast<size_t>(item)];
    denominator += weights[static_cast<size_t>(item)];
  }
  return numerator / denominator;
}

// Every slate of k of n items, in ascending order.
void ForEachSlate(int32_t n, size_t k, const std::function<void(const std::vector<int32_t>&)>& visit) {
  std::vector<int32_t> slate;
  const std::function<void(int32_t)> extend = [&](int32_t from) {
    if (slate.size() == k) return visit(slate);
    for (int32_t item = from; item < n; ++item) {
      slate.push_back(item);
      extend(item + 1);
      slate.pop_back();
    }
  };
  extend(0);
}

TEST(BestFractionalSlateTest, IsTheBestOfAllSlates) {
  FractionalScratch scratch;
  for (uint32_t round = 0; round < 2000; ++round) {
    Rng rng(5, Purpose::kTest, {.stream = round});
    const auto n = static_cast<int32_t>(1 + rng.Index(9));
    const size_t k = 1 + rng.Index(static_cast<uint32_t>(std::min(n, 4)));
    std::vector<double> weights, values;
    for (int32_t i = 0; i < n; ++i) {
      // Some weights are zero, some values equal.
      weights.push_back(rng.Uniform() < 0.1 ? 0 : rng.Uniform(0, 2));
      values.push_back(rng.Uniform() < 0.3 ? 1 : rng.Uniform(-8, 8));
    }
    const double none_weight = rng.Uniform(0.01, 3), none_value = rng.Uniform(-3, 1);
    double best = -std::numeric_limits<double>::infinity();
    ForEachSlate(n, k, [&](const std::vector<int32_t>& slate) {
      best = std::max(best, ValueOf(weights, values, none_weight, none_value, slate));
    });
    std::vector<int32_t> slate(k);
    const double found = BestFractionalSlate(weights, values, none_weight, none_value, absl::MakeSpan(slate), scratch);
    ASSERT_NEAR(found, best, 1e-12) << "round " << round;
    ASSERT_NEAR(ValueOf(weights, values, none_weight, none_value, slate), best, 1e-12);
    std::sort(slate.begin(), slate.end());
    ASSERT_EQ(std::adjacent_find(slate.begin(), slate.end()), slate.end()) << "an item twice";
  }
}

TEST(BestFractionalSlateTest, StandsWeightsThatAreAllZero) {
  FractionalScratch scratch;
  std::vector<int32_t> slate(2);
  const std::vector<double> zeros(4, 0.0);
  EXPECT_EQ(BestFractionalSlate(zeros, {1, 2, 3, 4}, 0, -1, absl::MakeSpan(slate), scratch), -1);
  EXPECT_EQ(slate, (std::vector<int32_t>{0, 1}));
}

// One user and six candidates of five of ten clusters.
struct Scene {
  Scene() {
    options.num_features = 10;
    options.num_candidates = 6;
    options.slate_size = 2;
    observation = {-0.9f, 0.8f, 0.1f, 0.2f, 0.3f, 0.0f, -0.2f, -0.7f, -0.95f, 0.5f};
    candidates.assign(60, 0.0f);
    for (size_t i = 0; i < 6; ++i) candidates[i * 10 + clusters[i]] = 1.0f;
  }
  std::vector<int32_t> Show(const std::string& name) const {
    const InterestEvolutionModel model(options);
    std::vector<int32_t> slate(2);
    std::vector<float> behaviour(1), position(2);
    for (ReferencePolicy& reference : model.MakeReferencePolicies(model.spec(), 1)) {
      if (reference.name != name) continue;
      const std::vector<StreamPosition> positions(1);
      reference.policy->Act({observation, positions, candidates},
                            {absl::MakeSpan(slate), absl::MakeSpan(behaviour), absl::MakeSpan(position)});
    }
    EXPECT_EQ(behaviour, std::vector<float>{1});
    EXPECT_EQ(position, (std::vector<float>{1, 1}));
    return slate;
  }

  InterestEvolutionOptions options;
  const std::vector<size_t> clusters = {0, 1, 8, 9, 4, 1};
  std::vector<float> observation, candidates;
};

TEST(InterestPoliciesTest, MyopicShowsWhatTheUserLikesBest) {
  EXPECT_EQ(Scene().Show("myopic"), (std::vector<int32_t>{1, 5}));
}

TEST(InterestPoliciesTest, MeanQualityShowsTheBestClusters) {
  EXPECT_EQ(Scene().Show("mean_quality"), (std::vector<int32_t>{3, 2}));
}

TEST(InterestPoliciesTest, FractionalWeighsLikingAgainstTime) {
  Scene scene;
  for (const auto kind : {ChoiceKind::kMultinomialProportional, ChoiceKind::kMultinomialLogit}) {
    scene.options.choice.kind = kind;
    for (const double rho : {0.0, 0.7, 1.4, 3.0}) {
      for (const double user_factor : {0.0, 0.5}) {
        scene.options.fractional_rho = rho;
        scene.options.user_quality_factor = user_factor;
        const std::vector<double> means = ClusterMeans(10, -3, 3);
        std::vector<double> weights, values;
        const bool logit = kind == ChoiceKind::kMultinomialLogit;
        const double none = logit ? std::exp(1.0) : 2.0;
        for (const size_t cluster : scene.clusters) {
          const double interest = double{scene.observation[cluster]};
          weights.push_back(logit ? std::exp(interest) : interest + 1);
          const double utility = logit ? weights.back() / (weights.back() + none) : weights.back();
          const double cost = 4 - 0.9 / 3.4 * 4 * (means[cluster] + user_factor * utility);
          values.push_back(4 - rho * cost);
        }
        double best = -std::numeric_limits<double>::infinity();
        ForEachSlate(6, 2, [&](const std::vector<int32_t>& slate) {
          best = std::max(best, ValueOf(weights, values, none, -0.5 * rho, slate));
        });
        EXPECT_NEAR(ValueOf(weights, values, none, -0.5 * rho, scene.Show("fractional")), best, 1e-12);
      }
    }
  }
}

TEST(InterestPoliciesTest, OnlyWhatTheScenarioAllowsIsOffered) {
  const auto names = [](const InterestEvolutionOptions& options) {
    std::vector<std::string> found;
    const InterestEvolutionModel model(options);
    for (const ReferencePolicy& policy : model.MakeReferencePolicies(model.spec(), 1)) found.push_back(policy.name);
    return found;
  };
  InterestEvolutionOptions options;
  EXPECT_EQ(names(options), (std::vector<std::string>{"myopic", "mean_quality", "fractional"}));
  options.choice.kind = ChoiceKind::kExponentialCascade;
  EXPECT_EQ(names(options), (std::vector<std::string>{"myopic", "mean_quality"}));
  options.video_sampler = VideoSampler::kUniform;
  EXPECT_EQ(names(options), (std::vector<std::string>{"myopic"}));
}

}  // namespace
}  // namespace recbots
