// The known-Q environment: rewards, transitions and exact values against the reference data and against each other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "actor/scenarios/known_q/exact_values.h"
#include "actor/scenarios/known_q/model.h"
#include "tests/support/golden.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

void ExpectNear(absl::Span<const double> ours, const testing::GoldenValue& theirs, const std::string& what) {
  ASSERT_EQ(ours.size(), theirs.size()) << what;
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], theirs[i].get<double>(), 1e-9) << what << ' ' << i;
}

TEST(KnownQGoldenTest, TransitionsRewardsAndOptimalValues) {
  const testing::Golden golden("recsim/known_q_env.json");
  size_t run = 0;
  for (const auto& item : golden.at("cases")) {
    const auto& in = item.at("in");
    const auto& out = item.at("out");
    const auto solution = SolveKnownQ(in.at("gamma").get<double>());
    ++run;
    if (out.contains("error")) {
      EXPECT_FALSE(solution.ok()) << item;
      continue;
    }
    ASSERT_TRUE(solution.ok()) << solution.status();
    const int state = in.at("state").get<int>();
    const int action = in.at("action").get<int>();
    ExpectNear(KnownQTransition(state, action), out.at("next"), "next");
    EXPECT_NEAR(KnownQReward(state, action), out.at("reward").get<double>(), 1e-9);
    ExpectNear(solution->q[static_cast<size_t>(state)], out.at("q_star"), "q_star");
    ExpectNear(solution->v, out.at("v_star"), "v_star");
  }
  EXPECT_EQ(run, golden.at("cases").size());
  EXPECT_GT(run, 0u);
}

TEST(KnownQTest, NextStatesAreDistributedAsTheTransitionSays) {
  constexpr int kGrid = 10000;
  for (int s = 0; s < kKnownQStates; ++s) {
    for (int a = 0; a < kKnownQActions; ++a) {
      KnownQStateValues share{};
      for (int i = 0; i < kGrid; ++i) {
        share[static_cast<size_t>(KnownQNextState(s, a, (i + 0.5) / kGrid))] += 1.0 / kGrid;
      }
      const KnownQStateValues exact = KnownQTransition(s, a);
      for (size_t t = 0; t < share.size(); ++t) EXPECT_NEAR(share[t], exact[t], 1e-9) << s << ' ' << a << ' ' << t;
    }
  }
}

TEST(KnownQTest, OptimalValuesSatisfyBellmansEquationAndAreReachedByTheirActions) {
  for (const double discount : {0.0, 0.3, 0.5, 0.9, 0.99, 0.9999}) {
    const KnownQSolution solution = SolveKnownQ(discount).value();
    const KnownQTable q = KnownQBackup(solution.v, discount);
    for (size_t s = 0; s < kKnownQStates; ++s) {
      const double best = *std::max_element(q[s].begin(), q[s].end());
      EXPECT_NEAR(solution.v[s], best, 1e-9 * (1 + std::abs(best))) << discount;
      EXPECT_NEAR(q[s][static_cast<size_t>(solution.actions[s])], best, 1e-9 * (1 + std::abs(best)));
    }
  }
  for (const double discount : {-0.1, 1.0, 2.0, std::nan("")}) {
    EXPECT_EQ(SolveKnownQ(discount).status().code(), absl::StatusCode::kInvalidArgument) << discount;
  }
}

// The best of all 4,096 policies that do not look at the step, state by state.
TEST(KnownQTest, NoPolicyBeatsTheFiniteOptimum) {
  constexpr int kSteps = 7;
  const KnownQHorizon optimum = SolveKnownQHorizon(kSteps);
  ASSERT_EQ(optimum.actions.size(), size_t{kSteps});
  KnownQStateValues best;
  best.fill(-1e9);
  for (int code = 0; code < 1 << (2 * kKnownQStates); ++code) {
    KnownQTable policy{};
    for (size_t s = 0; s < kKnownQStates; ++s) policy[s][static_cast<size_t>(code >> (2 * s)) % kKnownQActions] = 1;
    const KnownQStateValues values = KnownQPolicyValues(policy, kSteps);
    for (size_t s = 0; s < kKnownQStates; ++s) best[s] = std::max(best[s], values[s]);
  }
  for (size_t s = 0; s < kKnownQStates; ++s) {
    EXPECT_LE(best[s], optimum.v[s] + 1e-9);
    EXPECT_GE(best[s], optimum.v[s] - 5);  // Looking at the steps left is worth little: the bound is not an idle one.
  }
}

TEST(KnownQTest, ValuesOfTheModelAreThoseOfTheSolver) {
  KnownQOptions options;
  options.num_candidates = 6;  // Actions 0 and 1 have two candidates each.
  options.slate_size = 2;
  options.start_distribution = {0, 0.25, 0, 0.75, 0, 0};
  options.max_episode_steps = 3;
  ASSERT_TRUE(KnownQModel::Validate(options).ok());
  const KnownQModel model(options);
  const std::vector<int32_t> slates = {4, 0, 5, 1, 2, 0, 3, 0, 0, 1, 1, 0};  // Actions 0 1 2 3 0 1.
  KnownQTable policy{};
  for (size_t s = 0; s < kKnownQStates; ++s) policy[s][s % kKnownQActions] = 1;
  const KnownQStateValues values = KnownQPolicyValues(policy, 3);
  EXPECT_DOUBLE_EQ(model.ExactValue(slates).value(), 0.25 * values[1] + 0.75 * values[3]);
  EXPECT_LT(*model.RandomValue(), *model.OptimalValue());
  EXPECT_LE(model.ExactValue(slates).value(), *model.OptimalValue());

  std::vector<int32_t> bad = slates;
  bad[6] = 6;
  EXPECT_THAT(std::string(model.ExactValue(bad).status().message()), HasSubstr("state 3 names position 6, want 0..5"));
  bad.pop_back();
  EXPECT_EQ(model.ExactValue(bad).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(KnownQTest, ReferencePoliciesShowWhatTheSolverChose) {
  KnownQOptions options;
  options.slate_size = 3;
  options.max_episode_steps = 5;
  const KnownQModel model(options);
  std::vector<ReferencePolicy> policies = model.MakeReferencePolicies(model.spec(), 1);
  ASSERT_EQ(policies.size(), 2u);
  EXPECT_EQ(policies[0].name, "myopic");
  EXPECT_EQ(policies[1].name, "optimal");
  const KnownQHorizon horizon = SolveKnownQHorizon(5);
  const std::vector<float> observations = model.AllObservations();
  for (uint32_t step = 0; step < 5; ++step) {
    const std::vector<StreamPosition> positions(kKnownQStates, {.stream = 0, .episode = 3, .step = step});
    std::vector<int32_t> slates(kKnownQStates * 3);
    std::vector<float> probability(kKnownQStates);
    policies[1].policy->Act({.observation = observations, .positions = positions},
                            {.slates = absl::MakeSpan(slates), .behaviour_probability = absl::MakeSpan(probability)});
    for (size_t s = 0; s < kKnownQStates; ++s) {
      const std::vector<int32_t> slate(slates.begin() + static_cast<std::ptrdiff_t>(3 * s),
                                       slates.begin() + static_cast<std::ptrdiff_t>(3 * s + 3));
      EXPECT_EQ(slate[0], horizon.actions[step][s]);
      EXPECT_TRUE(slate[1] < slate[2] && slate[1] != slate[0] && slate[2] != slate[0]);
      EXPECT_EQ(probability[s], 1.0f);
    }
  }
}

TEST(KnownQTest, StartsOnlyWhereItMay) {
  KnownQOptions options;
  options.start_distribution = {0, 0.3, 0, 0, 0.7, 0};
  const KnownQModel model(options);
  constexpr int kDraws = 100000;
  std::vector<double> count(kKnownQStates);
  Rng draws(5, Purpose::kTest, {});
  for (int i = 0; i < kDraws; ++i) ++count[static_cast<size_t>(model.SampleUser(draws).state)];
  EXPECT_EQ(count[1] + count[4], kDraws);
  EXPECT_NEAR(count[1] / kDraws, 0.3, 5 * std::sqrt(0.3 * 0.7 / kDraws));
}

TEST(KnownQTest, RefusesOptionsOutOfBounds) {
  const auto message = [](void (*change)(KnownQOptions&)) {
    KnownQOptions options;
    change(options);
    return std::string(KnownQModel::Validate(options).message());
  };
  EXPECT_EQ(message([](KnownQOptions&) {}), "");
  EXPECT_THAT(message([](KnownQOptions& o) { o.num_candidates = 3; }), HasSubstr("num_candidates 3, want 4..4096"));
  EXPECT_THAT(message([](KnownQOptions& o) { o.slate_size = 5; }), HasSubstr("slate_size 5, want 1..4"));
  EXPECT_THAT(message([](KnownQOptions& o) { o.slate_size = 0; }), HasSubstr("slate_size 0"));
  EXPECT_THAT(message([](KnownQOptions& o) { o.max_episode_steps = 0; }), HasSubstr("max_episode_steps 0"));
  EXPECT_THAT(message([](KnownQOptions& o) { o.start_distribution = {1}; }), HasSubstr("1 numbers, want 6"));
  EXPECT_THAT(message([](KnownQOptions& o) { o.start_distribution[0] = 0.9; }), HasSubstr("sums to 0.9, want 1"));
  EXPECT_THAT(message([](KnownQOptions& o) { o.start_distribution[1] = -1; }),
              HasSubstr("start_distribution[1] -1, want 0..1"));
  EXPECT_THAT(message([](KnownQOptions& o) { o.start_distribution[1] = std::nan(""); }), HasSubstr("nan"));
}

}  // namespace
}  // namespace recbots
