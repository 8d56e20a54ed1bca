// Real logs against reference values (tests/golden/ope/obd_men_uniform.json): the small Open Bandit logs of men's
// fashion (Saito et al. 2021, arXiv:2008.07146), which are not in this repository. RECBOTS_DATA_DIR names the folder
// that has obd/random_men.csv.gz and obd/bts_men.csv.gz; without it the test skips.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <string>

#include "common/log/read_log.h"
#include "deploy/cli/evaluate/evaluate.h"
#include "deploy/cli/evaluate/log_weights.h"
#include "deploy/cli/evaluate/policy_probabilities.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using testing::Golden;
using testing::GoldenValue;

class OpenBanditTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const char* const folder = std::getenv("RECBOTS_DATA_DIR");
    if (folder == nullptr) GTEST_SKIP() << "RECBOTS_DATA_DIR is not set: the logs are not in the repository";
    path_ = std::string(folder) + "/obd/" + GetParam() + "_men.csv.gz";
  }

  std::string path_;
};

TEST_P(OpenBanditTest, AgreesWithReferenceValues) {
  absl::StatusOr<InteractionLog> log = ReadLog(path_, LogOptions());
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_TRUE(FillUniform(log->items.size(), *log).ok());
  EXPECT_EQ(log->items.size(), 34);
  const Golden golden("ope/obd_men_uniform.json");
  const GoldenValue want = golden.at("logs").at(GetParam());
  const auto evaluation = EvaluateLog(*log, {.policy = "uniform", .estimates = {.bootstrap = 200, .seed = 1}});
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_EQ(evaluation->rows, want.at("rows").get<int64_t>());
  EXPECT_EQ(evaluation->rewarded_rows, want.at("clicks").get<int64_t>());
  const auto expect = [&](double value, const std::string& name) {
    const auto wanted = want.at(name).get<double>();
    EXPECT_NEAR(value, wanted, 1e-9 * std::abs(wanted)) << name;
  };
  expect(evaluation->logged_slate.value, "mean_reward");
  ASSERT_EQ(evaluation->weights.size(), 1U);
  const WeightDiagnostics& weights = evaluation->weights[0].diagnostics;
  expect(weights.mean, "mean_weight");
  expect(weights.largest, "max_weight");
  expect(weights.effective_sample_size, "effective_sample_size");
  for (const EstimatorResult& result : evaluation->results) {
    if (result.name != "ips" && result.name != "snips") continue;
    expect(result.estimate.value, result.name);
    expect(result.estimate.standard_error, result.name + "_standard_error");
  }
  const auto table = WeightsOf(*log);
  ASSERT_TRUE(table.ok());
  for (const double clip : {1.0, 5.0, 20.0}) {
    expect(Linearise(Ips(table->Steps(), WeightRule::kClip, clip)).value,
           "clipped_ips/" + std::to_string(static_cast<int>(clip)));
  }
}

// Weights of 1 are believed; of the log of Thompson sampling, 656 of 10,000 rows speak for the uniform policy.
TEST_P(OpenBanditTest, SaysHowFarTheLogMayBeBelieved) {
  absl::StatusOr<InteractionLog> log = ReadLog(path_, LogOptions());
  ASSERT_TRUE(log.ok()) << log.status();
  ASSERT_TRUE(FillUniform(34, *log).ok());
  const auto evaluation = EvaluateLog(*log, {.policy = "uniform", .estimates = {.bootstrap = 0}});
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  const bool uniform = std::string(GetParam()) == "random";
  EXPECT_EQ(evaluation->verdict, uniform ? VerdictKind::kTells : VerdictKind::kWithCare);
}

INSTANTIATE_TEST_SUITE_P(Logs, OpenBanditTest, ::testing::Values("random", "bts"));

}  // namespace
}  // namespace recbots
