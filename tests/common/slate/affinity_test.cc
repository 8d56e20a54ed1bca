#include "common/slate/affinity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "common/base/random.h"

namespace recbots {
namespace {

constexpr int kFeatures = 3;
constexpr ChoiceKind kKinds[] = {ChoiceKind::kMultinomialLogit, ChoiceKind::kMultinomialProportional,
                                 ChoiceKind::kExponentialCascade, ChoiceKind::kProportionalCascade};

// A model that accepts every score between -1 and 1.
ChoiceModel MakeModel(ChoiceKind kind, Rng& rng) {
  ChoiceModelOptions options;
  options.kind = kind;
  options.no_click_mass = rng.Uniform(-1, 2);
  options.min_normalizer = -1.5;
  options.attention_prob = rng.Uniform(0.2, 1);
  options.score_scaling = rng.Uniform(0.05, 0.35);
  return ChoiceModel::Create(options).value();
}

AffinityWeights MakeWeights(const ChoiceModel& model) { return AffinityWeights::Create(model, kFeatures).value(); }

struct Offer {
  std::vector<float> user, items;
  std::vector<double> scores;
};

// Affinities between -1 and 1; the user has features beyond those of items.
Offer MakeOffer(size_t num_items, Rng& rng) {
  Offer offer;
  for (int i = 0; i < kFeatures + 2; ++i) offer.user.push_back(static_cast<float>(rng.Uniform(-0.57, 0.57)));
  for (size_t i = 0; i < num_items * kFeatures; ++i) {
    offer.items.push_back(static_cast<float>(rng.Uniform(-0.57, 0.57)));
  }
  for (size_t i = 0; i < num_items; ++i) {
    double score = 0;
    for (size_t f = 0; f < kFeatures; ++f) score += double{offer.user[f]} * double{offer.items[i * kFeatures + f]};
    offer.scores.push_back(score);
  }
  return offer;
}

// P(i | slate) and, last, P(none | slate), of weights (item_weights.h).
std::vector<double> Probabilities(ClickRule rule, absl::Span<const float> weights, double no_click) {
  std::vector<double> p;
  double rest = 1;
  const double total = std::accumulate(weights.begin(), weights.end(), no_click);
  for (const float weight : weights) {
    p.push_back(rule == ClickRule::kShared ? double{weight} / total : rest * double{weight});
    rest *= 1 - double{weight};
  }
  p.push_back(rule == ClickRule::kShared ? no_click / total : rest);
  return p;
}

// Float32 weights: 1e-6 of a probability.
TEST(AffinityWeightsTest, ClicksAreThoseOfTheChoiceModel) {
  Rng rng(1, Purpose::kTest, {});
  for (int round = 0; round < 2000; ++round) {
    SCOPED_TRACE(round);
    const ChoiceModel model = MakeModel(kKinds[round % 4], rng);
    const AffinityWeights affinity = MakeWeights(model);
    const size_t n = 1 + rng.Index(8);
    const Offer offer = MakeOffer(n, rng);
    std::vector<float> weights(n);
    const double no_click = affinity.Weigh(offer.user.data(), offer.items.data(), absl::MakeSpan(weights));
    std::vector<double> want(n);
    want.push_back(model.Probabilities(offer.scores, absl::MakeSpan(want)).value());
    const std::vector<double> got = Probabilities(affinity.click_rule(), weights, no_click);
    for (size_t i = 0; i <= n; ++i) {
      EXPECT_NEAR(got[i], want[i], 1e-6) << i;
      const int clicked = i == n ? -1 : static_cast<int>(i);
      EXPECT_NEAR(affinity.LogLikelihood(offer.user.data(), offer.items.data(), n, clicked), std::log(want[i]), 1e-5)
          << i;
    }
    if (HasFailure()) return;
  }
}

// The others' weights are as if the refused item were not there.
TEST(AffinityWeightsTest, ARefusedItemIsNeverClickedAndDoesNotChangeTheOthers) {
  Rng rng(2, Purpose::kTest, {});
  for (int round = 0; round < 400; ++round) {
    SCOPED_TRACE(round);
    const ChoiceKind kind = kKinds[round % 4];
    const ChoiceModel model = MakeModel(kind, rng);
    const AffinityWeights affinity = MakeWeights(model);
    Offer offer = MakeOffer(6, rng);
    std::vector<float> without(offer.items.begin(), offer.items.begin() + 2 * kFeatures);
    without.insert(without.end(), offer.items.begin() + 3 * kFeatures, offer.items.end());
    const bool proportional = kind == ChoiceKind::kMultinomialProportional || kind == ChoiceKind::kProportionalCascade;
    offer.user[0] = 0.5;
    offer.items[2 * kFeatures] = proportional ? -100 : -std::numeric_limits<float>::infinity();
    std::vector<float> weights(6), others(5);
    const double no_click = affinity.Weigh(offer.user.data(), offer.items.data(), absl::MakeSpan(weights));
    const double others_no_click = affinity.Weigh(offer.user.data(), without.data(), absl::MakeSpan(others));
    const std::vector<double> got = Probabilities(affinity.click_rule(), weights, no_click);
    const std::vector<double> want = Probabilities(affinity.click_rule(), others, others_no_click);
    EXPECT_EQ(weights[2], 0);
    for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got[i < 2 ? i : i + 1], want[i], 1e-6) << i;
    EXPECT_EQ(affinity.LogLikelihood(offer.user.data(), offer.items.data(), 6, 2),
              -std::numeric_limits<double>::infinity());
    if (HasFailure()) return;
  }
}

TEST(AffinityWeightsTest, WhereACascadeWouldClickForMoreThanCertainItClicks) {
  for (const ChoiceKind kind : {ChoiceKind::kExponentialCascade, ChoiceKind::kProportionalCascade}) {
    Rng rng(3, Purpose::kTest, {});
    const AffinityWeights affinity = MakeWeights(MakeModel(kind, rng));
    const std::vector<float> user = {1, 0, 0}, items = {0.5, 0, 0, 1000, 0, 0, -0.5, 0, 0};
    std::vector<float> weights(3);
    affinity.Weigh(user.data(), items.data(), absl::MakeSpan(weights));
    EXPECT_EQ(weights[1], 1);
    EXPECT_GT(weights[0], weights[2]);
    EXPECT_LT(weights[0], 1);
    EXPECT_NEAR(affinity.LogLikelihood(user.data(), items.data(), 3, 1), std::log1p(-double{weights[0]}), 1e-6);
  }
}

TEST(AffinityWeightsTest, WhetherACascadeRefusesTooMuchOrTooLittleDoesNotDependOnTheSignOfTheScore) {
  ChoiceModelOptions options;
  options.kind = ChoiceKind::kProportionalCascade;
  options.min_normalizer = 2;
  options.score_scaling = 0.1;
  const std::vector<float> user = {1, 0, 0}, items = {1, 0, 0, 3, 0, 0};
  std::vector<float> weights(2);
  MakeWeights(ChoiceModel::Create(options).value()).Weigh(user.data(), items.data(), absl::MakeSpan(weights));
  EXPECT_THAT(weights, ::testing::ElementsAre(0.0f, ::testing::FloatEq(0.1f)));
  options.kind = ChoiceKind::kExponentialCascade;
  options.score_scaling = 5;  // exp(-1) x 5 is more than certain.
  const std::vector<float> below = {-1, 0, 0, -9, 0, 0};
  MakeWeights(ChoiceModel::Create(options).value()).Weigh(user.data(), below.data(), absl::MakeSpan(weights));
  EXPECT_THAT(weights, ::testing::ElementsAre(1.0f, ::testing::FloatNear(5 * std::exp(-9.0f), 1e-9f)));
}

TEST(AffinityWeightsTest, NoneIsCertainWhereNothingCanBeClicked) {
  ChoiceModelOptions options;
  options.kind = ChoiceKind::kMultinomialProportional;
  options.no_click_mass = options.min_normalizer = -1;  // No click weighs nothing either.
  const AffinityWeights affinity = MakeWeights(ChoiceModel::Create(options).value());
  const std::vector<float> user = {1, 0, 0}, at_bound = {-1, 0, 0, -1, 0, 0}, refused = {-9, 0, 0, -8, 0, 0};
  for (const std::vector<float>& items : {at_bound, refused}) {
    std::vector<float> weights(2, 7);
    affinity.Weigh(user.data(), items.data(), absl::MakeSpan(weights));
    EXPECT_THAT(weights, ::testing::Each(0.0f));
    EXPECT_EQ(affinity.LogLikelihood(user.data(), items.data(), 2, -1), 0);
    EXPECT_EQ(affinity.LogLikelihood(user.data(), items.data(), 2, 1), -std::numeric_limits<double>::infinity());
  }
  for (const ChoiceKind kind : kKinds) {
    Rng rng(4, Purpose::kTest, {});
    EXPECT_EQ(MakeWeights(MakeModel(kind, rng)).LogLikelihood(user.data(), nullptr, 0, -1), 0) << "an empty slate";
  }
}

TEST(AffinityWeightsTest, RefusesModelsWithSeveralClicks) {
  for (const ChoiceKind kind : {ChoiceKind::kPositionBased, ChoiceKind::kDependentClick}) {
    ChoiceModelOptions options;
    options.kind = kind;
    options.examination = options.continuation = {0.5};
    const absl::Status status = AffinityWeights::Create(ChoiceModel::Create(options).value(), kFeatures).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("want 1..4"));
  }
}

}  // namespace
}  // namespace recbots
