// Whole episodes of document browsing: their statistics against exact values and against the reference simulator.
//
// With 100,000 episodes five standard errors of the optimal policy's return are 0.14 (1.5 %), of the random policy's
// 0.02: an acceptance or exit probability that is 2 % off would be caught.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "actor/scenarios/document_browsing/exact_values.h"
#include "tests/actor/scenarios/document_browsing/browsing_support.h"
#include "tests/support/rollout_statistics.h"

namespace recbots {
namespace {

using ::recbots::testing::EpisodeStatistics;
using ::recbots::testing::MakeOptions;
using ::recbots::testing::MakeScenarioOf;
using ::recbots::testing::PlayReturns;
using ::recbots::testing::Sample;

constexpr int kUsers = 2000;
constexpr uint32_t kEpisodesEach = 50;

void ExpectMean(const Sample& sample, double exact) { EXPECT_NEAR(sample.mean(), exact, 5 * sample.standard_error()); }

void ExpectReferencePoliciesMatchTheirExactValues(const DocumentBrowsingOptions& options, uint64_t seed) {
  const auto scenario = MakeScenarioOf(options, seed);
  for (ReferencePolicy& reference : scenario->MakeReferencePolicies()) {
    SCOPED_TRACE(reference.name);
    double exact = 0;
    if (reference.name == "random") exact = scenario->RandomValue().value();
    if (reference.name == "optimal") exact = scenario->OptimalValue().value();
    if (reference.name == "row_argmax") exact = scenario->ExactValue(RowArgmax(BrowsingMdp(options)), {}).value();
    const EpisodeStatistics played = PlayReturns(*scenario, *reference.policy, kUsers, kEpisodesEach);
    EXPECT_EQ(played.returns.count(), double{kUsers} * kEpisodesEach);
    ExpectMean(played.returns, exact);
  }
}

TEST(BrowsingStatisticsTest, ReferencePoliciesMatchTheirExactValues) {
  ExpectReferencePoliciesMatchTheirExactValues(MakeOptions(10, 42), 1);
}

TEST(BrowsingStatisticsTest, ReferencePoliciesMatchTheirExactValuesForOtherSizesAndProbabilities) {
  DocumentBrowsingOptions options = MakeOptions(37, 3);
  options.exit_probability_accepted = 0.3;
  options.exit_probability_refused = 0.05;
  ExpectReferencePoliciesMatchTheirExactValues(options, 2);
}

TEST(BrowsingStatisticsTest, ValuesOfTruncatedEpisodesAreThoseOfTruncatedEpisodes) {
  DocumentBrowsingOptions options = MakeOptions();
  options.max_episode_steps = 3;
  ExpectReferencePoliciesMatchTheirExactValues(options, 3);
  options.exit_probability_accepted = options.exit_probability_refused = 0;
  options.max_episode_steps = 20;
  ExpectReferencePoliciesMatchTheirExactValues(options, 4);
}

// The reference simulator's own rollouts; 4 standard errors of the difference, as its README asks. Left out where the
// folder of other cases does not hold this file.
TEST(BrowsingStatisticsTest, EpisodesLookLikeThoseOfTheReferenceSimulator) {
  testing::Rollouts rollouts;
  const auto references = rollouts.Of("ten_document_browsing", {"random", "row_argmax", "optimal"});
  if (references.empty()) GTEST_SKIP() << "no rollouts";
  int compared = 0;
  for (const testing::GoldenValue& rollout : references) {
    const auto params = rollout.at("params");
    DocumentBrowsingOptions options = testing::OptionsOf(params.at("w"));
    options.exit_probability_accepted = params.at("p_exit_accepted").get<double>();
    options.exit_probability_refused = params.at("p_exit_refused").get<double>();
    const auto scenario = MakeScenarioOf(options);
    for (ReferencePolicy& reference : scenario->MakeReferencePolicies()) {
      if (reference.name != rollout.at("policy").get<std::string>()) continue;
      SCOPED_TRACE(rollout.at("name").get<std::string>() + " " + reference.name);
      const EpisodeStatistics played = PlayReturns(*scenario, *reference.policy, kUsers, kEpisodesEach);
      ExpectMean(played.returns, rollout.at("exact_mean_reward").get<double>());
      const auto expect_alike = [&](const Sample& ours, const testing::GoldenValue& theirs) {
        EXPECT_NEAR(ours.mean(), theirs.at("mean").get<double>(),
                    4 * std::hypot(ours.standard_error(), theirs.at("se").get<double>()));
      };
      expect_alike(played.returns, rollout.at("episode_reward"));
      expect_alike(played.lengths, rollout.at("episode_length"));
      ++compared;
    }
  }
  EXPECT_EQ(compared, static_cast<int>(references.size()));
}

}  // namespace
}  // namespace recbots
