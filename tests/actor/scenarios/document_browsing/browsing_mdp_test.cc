#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "actor/scenarios/document_browsing/exact_values.h"
#include "common/base/random.h"
#include "tests/actor/scenarios/document_browsing/browsing_support.h"

namespace recbots {
namespace {

using ::recbots::testing::MakeOptions;
using ::recbots::testing::MakeScenarioOf;

DocumentBrowsingOptions RandomOptions(Rng& rng, int num_documents) {
  DocumentBrowsingOptions options;
  options.num_documents = num_documents;
  options.exit_probability_accepted = rng.Uniform(0.05, 0.9);
  options.exit_probability_refused = rng.Uniform(0.05, 0.9);
  for (int i = 0; i < num_documents * num_documents; ++i) options.acceptance.push_back(rng.Uniform());
  return options;
}

// All 3^3 deterministic policies by brute force.
TEST(BrowsingMdpTest, NoPolicyBeatsTheOptimum) {
  Rng rng(1, Purpose::kTest, {});
  for (int round = 0; round < 200; ++round) {
    const DocumentBrowsingOptions options = RandomOptions(rng, 3);
    const auto scenario = MakeScenarioOf(options);
    double best = 0;
    for (int32_t code = 0; code < 27; ++code) {
      best = std::max(best, scenario->ExactValue({code % 3, code / 3 % 3, code / 9}, {}).value());
    }
    EXPECT_NEAR(scenario->OptimalValue().value(), best, 1e-9);
    EXPECT_LE(*scenario->RandomValue(), best);
  }
}

TEST(BrowsingMdpTest, LinearSolveAndRecursionAgree) {
  Rng rng(2, Purpose::kTest, {});
  for (int round = 0; round < 50; ++round) {
    const int n = 2 + static_cast<int>(rng.Index(30));
    const DocumentBrowsingOptions options = RandomOptions(rng, n);
    const BrowsingMdp mdp(options, rng.Uniform(0.5, 1.0));
    std::vector<double> policy = UniformPolicy(mdp);
    for (double& probability : policy) probability = rng.Uniform();
    for (auto row = policy.begin(); row != policy.end(); row += n) {
      double sum = 0;
      for (int j = 0; j < n; ++j) sum += row[j];
      for (int j = 0; j < n; ++j) row[j] /= sum;
    }
    const std::vector<double> solved = SolvePolicy(mdp, policy).value();
    const std::vector<double> iterated = *TruncatedValues(mdp, policy);
    for (size_t i = 0; i < solved.size(); ++i) EXPECT_NEAR(solved[i], iterated[i], 1e-10);
  }
}

TEST(BrowsingMdpTest, KnowsTheValuesOfCasesSolvedByHand) {
  DocumentBrowsingOptions options;
  options.num_documents = 2;
  options.acceptance = {1, 1, 1, 1};
  options.exit_probability_accepted = 0.25;
  EXPECT_NEAR(MakeScenarioOf(options)->OptimalValue().value(), 4.0, 1e-12);  // Geometric: 1 / 0.25.
  EXPECT_NEAR(MakeScenarioOf(options)->RandomValue().value(), 4.0, 1e-12);
  options.acceptance = {0, 0, 0, 0};
  EXPECT_EQ(MakeScenarioOf(options)->OptimalValue().value(), 0.0);
  options.acceptance = {0.5, 0.25, 0.25, 0.5};
  options.exit_probability_accepted = options.exit_probability_refused = 1;  // One step.
  EXPECT_NEAR(MakeScenarioOf(options)->OptimalValue().value(), 0.5, 1e-12);
  EXPECT_NEAR(MakeScenarioOf(options)->RandomValue().value(), 0.375, 1e-12);
}

TEST(BrowsingMdpTest, SessionsThatNeverEndHaveNoValueWithoutAStepLimit) {
  DocumentBrowsingOptions options = MakeOptions();
  options.exit_probability_accepted = options.exit_probability_refused = 0;
  const BrowsingMdp mdp(options);
  EXPECT_EQ(SolvePolicy(mdp, UniformPolicy(mdp)).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(SolvePolicy(BrowsingMdp(options, /*discount=*/0.99), UniformPolicy(mdp)).ok());
}

TEST(BrowsingMdpTest, WithAStepLimitThatMattersTheOptimumIsAbsentButValuesAreExact) {
  // On document 0 the better document of the last step (0, 0.6) is not that of any other step (1, 0.5, then 1 for
  // ever).
  DocumentBrowsingOptions options;
  options.num_documents = 2;
  options.acceptance = {0.6, 0.5, 0, 1};
  options.exit_probability_accepted = options.exit_probability_refused = 0;
  options.max_episode_steps = 3;
  const auto scenario = MakeScenarioOf(options);
  EXPECT_EQ(scenario->OptimalValue(), std::nullopt);
  EXPECT_EQ(scenario->MakeReferencePolicies().back().name, "row_argmax");
  const double argmax = scenario->ExactValue(RowArgmax(BrowsingMdp(options)), {}).value();
  EXPECT_GT(argmax, *scenario->RandomValue());
  EXPECT_LE(argmax, MeanValue(IterateValues(BrowsingMdp(options))->values));
  options.max_episode_steps = 1;  // Nothing to plan: the greedy policy is optimal.
  EXPECT_TRUE(MakeScenarioOf(options)->OptimalValue().has_value());
}

TEST(BrowsingMdpTest, ExactValueRefusesWhatIsNoPolicy) {
  const auto scenario = MakeScenarioOf(MakeOptions(3));
  for (const std::vector<int32_t>& slates : {std::vector<int32_t>{0, 1}, {0, 1, 3}, {-1, 0, 0}, {}}) {
    EXPECT_EQ(scenario->ExactValue(slates, {}).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(BrowsingMdpTest, LargeCataloguesAreSolvedToo) {
  const DocumentBrowsingOptions options = MakeOptions(400, 7);
  const auto scenario = MakeScenarioOf(options);
  const double argmax = scenario->ExactValue(RowArgmax(BrowsingMdp(options)), {}).value();
  EXPECT_GE(scenario->OptimalValue().value(), argmax - 1e-9);
  EXPECT_LT(*scenario->RandomValue(), argmax);
}

}  // namespace
}  // namespace recbots
