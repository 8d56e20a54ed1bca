// Cluster bandits against users whose click rates are known: how often the worse topic is shown.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "common/agents/cluster_bandit.h"
#include "common/policies/feedback.h"
#include "tests/common/agents/topic_environment.h"

namespace recbots {
namespace {

using testing::TopicEnvironment;

constexpr double kWorse = 0.2, kBetter = 0.6;

struct Moments {
  double n = 0, sum = 0, sum_squares = 0;

  void Add(double x) {
    ++n;
    sum += x;
    sum_squares += x * x;
  }
  double mean() const { return sum / n; }
  double squared_error() const { return (sum_squares / n - mean() * mean()) / (n - 1); }  // Of the mean.
};

// Pulls of the worse topic in each of two episodes of each user.
std::vector<Moments> PlayClusterBandit(const ClickBanditOptions& options, int num_steps, int num_users) {
  TopicEnvironment environment({kWorse, kBetter}, 6, 1, num_steps, num_users);
  auto policy = MakeClusterBandit(options, 7, environment.spec());
  EXPECT_TRUE(policy.ok()) << policy.status();
  StepBuffer step(environment.spec(), num_users);
  step.Reset(environment);
  std::vector<Moments> moments(2);
  for (Moments& episode : moments) {
    std::vector<double> worse(static_cast<size_t>(num_users));
    for (int t = 0; t < num_steps; ++t) {
      (*policy)->Act({step.observation, environment.positions(), step.candidates},
                     {absl::MakeSpan(step.slates), absl::MakeSpan(step.behaviour_probability)});
      EXPECT_TRUE(step.Step(environment).ok());
      for (size_t i = 0; i < worse.size(); ++i) worse[i] += step.response[3 * i + 2] == 0 ? 1 : 0;
      (*policy)->Observe(FeedbackOf(step));
      step.Advance();
    }
    for (const double pulls : worse) episode.Add(pulls);
  }
  return moments;
}

double Ucb1Index(double mean, double pulls, double t) { return mean + std::sqrt(2 * std::log(t) / pulls); }

double KlUcbIndex(double mean, double pulls, double t) {
  const double bound = std::max(0.0, std::log(t) + 3 * std::log(std::log(t))) / pulls;
  const auto term = [](double p, double q) { return p == 0 ? 0 : p * std::log(p / q); };
  double low = mean, high = 1;
  for (int i = 0; i < 40; ++i) {
    const double q = (low + high) / 2;
    (term(mean, q) + term(1 - mean, 1 - q) > bound ? high : low) = q;
  }
  return low;
}

// The a-th smallest of a + b - 1 uniform numbers is distributed as Beta(a, b).
double ThompsonIndex(double mean, double pulls, Rng& draws) {
  const auto clicks = static_cast<size_t>(std::lround(mean * pulls));
  std::vector<double> uniform(static_cast<size_t>(pulls) + 1);
  for (double& u : uniform) u = draws.Uniform();
  std::nth_element(uniform.begin(), uniform.begin() + static_cast<std::ptrdiff_t>(clicks), uniform.end());
  return uniform[clicks];
}

// The same game written out for one user at a time, with indices of our own.
Moments PlayModel(BanditKind kind, int num_steps, int num_users) {
  Moments moments;
  for (uint32_t user = 0; user < static_cast<uint32_t>(num_users); ++user) {
    Rng draws(23, Purpose::kTest, {user, 0, 0});
    const double rate[2] = {kWorse, kBetter};
    double pulls[2] = {0, 0}, clicks[2] = {0, 0};
    for (int t = 0; t < num_steps; ++t) {
      double index[2];
      for (int arm = 0; arm < 2; ++arm) {
        if (pulls[0] == 0 || pulls[1] == 0) {
          index[arm] = -pulls[arm];
        } else if (kind == BanditKind::kThompson) {
          // Draws at a position of its own, for it takes many.
          Rng posterior(23, Purpose::kTest, {user, 1 + static_cast<uint32_t>(arm), static_cast<uint32_t>(t)});
          index[arm] = ThompsonIndex(clicks[arm] / pulls[arm], pulls[arm], posterior);
        } else {
          index[arm] = (kind == BanditKind::kUcb1 ? Ucb1Index : KlUcbIndex)(clicks[arm] / pulls[arm], pulls[arm], t);
        }
      }
      const bool tied = index[0] == index[1];
      const int arm = tied ? static_cast<int>(draws.Index(2)) : index[1] > index[0] ? 1 : 0;
      ++pulls[arm];
      clicks[arm] += draws.Uniform() < rate[arm] ? 1 : 0;
    }
    moments.Add(pulls[0]);
  }
  return moments;
}

class ClusterBanditOnTopics : public ::testing::TestWithParam<BanditKind> {};

// Means of 2 x 1500 and 1500 games within 5 standard errors: about 1 pull of 20 to 70. The second episode is as the
// first: nothing is remembered, for then it would be shown fewer by far.
TEST_P(ClusterBanditOnTopics, ShowsTheWorseTopicAsOftenAsItsModel) {
  constexpr int kSteps = 250, kUsers = 1500;
  const Moments model = PlayModel(GetParam(), kSteps, kUsers);
  for (const Moments& episode : PlayClusterBandit({.bandit = {.kind = GetParam()}}, kSteps, kUsers)) {
    EXPECT_NEAR(episode.mean(), model.mean(), 5 * std::sqrt(episode.squared_error() + model.squared_error()));
    EXPECT_LT(episode.mean(), kSteps / 3.0);
  }
}

INSTANTIATE_TEST_SUITE_P(Bandits, ClusterBanditOnTopics,
                         ::testing::Values(BanditKind::kUcb1, BanditKind::kKlUcb, BanditKind::kThompson));

// Auer, Cesa-Bianchi, Fischer 2002, theorem 1: at most 8 ln T / gap^2 + 1 + pi^2 / 3 pulls of the worse arm are
// expected.
TEST(ClusterBanditStatisticsTest, Ucb1KeepsItsBound) {
  constexpr int kSteps = 1500;
  const double gap = kBetter - kWorse;
  const double bound = 8 * std::log(kSteps) / (gap * gap) + 1 + M_PI * M_PI / 3;
  ASSERT_LT(bound, kSteps / 2.0);
  for (const Moments& episode : PlayClusterBandit({}, kSteps, 200)) {
    EXPECT_LT(episode.mean() - 5 * std::sqrt(episode.squared_error()), bound);
  }
}

}  // namespace
}  // namespace recbots
