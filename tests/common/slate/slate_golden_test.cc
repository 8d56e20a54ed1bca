// Scores, click probabilities and slates of RecSim's SlateQ, every case of the files.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/slate/item_weights.h"
#include "common/slate/slate_optimizer.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using testing::GoldenValue;

std::vector<double> NumbersOf(const GoldenValue& list) { return list.get<std::vector<double>>(); }
std::vector<float> Floats(const std::vector<double>& numbers) { return {numbers.begin(), numbers.end()}; }

template <typename Compare>
void ForEachCase(const std::string& name, Compare&& compare) {
  const testing::Golden golden("recsim/" + name + ".json");
  size_t compared = 0;
  for (const GoldenValue& test : golden.at("cases")) {
    SCOPED_TRACE(name + " case " + std::to_string(compared));
    compare(test.at("in"), test.at("out"));
    ++compared;
  }
  EXPECT_GT(compared, 0u);
}

ChoiceModel ModelOf(const GoldenValue& in) {
  ChoiceModelOptions options;
  options.kind = in.at("logit").get<bool>() ? ChoiceKind::kMultinomialLogit : ChoiceKind::kMultinomialProportional;
  options.no_click_mass = in.at("no_click_mass").get<double>();
  options.min_normalizer = in.at("min_normalizer").get<double>();
  return ChoiceModel::Create(options).value();
}

void CompareScores(const GoldenValue& in, const GoldenValue& out) {
  const std::vector<double> user = NumbersOf(in.at("user"));
  std::vector<double> features;
  for (const GoldenValue& document : in.at("docs")) {
    for (const double feature : NumbersOf(document)) features.push_back(feature);
  }
  std::vector<double> weights(in.at("docs").size());
  LinearScores(absl::MakeConstSpan(user), absl::MakeConstSpan(features), absl::MakeSpan(weights));
  std::vector<float> narrow = Floats(weights);
  double none = 0, none_narrow = 0;
  const ChoiceModel model = ModelOf(in);
  ASSERT_TRUE(ItemWeights(model, weights, absl::MakeSpan(weights), none).ok());
  const std::vector<double> expected = NumbersOf(out.at("scores"));
  ASSERT_EQ(weights.size(), expected.size());
  for (size_t i = 0; i < weights.size(); ++i) EXPECT_NEAR(weights[i], expected[i], 1e-12) << "item " << i;
  EXPECT_NEAR(none, out.at("score_no_click").get<double>(), 1e-12);

  // The probability of an item is what its slate is worth when this item is worth 1 and all else nothing.
  ASSERT_TRUE(ItemWeights(model, narrow, absl::MakeSpan(narrow), none_narrow).ok());
  const auto slate = in.at("slate").get<std::vector<int32_t>>();
  const std::vector<double> probabilities = NumbersOf(out.at("slate_probs_f32"));
  ASSERT_EQ(slate.size(), probabilities.size());
  for (size_t k = 0; k < slate.size(); ++k) {
    std::vector<float> values(narrow.size(), 0.0f);
    values.at(static_cast<size_t>(slate[k])) = 1;
    EXPECT_NEAR(SlateValue(ClickRule::kShared, {narrow, values, none_narrow}, slate), probabilities[k], 1e-6);
  }
}

TEST(SlateGoldenTest, ScoresAndProbabilities) { ForEachCase("slateq_scores", CompareScores); }

void CompareSlate(const GoldenValue& in, const GoldenValue& out, SlateRule rule, const std::string& name) {
  SCOPED_TRACE(name);
  const std::vector<double> weights = NumbersOf(in.at("s")), values = NumbersOf(in.at("q"));
  const std::vector<float> narrow_weights = Floats(weights), narrow_values = Floats(values);
  const auto no_click_weight = in.at("s0").get<double>();
  auto expected = out.at(name).get<std::vector<int32_t>>();
  const auto value = out.at("value_" + name).get<double>();
  SlateOptimizer optimizer(ClickRule::kShared, static_cast<int>(weights.size()), in.at("slate_size").get<int>());
  std::vector<int32_t> slate(expected.size()), narrow_slate(expected.size());
  EXPECT_NEAR(optimizer.Select(rule, SlateProblemF64{weights, values, no_click_weight}, absl::MakeSpan(slate)), value,
              1e-9);
  EXPECT_NEAR(SlateValue(ClickRule::kShared, SlateProblemF64{weights, values, no_click_weight}, expected), value, 1e-9);
  // As agents use it.
  optimizer.Select(rule, SlateProblem{narrow_weights, narrow_values, no_click_weight}, absl::MakeSpan(narrow_slate));
  if (rule == SlateRule::kOptimal) {
    for (auto* const set : {&slate, &narrow_slate, &expected}) std::sort(set->begin(), set->end());
  }
  EXPECT_EQ(slate, expected);
  EXPECT_EQ(narrow_slate, expected);
}

TEST(SlateGoldenTest, Slates) {
  ForEachCase("slateq_select", [](const GoldenValue& in, const GoldenValue& out) {
    CompareSlate(in, out, SlateRule::kTopK, "topk");
    CompareSlate(in, out, SlateRule::kGreedy, "greedy");
    CompareSlate(in, out, SlateRule::kOptimal, "optimal");
  });
}

}  // namespace
}  // namespace recbots
