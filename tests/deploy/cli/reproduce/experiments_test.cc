// The table of experiments against the configurations that ship.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "deploy/cli/reproduce/experiment.h"
#include "deploy/cli/reproduce/run_plan.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Names(const std::vector<Experiment>& experiments) {
  std::vector<std::string> names;
  for (const Experiment& experiment : experiments) names.push_back(experiment.name);
  return names;
}

TEST(ExperimentsTest, NamesAreUniqueAndMakeDirectories) {
  std::set<std::string> names;
  for (const Experiment& experiment : SlateQExperiments()) {
    EXPECT_TRUE(names.insert(experiment.name).second) << experiment.name;
    EXPECT_EQ(experiment.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-/"), std::string::npos)
        << experiment.name;
    EXPECT_FALSE(experiment.title.empty()) << experiment.name;
  }
}

TEST(ExperimentsTest, EveryConfigurationIsThereAndTakesItsOverrides) {
  for (const Experiment& experiment : SlateQExperiments()) {
    const auto runs = PlanRuns({experiment}, {testing::SourceDir() + "/deploy/config", "nowhere", 2, 1});
    ASSERT_TRUE(runs.ok()) << runs.status();
    EXPECT_EQ(runs->size(), experiment.cluster ? 1u : 2u);
    const v1::SlateQConfig& slate_q = runs->front().config.algorithm().slate_q();
    if (experiment.section == Section::kPaper && runs->front().config.algorithm().has_slate_q()) {
      EXPECT_TRUE(slate_q.legacy_no_click_zero()) << experiment.name;
    }
    EXPECT_EQ(experiment.rank == Rank::kMyopic, slate_q.q().discount() == 0) << experiment.name;
  }
}

TEST(ExperimentsTest, ProposalsRetrieveTheirShareOfTheCandidates) {
  const auto runs = PlanRuns(SelectExperiments(SlateQExperiments(), "proposal/"),
                             {testing::SourceDir() + "/deploy/config", "nowhere", 1, 1});
  ASSERT_TRUE(runs.ok()) << runs.status();
  std::vector<int> shares;
  for (const PlannedRun& run : *runs) {
    shares.push_back(100 * run.config.algorithm().slate_q().proposal().k() /
                     run.config.environment().interest_evolution().num_candidates());
  }
  EXPECT_THAT(shares, ElementsAre(5, 10, 20, 100));
}

// Whatever the configuration remembers.
TEST(ExperimentsTest, WithoutHistoryTheEpisodeIsNotSeen) {
  const auto runs = PlanRuns(SelectExperiments(SlateQExperiments(), "no-history"),
                             {testing::SourceDir() + "/deploy/config", "nowhere", 1, 1});
  ASSERT_TRUE(runs.ok()) << runs.status();
  v1::HistoryConfig history = runs->front().config.environment().history();
  history.clear_trace_scale();
  v1::HistoryConfig none;
  none.set_length(0);
  none.set_clock(0);
  EXPECT_EQ(history.SerializeAsString(), none.SerializeAsString());
}

TEST(ExperimentsTest, PatternsSelectByPartOfTheNameOrById) {
  const std::vector<Experiment> all = SlateQExperiments();
  EXPECT_EQ(SelectExperiments(all, "").size(), all.size());
  EXPECT_THAT(Names(SelectExperiments(all, "E2")), ElementsAre("paper/myop-ts", "paper/myop-gs"));
  EXPECT_THAT(Names(SelectExperiments(all, "E1, sarsa")),
              ElementsAre("paper/random", "paper/sarsa-ts", "paper/sarsa-gs"));
  EXPECT_THAT(Names(SelectExperiments(all, "cluster")), ElementsAre("cluster/300k"));
  EXPECT_TRUE(SelectExperiments(all, "nothing").empty());
}

}  // namespace
}  // namespace recbots
