#include "deploy/cli/evaluate/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/random.h"
#include "common/log/read_log.h"
#include "deploy/cli/evaluate/policy_probabilities.h"
#include "deploy/cli/evaluate/report.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

// A bandit of 5 items, item i clicked with probability 0.1 (i + 1); the logger shows item i with probabilities
// `logger`, and says that they are `said`. The uniform policy is worth 0.3.
std::string Bandit(int rows, const std::vector<double>& logger, const std::vector<double>& said, double factor = 0.1) {
  std::string text = "item,clicked,item_propensity\n";
  for (int row = 0; row < rows; ++row) {
    Rng draws(3, Purpose::kTest, {static_cast<uint32_t>(row), 0, 0});
    double u = draws.Uniform();
    size_t item = 0;
    while (item + 1 < logger.size() && u >= logger[item]) u -= logger[item++];
    const bool clicked = draws.Uniform() < factor * static_cast<double>(item + 1);
    absl::StrAppend(&text, "i", item, ",", clicked ? 1 : 0, ",", said[item], "\n");
  }
  return text;
}

const std::vector<double> kMild = {0.3, 0.3, 0.2, 0.1, 0.1};
const std::vector<double> kEven = {0.2, 0.2, 0.2, 0.2, 0.2};

absl::StatusOr<Evaluation> Uniform(const std::string& text, EvaluationRequest request = {}) {
  absl::StatusOr<InteractionLog> log = ReadLog("x", ByteStream::Of(text), LogOptions());
  if (!log.ok()) return log.status();
  request.policy = "uniform";
  if (request.estimates.bootstrap == 1000) request.estimates.bootstrap = 100;
  const absl::Status filled = FillUniform(request.NumItems(*log), *log);
  if (!filled.ok()) return filled;
  return EvaluateLog(*log, request);
}

const EstimatorResult& Find(const Evaluation& evaluation, const std::string& name) {
  for (const EstimatorResult& result : evaluation.results) {
    if (result.name == name) return result;
  }
  ADD_FAILURE() << "no " << name;
  return evaluation.results.front();
}

// Every estimate that claims to be unbiased is within 5 of its standard errors of the truth; the standard errors are
// about sqrt(0.21 * 1.3 / 20000) = 0.0037.
TEST(EvaluateTest, ALogOfAnotherPolicyTells) {
  const auto evaluation = Uniform(Bandit(20000, kMild, kMild));
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_EQ(evaluation->verdict, VerdictKind::kTells);
  EXPECT_EQ(evaluation->recommended, "sndr");
  for (const char* name : {"ips", "snips", "dr", "sndr"}) {
    const EstimatorResult& result = Find(*evaluation, name);
    EXPECT_EQ(result.trust, Trust::kBelieved) << name;
    EXPECT_LT(result.estimate.standard_error, 0.006) << name;
    EXPECT_NEAR(result.estimate.value, 0.3, 5 * result.estimate.standard_error) << name;
    EXPECT_LE(result.interval.low, result.estimate.value);
    EXPECT_NEAR(result.bootstrap.low, result.interval.low, 2 * result.estimate.standard_error);
    EXPECT_LT(result.lower_bound, result.estimate.value);
  }
  EXPECT_EQ(Find(*evaluation, "dm").trust, Trust::kNot);
  EXPECT_NEAR(Find(*evaluation, "dm").estimate.value, 0.3, 0.02);
  EXPECT_THAT(Find(*evaluation, "dr_os").setting, HasSubstr("chosen by SLOPE"));
  EXPECT_NEAR(evaluation->logged_slate.value, 0.1 * (0.3 + 0.6 + 0.6 + 0.4 + 0.5), 0.02);
}

TEST(EvaluateTest, WrongPropensitiesAreNoticed) {
  const auto evaluation = Uniform(Bandit(20000, kMild, kEven));
  ASSERT_TRUE(evaluation.ok());
  // All weights are 1, which looks right; but the model of items says something else than the weights.
  EXPECT_EQ(evaluation->verdict, VerdictKind::kCannotTell);
  EXPECT_THAT(evaluation->verdict_sentences.back(), HasSubstr("this log cannot tell"));
  const std::vector<double> shifted = {0.5, 0.3, 0.2, 0.1, 0.1};
  const auto wrong = Uniform(Bandit(20000, kMild, shifted));
  ASSERT_TRUE(wrong.ok());
  EXPECT_EQ(wrong->verdict, VerdictKind::kCannotTell);
  EXPECT_THAT(wrong->verdict_sentences[0], HasSubstr("the propensities are wrong"));
}

TEST(EvaluateTest, AFewRowsWithMostOfTheWeightAreNoticed) {
  const std::vector<double> far = {0.99, 0.0025, 0.0025, 0.0025, 0.0025};
  const auto evaluation = Uniform(Bandit(3000, far, far));
  ASSERT_TRUE(evaluation.ok());
  EXPECT_EQ(evaluation->verdict, VerdictKind::kCannotTell);
  EXPECT_THAT(evaluation->verdict_sentences[0], HasSubstr("effective sample size"));
}

TEST(EvaluateTest, ItemsThatTheLogNeverShowsAreNoticed) {
  const std::vector<double> partly = {0.5, 0.3, 0.2, 0, 0};
  const auto evaluation = Uniform(Bandit(5000, partly, partly), {.num_items = 5});
  ASSERT_TRUE(evaluation.ok());
  EXPECT_EQ(evaluation->verdict, VerdictKind::kCannotTell);
  EXPECT_THAT(evaluation->notes, ::testing::Contains(HasSubstr("never shows 2 of 5 items")));
  EXPECT_NEAR(evaluation->weights[0].diagnostics.mean, 0.6, 0.05);
}

TEST(EvaluateTest, DeterministicLogsAndRareRewardsAreRefused) {
  const std::vector<double> one = {1, 0, 0, 0, 0};
  const auto deterministic = Uniform(Bandit(5000, one, one));
  ASSERT_TRUE(deterministic.ok());
  EXPECT_EQ(deterministic->verdict, VerdictKind::kCannotTell);
  EXPECT_THAT(deterministic->verdict_sentences[0], HasSubstr("deterministic"));
  const auto rare = Uniform(Bandit(2000, kEven, kEven, 0.0005));
  ASSERT_TRUE(rare.ok());
  EXPECT_EQ(rare->verdict, VerdictKind::kCannotTell);
  EXPECT_THAT(rare->verdict_sentences[0], HasSubstr("rows have a reward, want at least 10"));
  const auto single = Uniform("session,step,position,item,clicked,item_propensity\ns,0,0,a,1,0.5\ns,1,0,b,0,0.5\n");
  ASSERT_TRUE(single.ok());
  EXPECT_THAT(single->verdict_sentences[0], HasSubstr("one session"));
}

TEST(EvaluateTest, WithoutPropensitiesNoLogTells) {
  const auto none = Uniform("item,clicked\na,0\nb,1\n");
  EXPECT_EQ(none.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(none.status().message(), HasSubstr("Without propensities"));
  const auto some = Uniform("item,clicked,item_propensity\na,0,0.5\nb,1,\n");
  EXPECT_EQ(some.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(some.status().message(), HasSubstr("item_propensity is not known for 1 of 2 rows"));
}

// Two items of three in a slate, logged with equal probability, clicks at a position from the item alone.
TEST(EvaluateTest, SlatesHaveEstimatorsOfPositions) {
  std::string text = "session,step,position,item,clicked,slate_propensity,item_propensity,prefix_propensity\n";
  for (uint32_t slate = 0; slate < 6000; ++slate) {
    Rng draws(4, Purpose::kTest, {slate, 0, 0});
    const uint32_t first = draws.Index(3);
    const uint32_t second = (first + 1 + draws.Index(2)) % 3;
    for (const auto& [position, item] : {std::pair(0, first), std::pair(1, second)}) {
      const bool clicked = draws.Uniform() < 0.2 * (item + 1) / (position + 1);
      absl::StrAppend(&text, "s", slate, ",0,", position, ",", item, ",", clicked ? 1 : 0, ",", 1.0 / 6, ",", 1.0 / 3,
                      ",", position == 0 ? 1.0 / 3 : 1.0 / 6, "\n");
    }
  }
  const auto evaluation = Uniform(text);
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_EQ(evaluation->verdict, VerdictKind::kTells);
  EXPECT_EQ(evaluation->recommended, "snips");
  for (const char* name : {"ips", "snips", "iips", "sniips", "rips", "snrips", "cascade_dr"}) {
    EXPECT_NEAR(Find(*evaluation, name).estimate.value, 0.4 + 0.2, 5 * 0.008) << name;
  }
  EXPECT_EQ(Find(*evaluation, "iips").trust, Trust::kWithCare);
  EXPECT_THAT(Find(*evaluation, "iips").reason, HasSubstr("too high by 5 to 28 %"));
}

TEST(EvaluateTest, EstimatorsMayBeChosen) {
  const std::string text = Bandit(2000, kMild, kMild);
  const auto one = Uniform(text, {.estimates = {.estimators = {"snips"}}});
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->results.size(), 1U);
  EXPECT_EQ(one->recommended, "snips");
  EXPECT_THAT(Uniform(text, {.estimates = {.estimators = {"ipss"}}}).status().message(),
              HasSubstr("estimator 'ipss', want ips, snips, "));
  EXPECT_THAT(Uniform(text, {.estimates = {.estimators = {"iips"}}}).status().message(),
              HasSubstr("estimator iips needs slates of more than one item"));
}

TEST(EvaluateTest, ReportsSayTheSame) {
  auto evaluation = Uniform(Bandit(5000, kMild, kMild));
  ASSERT_TRUE(evaluation.ok());
  evaluation->log = "<a&b>.csv";
  evaluation->truth.push_back({"slate", 0.3, 0.001});
  const std::string page = EvaluationPage(*evaluation);
  EXPECT_THAT(page, HasSubstr("verdict: tells\nBy sndr, policy uniform earns "));
  EXPECT_THAT(page, HasSubstr("truth (played)"));
  const auto json = nlohmann::json::parse(EvaluationJson(*evaluation));
  EXPECT_EQ(json.at("verdict"), "tells");
  EXPECT_EQ(json.at("recommended"), "sndr");
  EXPECT_EQ(json.at("estimates").size(), evaluation->results.size());
  EXPECT_NEAR(json.at("estimates")[0].at("error").get<double>(),
              json.at("estimates")[0].at("value").get<double>() - 0.3, 1e-12);
  const std::string card = EvaluationCard(*evaluation);
  EXPECT_THAT(card, HasSubstr("&lt;a&amp;b&gt;.csv"));
  EXPECT_EQ(card.find("http"), std::string::npos);
  EXPECT_EQ(card.find("<script"), std::string::npos);
  for (const EstimatorResult& result : evaluation->results)
    EXPECT_THAT(card, HasSubstr("<td>" + result.name + "</td>"));
}

}  // namespace
}  // namespace recbots
