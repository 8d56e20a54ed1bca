#include "common/agents/bandits/bandit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "common/agents/bandits/kl_ucb.h"

namespace recbots {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr BanditKind kAllKinds[] = {BanditKind::kUcb1, BanditKind::kKlUcb, BanditKind::kThompson};

std::vector<double> Indices(const BanditOptions& options, const std::vector<double>& pulls,
                            const std::vector<double>& rewards, double t, uint32_t step = 0) {
  std::vector<double> index(pulls.size(), -1.0);
  Rng draws(5, Purpose::kTest, {0, 0, step});
  (*MakeBandit(options))->Indices(pulls, rewards, t, draws, absl::MakeSpan(index));
  return index;
}

// --- KL-UCB's bound -------------------------------------------------------------------------------------------------

TEST(KlUpperBoundTest, IsWhereTheDivergenceReachesTheBound) {
  Rng draws(1, Purpose::kTest, {});
  for (int i = 0; i < 20000; ++i) {
    const double mean = i % 4 == 0 ? std::pow(draws.Uniform(), 8) : draws.Uniform();
    const double bound = std::pow(10.0, draws.Uniform(-8, 2));
    const double q = KlUpperBound(mean, bound);
    ASSERT_GE(q, mean);
    ASSERT_LE(q, 1.0);
    // The divergence just below and just above it; 1e-11 covers the rounding of either.
    EXPECT_LE(BernoulliKl(mean, std::max(mean, q - 1e-11)), bound * (1 + 1e-9) + 1e-14) << mean << ' ' << bound;
    const double above = std::min(1.0, q + 1e-11);
    EXPECT_GE(BernoulliKl(mean, above), bound * (1 - 1e-9) - 1e-14) << mean << ' ' << bound;
  }
}

TEST(KlUpperBoundTest, IsTheMeanWithoutAnythingToExplore) {
  for (const double bound : {0.0, -1.0, -kInfinity, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(KlUpperBound(0.3, bound), 0.3);
    EXPECT_EQ(KlUpperBound(0.0, bound), 0.0);
    EXPECT_EQ(KlUpperBound(1.0, bound), 1.0);
  }
}

TEST(KlUpperBoundTest, KnowsTheSolutionsInClosedForm) {
  EXPECT_NEAR(KlUpperBound(0, 0.7), 1 - std::exp(-0.7), 1e-15);
  EXPECT_EQ(KlUpperBound(1, 0.7), 1.0);
  EXPECT_EQ(KlUpperBound(0.5, 1e6), 1.0);
  // kl(1/2, q) = -ln(4 q (1-q)) / 2.
  EXPECT_NEAR(KlUpperBound(0.5, 0.3), 0.5 + 0.5 * std::sqrt(1 - std::exp(-0.6)), 1e-12);
  EXPECT_EQ(BernoulliKl(0.5, 0), kInfinity);
  EXPECT_EQ(BernoulliKl(0, 0), 0);
}

// --- Indices --------------------------------------------------------------------------------------------------------

TEST(BanditTest, AsksForEachArmOnceFirst) {
  for (const BanditKind kind : {BanditKind::kUcb1, BanditKind::kKlUcb}) {
    EXPECT_EQ(Indices({.kind = kind}, {3, 0, 2, 0}, {3, 0, 1, 0}, 5),
              (std::vector<double>{0, kInfinity, 0, kInfinity}));
  }
}

TEST(BanditTest, UcbIndicesShrinkToTheMeanWithPullsAndGrowWithTime) {
  for (const BanditKind kind : {BanditKind::kUcb1, BanditKind::kKlUcb}) {
    double previous = kInfinity;
    for (double pulls = 1; pulls < 1e6; pulls *= 3) {
      const std::vector<double> index = Indices({.kind = kind}, {pulls, 1}, {0.3 * pulls, 1}, 1e6);
      EXPECT_LE(index[0], previous);
      EXPECT_GT(index[0], 0.3);
      previous = index[0];
      EXPECT_LE(index[0], Indices({.kind = kind}, {pulls, 1}, {0.3 * pulls, 1}, 1e7)[0]);
      // Without optimism the index is the mean.
      EXPECT_NEAR(Indices({.kind = kind, .optimism_scaling = 0}, {pulls, 1}, {0.3 * pulls, 1}, 1e6)[0], 0.3, 1e-12);
    }
    EXPECT_NEAR(previous, 0.3, 0.02);
  }
}

TEST(BanditTest, IndicesAreNumbersAtEveryTime) {
  for (const BanditKind kind : kAllKinds) {
    for (const double t : {0.0, 0.5, 1.0, 1.5, 2.0, 2.7, 3.0, 1e12}) {
      for (const double index : Indices({.kind = kind}, {1, 1, 1}, {0, 1, 0.5}, t)) {
        EXPECT_TRUE(std::isfinite(index)) << "t " << t;
      }
    }
  }
}

TEST(BanditTest, ThompsonDrawsAnewAtEachPositionAndSpreadsWithOptimism) {
  const std::vector<double> pulls = {100, 100}, rewards = {30, 60};
  const BanditOptions plain{.kind = BanditKind::kThompson};
  EXPECT_EQ(Indices(plain, pulls, rewards, 200, 1), Indices(plain, pulls, rewards, 200, 1));
  EXPECT_NE(Indices(plain, pulls, rewards, 200, 1), Indices(plain, pulls, rewards, 200, 2));
  for (const double scaling : {1.0, 3.0}) {
    // Mean and variance of Beta(1 + 30 / scaling^2, 1 + 70 / scaling^2).
    const double a = 1 + 30 / (scaling * scaling), b = 1 + 70 / (scaling * scaling);
    const double mean = a / (a + b), variance = a * b / ((a + b) * (a + b) * (a + b + 1));
    constexpr uint32_t kDraws = 20000;
    double sum = 0, squares = 0;
    for (uint32_t step = 0; step < kDraws; ++step) {
      const double x =
          Indices({.kind = BanditKind::kThompson, .optimism_scaling = scaling}, pulls, rewards, 200, step)[0] - mean;
      sum += x;
      squares += x * x;
    }
    EXPECT_NEAR(sum / kDraws, 0, 5 * std::sqrt(variance / kDraws));
    EXPECT_NEAR(squares / kDraws / variance, 1, 5 * std::sqrt(2.0 / kDraws));
  }
}

TEST(BanditTest, RefusesOptionsOutOfBounds) {
  for (const BanditKind kind : kAllKinds) {
    for (const double scaling : {-1.0, kInfinity, std::numeric_limits<double>::quiet_NaN()}) {
      const auto bandit = MakeBandit({.kind = kind, .optimism_scaling = scaling});
      ASSERT_EQ(bandit.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_NE(bandit.status().message().find("optimism_scaling"), absl::string_view::npos);
    }
  }
  EXPECT_FALSE(MakeBandit({.kind = BanditKind::kThompson, .optimism_scaling = 0}).ok());
  EXPECT_FALSE(MakeBandit({.kind = static_cast<BanditKind>(9)}).ok());
}

// --- A bandit with state --------------------------------------------------------------------------------------------

TEST(MultiArmedBanditTest, RefusesWhatItCannotCount) {
  EXPECT_FALSE(MultiArmedBandit::Create({}, 1).ok());
  EXPECT_FALSE(MultiArmedBandit::Create({.optimism_scaling = -1}, 2).ok());
  auto bandit = MultiArmedBandit::Create({}, 2);
  ASSERT_TRUE(bandit.ok());
  Rng draws(1, Purpose::kTest, {});
  for (const double reward : {-0.1, 1.1, std::numeric_limits<double>::quiet_NaN()}) {
    EXPECT_EQ(bandit->Update(0, reward, draws).code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(bandit->Update(2, 1, draws).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(bandit->Update(-1, 1, draws).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(bandit->SetState({1, 2, 3}, {1, 1, 1}).ok());
  EXPECT_FALSE(bandit->SetState({1, 2}, {1, 3}).ok());
  EXPECT_FALSE(bandit->SetState({1, -2}, {1, 0}).ok());
  EXPECT_FALSE(bandit->SetState({1, kInfinity}, {1, 0}).ok());
  EXPECT_EQ(bandit->total_pulls(), 0);
}

TEST(MultiArmedBanditTest, CountsPullsAndRewards) {
  auto bandit = MultiArmedBandit::Create({}, 3);
  ASSERT_TRUE(bandit.ok());
  Rng draws(1, Purpose::kTest, {});
  ASSERT_TRUE(bandit->Update(1, 0.25, draws).ok());
  ASSERT_TRUE(bandit->Update(1, 0.5, draws).ok());
  ASSERT_TRUE(bandit->Update(2, 1, draws).ok());
  EXPECT_EQ(std::vector<double>(bandit->pulls().begin(), bandit->pulls().end()), (std::vector<double>{0, 2, 1}));
  EXPECT_EQ(std::vector<double>(bandit->rewards().begin(), bandit->rewards().end()), (std::vector<double>{0, 0.75, 1}));
  EXPECT_EQ(bandit->GetArm(bandit->total_pulls(), draws), 0);
}

TEST(MultiArmedBanditTest, ThompsonTossesACoinForFractionalRewards) {
  auto bandit = MultiArmedBandit::Create({.kind = BanditKind::kThompson}, 2);
  ASSERT_TRUE(bandit.ok());
  Rng draws(1, Purpose::kTest, {});
  constexpr int kPulls = 10000;
  for (int i = 0; i < kPulls; ++i) {
    ASSERT_TRUE(bandit->Update(0, 0.3, draws).ok());
    EXPECT_EQ(bandit->rewards()[0], std::floor(bandit->rewards()[0]));
  }
  EXPECT_NEAR(bandit->rewards()[0] / kPulls, 0.3, 5 * std::sqrt(0.3 * 0.7 / kPulls));
}

// The arm that pays 0.9 among others at 0.5: regret of order log n, so after 2,000 pulls it has nearly all of them.
TEST(MultiArmedBanditTest, FindsTheBestArm) {
  for (const BanditKind kind : kAllKinds) {
    auto bandit = MultiArmedBandit::Create({.kind = kind}, 4);
    ASSERT_TRUE(bandit.ok());
    for (uint32_t step = 0; step < 2000; ++step) {
      Rng draws(7, Purpose::kTest, {0, 0, step});
      const int arm = bandit->GetArm(bandit->total_pulls(), draws);
      ASSERT_TRUE(bandit->Update(arm, draws.Uniform() < (arm == 2 ? 0.9 : 0.5) ? 1 : 0, draws).ok());
    }
    EXPECT_GT(bandit->pulls()[2], 1500) << static_cast<int>(kind);
  }
}

}  // namespace
}  // namespace recbots
