// Choice models and softmax against the reference simulator, every case of the files.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "common/slate/choice_model.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using testing::GoldenValue;

double NumberOf(const GoldenValue& value) {
  if (value.is_number()) return value.get<double>();
  const auto text = value.get<std::string>();
  if (text == "inf") return std::numeric_limits<double>::infinity();
  if (text == "-inf") return -std::numeric_limits<double>::infinity();
  return std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> NumbersOf(const GoldenValue& list) {
  std::vector<double> numbers;
  for (const GoldenValue& value : list) numbers.push_back(NumberOf(value));
  return numbers;
}

std::vector<double> ScoresOf(const GoldenValue& in) {
  const std::vector<double> user = NumbersOf(in.at("user"));
  std::vector<double> scores;
  for (const GoldenValue& document : in.at("docs")) {
    const std::vector<double> features = NumbersOf(document);
    double score = 0;
    for (size_t i = 0; i < user.size(); ++i) score += user[i] * features.at(i);
    scores.push_back(score);
  }
  return scores;
}

// Left out parameters have the reference's defaults.
ChoiceModelOptions OptionsOf(ChoiceKind kind, const GoldenValue& params) {
  ChoiceModelOptions options;
  options.kind = kind;
  if (kind == ChoiceKind::kMultinomialProportional) options.no_click_mass = 0;
  options.ForEachField([&params](const char* name, auto& field, const Range&) {
    if constexpr (std::is_same_v<decltype(field), double&>) {
      if (params.contains(name)) field = NumberOf(params.at(name));
    }
  });
  return options;
}

void ExpectNear(const std::vector<double>& ours, const std::vector<double>& theirs) {
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], theirs[i], 1e-12) << "element " << i;
}

// Returns whether the case was refused, at construction or when weighing.
bool Compare(ChoiceKind kind, const GoldenValue& in, const GoldenValue& out) {
  const auto model = ChoiceModel::Create(OptionsOf(kind, in.at("params")));
  if (!model.ok()) return true;
  const std::vector<double> scores = ScoresOf(in);
  std::vector<double> weights(scores.size());
  double no_click = 0;
  if (!model->Weigh(scores, absl::MakeSpan(weights), no_click).ok()) {
    EXPECT_FALSE(model->Probabilities(scores, absl::MakeSpan(weights)).ok());
    return true;
  }
  if (out.contains("error")) return false;
  ExpectNear(weights, NumbersOf(out.at("scores")));
  EXPECT_NEAR(no_click, NumberOf(out.at("score_no_click")), 1e-12);
  const auto u = out.at("u").get<double>();
  const auto chosen = out.at("chosen").get<int>();
  EXPECT_EQ(ChoiceModel::Choose(weights, no_click, u), chosen);
  EXPECT_EQ(model->DrawFrom(scores, [u] { return u; }),
            chosen == ChoiceModel::kNone ? 0 : uint64_t{1} << static_cast<unsigned>(chosen));
  std::vector<double> probabilities(scores.size());
  probabilities.push_back(model->Probabilities(scores, absl::MakeSpan(probabilities)).value());
  ExpectNear(probabilities, NumbersOf(out.at("probs")));
  return false;
}

void CompareAll(const std::string& name, ChoiceKind kind) {
  const testing::Golden golden("recsim/" + name + ".json");
  size_t compared = 0, refused = 0, want_refused = 0;
  for (const GoldenValue& test : golden.at("cases")) {
    SCOPED_TRACE(name + " case " + std::to_string(compared));
    const bool want = test.at("out").contains("error");
    const bool was = Compare(kind, test.at("in"), test.at("out"));
    EXPECT_EQ(was, want) << test.at("in").dump();
    refused += was;
    want_refused += want;
    ++compared;
  }
  EXPECT_EQ(compared, golden.at("cases").size());
  EXPECT_GT(compared, 0u);
  EXPECT_EQ(refused, want_refused);
}

TEST(ChoiceModelGoldenTest, MultinomialLogit) { CompareAll("choice_logit", ChoiceKind::kMultinomialLogit); }

TEST(ChoiceModelGoldenTest, MultinomialProportional) {
  CompareAll("choice_proportional", ChoiceKind::kMultinomialProportional);
}

TEST(ChoiceModelGoldenTest, ExponentialCascade) {
  CompareAll("choice_exponential_cascade", ChoiceKind::kExponentialCascade);
}

TEST(ChoiceModelGoldenTest, ProportionalCascade) {
  CompareAll("choice_proportional_cascade", ChoiceKind::kProportionalCascade);
}

TEST(SoftmaxGoldenTest, AllCases) {
  const testing::Golden golden("recsim/softmax.json");
  size_t compared = 0;
  for (const GoldenValue& test : golden.at("cases")) {
    SCOPED_TRACE("softmax case " + std::to_string(compared));
    std::vector<double> x = NumbersOf(test.at("in").at("x"));
    std::vector<double> y(x.size());
    Softmax(x, absl::MakeSpan(y));
    ExpectNear(y, NumbersOf(test.at("out").at("y")));
    Softmax(x, absl::MakeSpan(x));
    EXPECT_EQ(x, y) << "in place";
    ++compared;
  }
  EXPECT_EQ(compared, golden.at("cases").size());
  EXPECT_GT(compared, 0u);
}

}  // namespace
}  // namespace recbots
