#include "common/ope/estimate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/base/random.h"
#include "common/ope/bootstrap.h"
#include "common/ope/diagnostics.h"
#include "common/ope/session_estimators.h"
#include "common/ope/slope.h"
#include "common/ope/step_estimators.h"

namespace recbots {
namespace {

using Numbers = std::vector<double>;

TEST(EstimateTest, AMeanHasTheStandardErrorOfAMean) {
  const EstimateParts parts = {{{1, 2, 4, 5}, {1, 1, 1, 1}}};
  const Estimate estimate = Linearise(parts);
  EXPECT_DOUBLE_EQ(estimate.value, 3);
  EXPECT_DOUBLE_EQ(estimate.standard_error, std::sqrt(10.0 / (4 * 3)));
  EXPECT_NEAR(StudentInterval(estimate, 4, 0.95).high, 3 + 3.182446305 * std::sqrt(10.0 / 12), 1e-8);
  EXPECT_TRUE(std::isnan(Linearise({{{1}, {1}}}).standard_error));
  EXPECT_TRUE(std::isnan(Linearise({{{1, 2}, {0, 0}}}).value));
}

// Steps of sessions with a known policy: two actions, logged with 0.7 / 0.3, rewards 1 and 3 with noise, the evaluated
// policy the other way round: the value is 0.3 + 0.7 * 3 = 2.4 for each step.
struct Steps {
  Numbers weight, reward, q, v;
  std::vector<int64_t> session_begin = {0};
  WeightedSteps steps() const { return {weight, reward, q, v, session_begin}; }
};

Steps Draw(uint32_t log, uint32_t sessions) {
  Steps steps;
  for (uint32_t session = 0; session < sessions; ++session) {
    Rng draws(17, Purpose::kTest, {session, log, 0});
    const double shared = draws.Normal();  // What the steps of a session have in common.
    const uint32_t length = 1 + draws.Index(3);
    for (uint32_t t = 0; t < length; ++t) {
      const bool first = draws.Uniform() < 0.7;
      steps.weight.push_back(first ? 0.3 / 0.7 : 0.7 / 0.3);
      steps.reward.push_back((first ? 1 : 3) + shared + 0.5 * draws.Normal());
      steps.q.push_back(first ? 1.2 : 2.5);  // A model that is wrong.
      steps.v.push_back(0.3 * 1.2 + 0.7 * 2.5);
    }
    steps.session_begin.push_back(static_cast<int64_t>(steps.weight.size()));
  }
  return steps;
}

// 95 % intervals of 2,000 logs cover the truth about 1,900 times: within 5 sqrt(2000 * 0.95 * 0.05) = 49, that is
// 92.5 % to 97.5 %. Standard errors that ignore sessions would cover about 85 %. Each log has 200 sessions.
TEST(EstimateTest, IntervalsCoverTheTruth) {
  constexpr int kLogs = 2000;
  int ips = 0, snips = 0, dr = 0, sndr = 0, bootstrap = 0, above_bernstein = 0;
  for (uint32_t log = 0; log < kLogs; ++log) {
    const Steps steps = Draw(log, 200);
    const auto covers = [](Interval interval) { return interval.low <= 2.4 && 2.4 <= interval.high; };
    const auto student = [&](const EstimateParts& parts) {
      return covers(StudentInterval(Linearise(parts), 200, 0.95));
    };
    ips += student(Ips(steps.steps()));
    const EstimateParts self_normalised = SelfNormalisedIps(steps.steps());
    snips += student(self_normalised);
    dr += student(DoublyRobust(steps.steps()));
    sndr += student(SelfNormalisedDoublyRobust(steps.steps()));
    bootstrap += covers(PercentileInterval(PoissonBootstrap(self_normalised, {.replicates = 200, .seed = log}), 0.95));
    above_bernstein += BernsteinLowerBound(Linearise(Ips(steps.steps())), 200, 15, 0.95) < 2.4;
  }
  for (const int covered : {ips, snips, dr, sndr}) EXPECT_NEAR(covered, 0.95 * kLogs, 49);
  EXPECT_NEAR(bootstrap, 0.95 * kLogs, 60);  // Percentiles of 200 replicates cover about half a per cent less.
  EXPECT_EQ(above_bernstein, kLogs);
}

TEST(BootstrapTest, CountsArePoissonAndDoNotDependOnThreads) {
  // One part whose only session with something above is session s: the value of a replicate is its count over the sum
  // of all counts; with 1,000 sessions the sum is 1000 +- 32.
  EstimateParts parts = {{Numbers(1000, 0.0), Numbers(1000, 1.0)}};
  parts[0].numerator[517] = 1;
  const Numbers one = PoissonBootstrap(parts, {.replicates = 20000, .seed = 3, .threads = 1});
  EXPECT_EQ(one, PoissonBootstrap(parts, {.replicates = 20000, .seed = 3, .threads = 3}));
  EXPECT_NE(one, PoissonBootstrap(parts, {.replicates = 20000, .seed = 4, .threads = 1}));
  ASSERT_EQ(one.size(), 20000U);
  double probability = std::exp(-1.0);
  for (int k = 0; k < 5; ++k) {
    const auto count =
        std::count_if(one.begin(), one.end(), [k](double value) { return std::lround(value * 1000) == k; });
    EXPECT_NEAR(static_cast<double>(count) / 20000, probability, 5 * std::sqrt(probability / 20000) + 1e-4) << k;
    probability /= k + 1;
  }
  // A short run is the beginning of a long one, and the number of sessions changes no counts.
  Numbers few = PoissonBootstrap(parts, {.replicates = 50, .seed = 3});
  for (const double value : few) EXPECT_TRUE(std::binary_search(one.begin(), one.end(), value));
}

TEST(BootstrapTest, AgreesWithTheStandardError) {
  const Steps steps = Draw(1, 2000);
  const EstimateParts parts = SelfNormalisedDoublyRobust(steps.steps());
  const Estimate estimate = Linearise(parts);
  const Numbers values = PoissonBootstrap(parts, {.replicates = 4000, .seed = 5});
  const Interval interval = PercentileInterval(values, 0.95);
  // Quantiles of 4,000 replicates are known within about 5 %, and so is the bootstrap's idea of the width.
  EXPECT_NEAR((interval.high - interval.low) / (2 * 1.96 * estimate.standard_error), 1, 0.1);
  EXPECT_NEAR(0.5 * (interval.high + interval.low), estimate.value, 0.2 * estimate.standard_error);
}

TEST(DiagnosticsTest, TellsWhatWeightsAreWorth) {
  const WeightDiagnostics even = Diagnose(Numbers{1, 1, 1, 1});
  EXPECT_DOUBLE_EQ(even.effective_sample_size, 4);
  EXPECT_TRUE(even.MeanIsOne());
  const WeightDiagnostics uneven = Diagnose(Numbers{0, 0, 2, 6});
  EXPECT_DOUBLE_EQ(uneven.mean, 2);
  EXPECT_DOUBLE_EQ(uneven.effective_sample_size, 64.0 / 40);
  EXPECT_DOUBLE_EQ(uneven.largest_share, 0.75);
  EXPECT_DOUBLE_EQ(uneven.zero_share, 0.5);
  EXPECT_DOUBLE_EQ(uneven.top_percent_share, 0.75);
  EXPECT_TRUE(uneven.MeanIsOne());  // 2 +- 3 * 1.41
  EXPECT_FALSE(Diagnose(Numbers(1000, 0.5)).MeanIsOne());
  EXPECT_EQ(Diagnose(Numbers{0, 0}).effective_sample_size, 0);
}

// Sessions of different lengths against the definition, written out.
TEST(SessionEstimatorsTest, EndedSessionsKeepTheirLastWeight) {
  const Numbers weight = {2, 0.5, 3, 0.25}, reward = {1, 10, 100, 1000};
  const std::vector<int64_t> begin = {0, 3, 4};
  const WeightedSteps steps = {weight, reward, {}, {}, begin};
  const double want = (2 * 1 + 0.25 * 1000) / 2.25 + 0.9 * (1 * 10) / 1.25 + 0.81 * (3 * 100) / 3.25;
  EXPECT_NEAR(Linearise(PerDecisionIps(steps, 0.9, true)).value, want, 1e-12);
  EXPECT_NEAR(Linearise(PerDecisionIps(steps, 0.9, false)).value, (2 * 1 + 0.25 * 1000 + 0.9 * 10 + 0.81 * 3 * 100) / 2,
              1e-12);
  EXPECT_NEAR(Linearise(TrajectoryIps(steps, 1, true)).value, (3 * 111 + 0.25 * 1000) / 3.25, 1e-12);
  EXPECT_EQ(LongestSession(begin), 3U);
}

TEST(SlopeTest, ChoosesTheLastThatAgreesWithAllBefore) {
  // From wide and right to narrow and wrong.
  const std::vector<Estimate> estimates = {{0.2, 0.01}, {1.0, 1.0}, {0.9, 0.2}, {0.85, 0.05}};
  EXPECT_EQ(ChooseBySlope(estimates, 1000).index, 3U);
  EXPECT_EQ(ChooseBySlope({{5, 0.1}, {1, 0.2}}, 1000).index, 1U);
  EXPECT_EQ(ChooseBySlope({{std::nan(""), 0.1}, {1, 0.2}}, 1000).index, 1U);
  EXPECT_EQ(ChooseBySlope({{3, std::nan("")}}, 1).index, 0U);
}

}  // namespace
}  // namespace recbots
