// Slates of batches beside those of common/slate, on 10,000 random problems for each rule.
#include "common/algorithms/slate_q/slate_tensors.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <vector>

#include "common/algorithms/slate_q/click_weights.h"
#include "common/algorithms/slate_q/shape.h"
#include "common/base/random.h"

namespace recbots {
namespace {

constexpr int kBatches = 50;
constexpr int64_t kRows = 200;  // Of a batch: 10,000 problems in all.

at::Tensor ToTensor(const std::vector<float>& values, int64_t columns) {
  return at::tensor(values).view({-1, columns});
}

// Problems of one size. Of every five rows one has weights and values of which many are equal, one has zero weights and
// one only negative values, one weights of many orders of magnitude; in some no click has no weight.
struct Problems {
  Problems(ClickRule click_rule, int64_t num_candidates, uint32_t stream) : candidates(num_candidates) {
    Rng rng(7, Purpose::kTest, {.stream = stream});
    for (int64_t row = 0; row < kRows; ++row) {
      const auto kind = row % 5;
      for (int64_t i = 0; i < num_candidates; ++i) {
        double weight = rng.Uniform(), value = 3 * rng.Normal();
        if (kind == 1) weight = 0.25 * (1 + rng.Index(3)), value = rng.Index(3);
        if (kind == 2 && rng.Index(2) == 0) weight = 0;
        if (kind == 3) value = -std::abs(value);
        if (click_rule == ClickRule::kShared) weight = kind == 4 ? std::exp(3 * rng.Normal()) : 2 * weight;
        weights.push_back(static_cast<float>(weight));
        values.push_back(static_cast<float>(value));
      }
      none_weights.push_back(row % 7 == 0 ? 0.0f : static_cast<float>(rng.Uniform(0, 3)));
      none_values.push_back(row % 3 == 0 ? 0.0f : static_cast<float>(rng.Normal()));
    }
  }
  SlateProblem Of(int64_t row) const {
    const auto n = static_cast<size_t>(candidates), r = static_cast<size_t>(row);
    return {.weights = absl::MakeConstSpan(weights).subspan(r * n, n),
            .values = absl::MakeConstSpan(values).subspan(r * n, n),
            .no_click_weight = double{none_weights[r]},
            .no_click_value = double{none_values[r]}};
  }
  SlateProblems Tensors() const {
    return {ToTensor(weights, candidates), ToTensor(none_weights, 1), ToTensor(values, candidates),
            ToTensor(none_values, 1)};
  }

  int64_t candidates;
  std::vector<float> weights, values, none_weights, none_values;
};

std::vector<int32_t> RowOf(const at::Tensor& slates, int64_t row) {
  const at::Tensor of_row = slates[row].to(at::kInt).contiguous();
  return {of_row.data_ptr<int32_t>(), of_row.data_ptr<int32_t>() + of_row.numel()};
}

class SlateTensorsTest : public ::testing::TestWithParam<std::tuple<ClickRule, SlateRule>> {};

TEST_P(SlateTensorsTest, SlatesAreThoseOfTheOptimizer) {
  const auto [click_rule, rule] = GetParam();
  constexpr std::pair<int64_t, int64_t> kSizes[] = {{10, 3}, {1, 1}, {5, 5}, {20, 1}, {40, 8}, {6, 4}, {200, 10}};
  int64_t same = 0, different_values = 0;
  for (uint32_t batch = 0; batch < kBatches; ++batch) {
    const auto& [candidates, slate_size] = kSizes[batch % std::size(kSizes)];
    const Problems problems(click_rule, candidates, batch);
    const at::Tensor slates = ComposeSlatesByOperators(click_rule, rule, problems.Tensors(), slate_size);
    const at::Tensor by_default = ComposeSlates(click_rule, rule, problems.Tensors(), slate_size);
    const at::Tensor values = SlateValues(click_rule, problems.Tensors(), slates);
    SlateOptimizer optimizer(click_rule, static_cast<int>(candidates), static_cast<int>(slate_size));
    for (int64_t row = 0; row < kRows; ++row) {
      const SlateProblem problem = problems.Of(row);
      std::vector<int32_t> want(static_cast<size_t>(slate_size));
      const double best = optimizer.Select(rule, problem, absl::MakeSpan(want));
      const std::vector<int32_t> got = RowOf(slates, row);
      ASSERT_EQ(RowOf(by_default, row), want) << batch << " " << row;
      ASSERT_EQ(std::set<int32_t>(got.begin(), got.end()).size(), want.size()) << batch << " " << row;
      // Values are a few units, sums in double; of greedy rules equals are equals to the last bit.
      ASSERT_NEAR(SlateValue(click_rule, problem, got), best, 1e-12 * (1 + std::abs(best))) << batch << " " << row;
      ASSERT_NEAR(values[row].item<double>(), best, 1e-12 * (1 + std::abs(best))) << batch << " " << row;
      const bool ties = row % 5 == 1 || row % 5 == 2;
      if (!ties) {
        // The order of an optimal slate whose worth does not depend on it may differ.
        std::vector<int32_t> in_order = got;
        if (click_rule == ClickRule::kShared && rule == SlateRule::kOptimal) {
          std::sort(in_order.begin(), in_order.end());
          std::sort(want.begin(), want.end());
        }
        EXPECT_EQ(in_order, want) << batch << " " << row;
        ++different_values;
      }
      same += got == want ? 1 : 0;
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(different_values, 5000);
  // Top-k has no ties that are not broken alike.
  if (rule == SlateRule::kTopK) {
    EXPECT_EQ(same, kBatches * kRows);
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, SlateTensorsTest,
                         ::testing::Combine(::testing::Values(ClickRule::kShared, ClickRule::kCascade),
                                            ::testing::Values(SlateRule::kTopK, SlateRule::kGreedy,
                                                              SlateRule::kOptimal)));

// Of slates that are shorter than others.
TEST(SlateValuesTest, OnlyWhatIsShownCounts) {
  for (const ClickRule rule : {ClickRule::kShared, ClickRule::kCascade}) {
    const Problems problems(rule, 6, 1);
    Rng rng(2, Purpose::kTest, {});
    const at::Tensor slates = at::zeros({kRows, 3}, at::kLong), shown = at::zeros({kRows, 3}, at::kBool);
    std::vector<std::vector<int32_t>> all;
    for (int64_t row = 0; row < kRows; ++row) {
      std::vector<int32_t> slate;
      for (int64_t k = 0; k < static_cast<int64_t>(rng.Index(4)); ++k) {
        slate.push_back(static_cast<int32_t>((row + 2 * k) % 6));
        slates[row][k] = slate.back();
        shown[row][k] = true;
      }
      all.push_back(slate);
    }
    const at::Tensor values = SlateValues(rule, problems.Tensors(), slates, shown);
    const at::Tensor clicks = ClickProbabilities(rule, problems.Tensors(), slates, shown);
    for (int64_t row = 0; row < kRows; ++row) {
      const std::vector<int32_t>& slate = all[static_cast<size_t>(row)];
      SlateProblem problem = problems.Of(row);
      ASSERT_NEAR(values[row].item<double>(), SlateValue(rule, problem, slate), 1e-12) << row;
      problem.no_click_value = 0;
      for (int64_t k = 0; k < 3; ++k) {
        double want = 0;
        if (k < static_cast<int64_t>(slate.size())) {
          std::vector<float> one(6);  // What the slate is worth where only this item is worth 1.
          one[static_cast<size_t>(slate[static_cast<size_t>(k)])] = 1;
          problem.values = one;
          want = SlateValue(rule, problem, slate);
        }
        ASSERT_NEAR(clicks[row][k].item<double>(), want, 1e-12) << row << " " << k;
      }
    }
  }
}

// A network that has diverged: still slates of different positions.
TEST(ComposeSlatesTest, SlatesOfNoNumbersAreSlates) {
  constexpr double kBad[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity()};
  for (const ClickRule click_rule : {ClickRule::kShared, ClickRule::kCascade}) {
    for (const SlateRule rule : {SlateRule::kTopK, SlateRule::kGreedy, SlateRule::kOptimal}) {
      SlateProblems problems = Problems(click_rule, 6, 1).Tensors();
      for (int64_t row = 0; row < kRows; ++row) {
        for (int64_t i = 0; i < 6; ++i) {
          if (row % 4 == 0 || (row + i) % 3 == 0) problems.values[row][i] = kBad[(row / 4 + i * (row % 2)) % 3];
        }
      }
      const at::Tensor slates = ComposeSlatesByOperators(click_rule, rule, problems, 4);
      for (int64_t row = 0; row < kRows; ++row) {
        const std::vector<int32_t> slate = RowOf(slates, row);
        const std::set<int32_t> different(slate.begin(), slate.end());
        ASSERT_EQ(different.size(), 4U) << static_cast<int>(rule) << " " << row;
        ASSERT_TRUE(*different.begin() >= 0 && *different.rbegin() < 6);
      }
    }
  }
}

// Scores that a model refuses among them.
TEST(ClickWeightsTest, AreThoseOfTheChoiceModels) {
  constexpr int64_t kItems = 7, kFeatures = 3, kUser = 5;
  std::vector<ChoiceModelOptions> models(6);
  models[1].no_click_mass = 0.5;
  models[2].kind = models[3].kind = ChoiceKind::kMultinomialProportional;
  models[2].no_click_mass = 1;
  models[3].no_click_mass = models[3].min_normalizer = -20;
  models[4].kind = ChoiceKind::kExponentialCascade;
  models[5].kind = ChoiceKind::kProportionalCascade;
  models[4].attention_prob = models[5].attention_prob = 0.7;
  models[4].score_scaling = models[5].score_scaling = 0.3;
  models[5].min_normalizer = -1;
  Rng rng(3, Purpose::kTest, {});
  std::vector<float> users(kRows * kUser), items(kRows * kItems * kFeatures);
  for (std::vector<float>* values : {&users, &items}) {
    for (float& value : *values) value = static_cast<float>(rng.Normal());
  }
  for (const ChoiceModelOptions& options : models) {
    const AffinityWeights affinity = AffinityWeights::Create(ChoiceModel::Create(options).value(), kFeatures).value();
    const ClickWeights got =
        WeighAffinities(affinity, ToTensor(users, kUser), ToTensor(items, kFeatures).view({kRows, kItems, kFeatures}));
    for (int64_t row = 0; row < kRows; ++row) {
      std::vector<float> want(kItems);
      const double none =
          affinity.Weigh(users.data() + row * kUser, items.data() + row * kItems * kFeatures, absl::MakeSpan(want));
      // Scores of some units are sums of three products in single precision.
      ASSERT_NEAR(got.none[row][0].item<double>(), none, 2e-6 * std::max(1.0, none)) << static_cast<int>(options.kind);
      for (int64_t i = 0; i < kItems; ++i) {
        const double weight = double{want[static_cast<size_t>(i)]};
        ASSERT_NEAR(got.items[row][i].item<double>(), weight, 4e-6 * std::max(1.0, weight))
            << static_cast<int>(options.kind) << " row " << row << " item " << i;
      }
    }
  }
}

TEST(ClickWeightsTest, OfScoresAreThoseThatThePolicyUses) {
  std::vector<float> scores = {-100, -30, -1, 0, 2, 30, 100};
  const ClickWeights got = WeighScores(ToTensor(scores, 7));
  ScoresToWeights(absl::MakeSpan(scores));
  for (size_t i = 0; i < scores.size(); ++i) {
    EXPECT_NEAR(got.items[0][static_cast<int64_t>(i)].item<float>(), scores[i], 1e-6f * scores[i]) << i;
  }
  EXPECT_EQ(got.none.item<float>(), 1);
}

}  // namespace
}  // namespace recbots
