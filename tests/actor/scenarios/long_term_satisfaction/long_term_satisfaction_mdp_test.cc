// Exact values of long-term satisfaction: the parts against brute force, the whole against published figures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "actor/scenarios/long_term_satisfaction/exact_values.h"
#include "common/base/random.h"
#include "tests/actor/scenarios/long_term_satisfaction/long_term_satisfaction_support.h"

namespace recbots {
namespace {

using ::recbots::testing::HardOptions;

Rng MakeRng(uint32_t step) { return Rng(/*seed=*/7, Purpose::kTest, {0, 0, step}); }

TEST(EvenGridTest, IsExactForCubicsAndConstantBeyondTheEnds) {
  const EvenGrid grid{.low = -1.5, .step = 0.25, .size = 13};
  const auto cubic = [](double x) { return 2 - x + 3 * x * x - 0.5 * x * x * x; };
  std::vector<double> values(grid.size);
  for (size_t i = 0; i < grid.size; ++i) values[i] = cubic(grid.point(i));
  Rng draws = MakeRng(0);
  for (int i = 0; i < 1000; ++i) {
    const double x = draws.Uniform(-1.5, 1.5);
    ASSERT_NEAR(grid.At(values.data(), x), cubic(x), 1e-12) << x;
  }
  for (size_t i = 0; i < grid.size; ++i) EXPECT_NEAR(grid.At(values.data(), grid.point(i)), values[i], 1e-12);
  EXPECT_NEAR(grid.At(values.data(), 100), values.back(), 1e-12);
  EXPECT_NEAR(grid.At(values.data(), -100), values.front(), 1e-12);
}

// E[max] by sorting the values at many evenly spaced points.
double BruteForceBest(const std::vector<double>& q, int m) {
  constexpr int kPoints = 20000;
  std::vector<double> values(kPoints);
  for (int i = 0; i < kPoints; ++i) {
    const double place = (i + 0.5) / kPoints * static_cast<double>(q.size() - 1);
    const auto node = static_cast<size_t>(place);
    values[static_cast<size_t>(i)] = q[node] + (place - static_cast<double>(node)) * (q[node + 1] - q[node]);
  }
  std::sort(values.begin(), values.end());
  double mean = 0;
  for (int i = 0; i < kPoints; ++i) {
    mean += values[static_cast<size_t>(i)] *
            (std::pow((i + 1.0) / kPoints, m) - std::pow(static_cast<double>(i) / kPoints, m));
  }
  return mean;
}

TEST(ExpectedBestTest, AgreesWithBruteForceOnRandomFunctions) {
  for (uint32_t round = 0; round < 40; ++round) {
    Rng draws = MakeRng(round);
    std::vector<double> q(2 + draws.Index(20));
    // Few levels give ties and flat pieces, many give none.
    const uint32_t levels = round % 2 == 0 ? 3 : 1000;
    for (double& value : q) value = draws.Index(levels) / static_cast<double>(levels) - 0.3;
    for (const int m : {1, 2, 10, 100})
      EXPECT_NEAR(ExpectedBest(q, m), BruteForceBest(q, m), 1e-3) << round << ' ' << m;
    EXPECT_EQ(ExpectedBest(q, LtsMdp::kAnyClickbait), *std::max_element(q.begin(), q.end()));
  }
}

TEST(ExpectedBestTest, IsExactWhereItIsKnown) {
  for (const int m : {1, 5, 1000}) {
    EXPECT_NEAR(ExpectedBest({0.0, 0.25, 0.5, 0.75, 1.0}, m), m / (m + 1.0), 1e-12);
    EXPECT_NEAR(ExpectedBest({1.0, 0.0}, m), m / (m + 1.0), 1e-12);
    EXPECT_NEAR(ExpectedBest({2.0, 0.0, 2.0}, m), 2 * m / (m + 1.0), 1e-12);
    EXPECT_EQ(ExpectedBest({3.0, 3.0, 3.0}, m), 3.0);
  }
}

double MeanClickbait(const std::vector<double>& rule) {
  double mean = 0;
  for (size_t j = 0; j < rule.size(); ++j)
    mean += rule[j] * static_cast<double>(j) / static_cast<double>(rule.size() - 1);
  return mean;
}

TEST(LtsMdpTest, RulesAreDistributionsWithTheRightMean) {
  for (const int m : {1, 2, 10, 1000}) {
    const LtsMdp mdp({}, m);
    for (const double target : {0.0, 0.3, 1.0}) {
      const std::vector<double> rule = mdp.NearestRule(target);
      EXPECT_NEAR(std::accumulate(rule.begin(), rule.end(), 0.0), 1, 1e-9);
      EXPECT_GE(*std::min_element(rule.begin(), rule.end()), 0);
    }
    EXPECT_NEAR(MeanClickbait(mdp.NearestRule(1)), m / (m + 1.0), 1e-4);
    EXPECT_NEAR(MeanClickbait(mdp.NearestRule(0)), 1 / (m + 1.0), 1e-4);
    EXPECT_NEAR(MeanClickbait(mdp.NearestRule(0.5)), 0.5, 1e-9);
    EXPECT_NEAR(MeanClickbait(mdp.RandomRule()), 0.5, 1e-9);
  }
  const LtsMdp free_choice({}, LtsMdp::kAnyClickbait);
  for (const double target : {0.0, 0.123, 1.0}) {
    EXPECT_NEAR(MeanClickbait(free_choice.NearestRule(target)), target, 1e-12);
  }
}

TEST(LtsMdpTest, OneStepIsTheExpectedEngagement) {
  // With insensitive users satisfaction is 1/2 for ever, so the best candidate has the most clickbait.
  LongTermSatisfactionOptions options;
  options.sensitivity = 0;
  options.kale_mean = 4;
  options.choc_mean = 5;
  options.time_budget = 3;
  const LtsMdp mdp(options, 1);
  // Integral over c of exp(2 + c / 2 + 1 / 2).
  const double step = std::exp(2.5) * 2 * (std::exp(0.5) - 1);
  EXPECT_NEAR(*mdp.ValueOf(mdp.RandomRule()), 3 * step, 1e-3);
  EXPECT_NEAR(mdp.Solve()->value, 3 * step, 1e-3);
  EXPECT_NEAR(LtsMdp(options, LtsMdp::kAnyClickbait).Solve()->value, 3 * std::exp(3.0), 1e-9);
  options.max_episode_steps = 2;
  EXPECT_NEAR(LtsMdp(options, LtsMdp::kAnyClickbait).Solve()->value, 2 * std::exp(3.0), 1e-9);
  options.max_episode_steps = 4;
  EXPECT_NEAR(LtsMdp(options, LtsMdp::kAnyClickbait).Solve()->value, 3 * std::exp(3.0), 1e-9);
}

struct Figures {
  int num_candidates;
  double random, most, least, optimal;
};

void ExpectFigures(const LongTermSatisfactionOptions& options, const Figures& want) {
  SCOPED_TRACE(want.num_candidates);
  const LtsMdp mdp(options, want.num_candidates);
  EXPECT_NEAR(*mdp.ValueOf(mdp.RandomRule()), want.random, 0.5);
  EXPECT_NEAR(*mdp.ValueOf(mdp.NearestRule(1)), want.most, 0.5);
  EXPECT_NEAR(*mdp.ValueOf(mdp.NearestRule(0)), want.least, 0.5);
  EXPECT_NEAR(mdp.Solve()->value, want.optimal, 0.5);
}

TEST(LtsMdpTest, DefaultsLeaveNothingToPlan) {
  // With these numbers one more unit of clickbait always gains more now than it costs later.
  ExpectFigures({}, {10, 948.4, 1116.7, 786.1, 1116.7});
  ExpectFigures({}, {20, 948.4, 1136.3, 770.7, 1136.3});
  ExpectFigures({}, {50, 948.4, 1149.4, 761.0, 1149.4});
}

TEST(LtsMdpTest, HardVariantRewardsPlanning) {
  ExpectFigures(HardOptions(), {10, 962.7, 539.3, 1520.3, 1564.5});
  ExpectFigures(HardOptions(), {20, 962.7, 510.2, 1574.4, 1630.0});
  ExpectFigures(HardOptions(), {50, 962.7, 492.7, 1608.3, 1672.3});
  LongTermSatisfactionOptions between = HardOptions();
  between.memory_discount = 0.7;
  ExpectFigures(between, {LtsMdp::kAnyClickbait, 952.5, 818.4, 1000.3, 1043.6});
  const LtsMdp mdp(between, LtsMdp::kAnyClickbait);
  EXPECT_NEAR(mdp.BestConstant()->value, 1000.3, 0.5);
  EXPECT_EQ(mdp.BestConstant()->target, 0);
}

TEST(LtsMdpTest, FinerGridsChangeNothing) {
  LongTermSatisfactionOptions sensitive = HardOptions();
  sensitive.sensitivity = 1.2;
  sensitive.innovation_stddev = 0.4;
  LongTermSatisfactionOptions steep;
  steep.choc_mean = 9;
  steep.kale_mean = 1;
  steep.kale_stddev = 2;
  for (const LongTermSatisfactionOptions& options : {HardOptions(), sensitive, steep}) {
    ASSERT_TRUE(LtsMdp::Solvable(options));
    const LtsMdp mdp(options, 10), fine(options, 10, /*refinement=*/2);
    const double value = fine.Solve()->value, random = *fine.ValueOf(fine.RandomRule());
    EXPECT_NEAR(mdp.Solve()->value, value, 1e-4 * value);
    EXPECT_NEAR(*mdp.ValueOf(mdp.RandomRule()), random, 1e-4 * random);
    EXPECT_GE(value, random);
  }
}

TEST(LtsMdpTest, BestConstantBeatsItsNeighboursAndLosesToTheOptimum) {
  LongTermSatisfactionOptions options = HardOptions(50);
  options.sensitivity = 0.03;  // Between the two regimes.
  options.choc_stddev = 0.5;
  const LtsMdp mdp(options, 50);
  const LtsMdp::Constant best = *mdp.BestConstant();
  for (double target = 0; target <= 1; target += 0.1) {
    EXPECT_GE(best.value, *mdp.ValueOf(mdp.NearestRule(target)) * (1 - 1e-5)) << target;
  }
  EXPECT_LE(best.value, mdp.Solve()->value * (1 + 1e-6));
}

TEST(LtsMdpTest, SolvesWhatItCan) {
  EXPECT_TRUE(LtsMdp::Solvable({}));
  LongTermSatisfactionOptions options;
  options.candidate_refresh = CandidateRefresh::kEveryEpisode;
  EXPECT_FALSE(LtsMdp::Solvable(options));
  options = {};
  options.time_budget = 1000000;
  EXPECT_FALSE(LtsMdp::Solvable(options));
  options.max_episode_steps = 60;
  EXPECT_TRUE(LtsMdp::Solvable(options));
  options = {};
  options.memory_discount = 0.9999;
  EXPECT_FALSE(LtsMdp::Solvable(options));
  options = {};
  options.sensitivity = 100;
  options.innovation_stddev = 10;
  EXPECT_FALSE(LtsMdp::Solvable(options));
}

}  // namespace
}  // namespace recbots
