#include "actor/simulate/report.h"

#include <gmock/gmock.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

PolicyResult MakeRun(const std::string& policy, double reward, double error) {
  PolicyResult run{policy, {}};
  run.result.episodes = 1000;
  run.result.env_steps = 1234567;
  run.result.wall_seconds = 0.5;
  run.result.metrics = {{"AverageEpisodeRewards", "reward per episode", reward, error},
                        {"StdEpisodeRewards", "reward per episode", 2.5},
                        {"AverageEpisodeLength", "steps per episode", 12.5, 0.25},
                        {"CTR", "ratio", 0.75, 0.01},
                        {"cluster_watch_count_frac/cluster_0", "ratio", 0.5, 0.02}};
  return run;
}

SimulationReport MakeReport() {
  SimulationReport report;
  report.experiment = "try";
  report.environment = "videos";
  report.seed = 18446744073709551615U;
  report.episodes_wanted = 1000;
  report.runs = {MakeRun("agent", 4, 0.1)};
  return report;
}

TEST(ReportTest, PageHasEveryMetricWithItsErrorAndUnit) {
  const std::string page = ReportPage(MakeReport());
  EXPECT_THAT(page,
              AllOf(HasSubstr("try: policy agent in videos, 1,000 episodes, seed 18446744073709551615\n"),
                    HasSubstr("  AverageEpisodeRewards                               4             0.1  reward per "
                              "episode\n"),
                    HasSubstr("  StdEpisodeRewards                                 2.5               -  reward"),
                    HasSubstr("cluster_watch_count_frac/cluster_0"),
                    HasSubstr("1,234,567 steps in 0.500 s: 2,469,134 steps/s (1 thread, 1 user at once each)"),
                    Not(HasSubstr("gap")), Not(HasSubstr("stopped")), Not(HasSubstr("log"))));
}

TEST(ReportTest, PageSaysWhatWasStoppedAndLogged) {
  SimulationReport report = MakeReport();
  report.episodes_wanted = 5000000;
  report.runs[0].result.stopped = true;
  report.users_per_session = 3;
  report.log_path = "x.csv.partial";
  report.log_rows = 42;
  EXPECT_THAT(ReportPage(report),
              AllOf(HasSubstr("stopped: 1,000 of 5,000,000 episodes"), HasSubstr("1,000 episodes of 3 users"),
                    HasSubstr("log: 42 rows in x.csv.partial")));
}

TEST(ReportTest, GapIsMeasuredBetweenExactValuesWhereTheyAreKnown) {
  SimulationReport report = MakeReport();
  report.random_value = 1;
  EXPECT_FALSE(ShareOfGap(report, report.runs[0]).has_value());
  report.optimal_value = 5;
  const auto share = ShareOfGap(report, report.runs[0]);
  ASSERT_TRUE(share.has_value());
  EXPECT_DOUBLE_EQ(share->value, 0.75);
  EXPECT_DOUBLE_EQ(share->standard_error, 0.1 / 4);
  EXPECT_THAT(ReportPage(report), AllOf(HasSubstr("random: 1 (exact)"), HasSubstr("best: 5 (exact)"),
                                        HasSubstr("gap closed: 75.0 % +- 2.5")));
  report.optimal_value = 1;
  EXPECT_FALSE(ShareOfGap(report, report.runs[0]).has_value());
}

TEST(ReportTest, GapIsMeasuredBetweenPlayedReferencesOtherwise) {
  SimulationReport report = MakeReport();
  report.compared = true;
  report.best_reference = "greedy";
  report.runs.push_back(MakeRun("random", 2, 0.2));
  report.runs.push_back(MakeRun("greedy", 6, 0.3));
  const auto share = ShareOfGap(report, report.runs[0]);
  ASSERT_TRUE(share.has_value());
  EXPECT_DOUBLE_EQ(share->value, 0.5);
  EXPECT_NEAR(share->standard_error, std::sqrt(0.1 * 0.1 + 0.25 * 0.04 + 0.25 * 0.09) / 4, 1e-15);
  EXPECT_EQ(ShareOfGap(report, report.runs[1])->value, 0);
  EXPECT_EQ(ShareOfGap(report, report.runs[2])->value, 1);
  EXPECT_EQ(ShareOfGap(report, report.runs[2])->standard_error, 0);
  EXPECT_THAT(ReportPage(report),
              AllOf(HasSubstr("random: not known exactly; as played by 'random'"),
                    HasSubstr("best: not known exactly; as played by 'greedy'"), HasSubstr("50.0 % +-"),
                    HasSubstr("4 +- 0.1"), HasSubstr("6 +- 0.3"), HasSubstr("0.75 +- 0.01")));
}

TEST(ReportTest, JsonHasTheSame) {
  SimulationReport report = MakeReport();
  report.random_value = 1;
  report.optimal_value = 5;
  const std::string text = ReportJson(report);
  EXPECT_EQ(text.back(), '\n');
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json.at("seed"), 18446744073709551615U);
  EXPECT_EQ(json.at("optimal_value"), 5);
  EXPECT_TRUE(json.at("log").is_null());
  const auto& run = json.at("runs").at(0);
  EXPECT_EQ(run.at("policy"), "agent");
  EXPECT_EQ(run.at("share_of_gap"), 0.75);
  EXPECT_EQ(run.at("metrics").at("CTR").at("value"), 0.75);
  EXPECT_EQ(run.at("metrics").at("CTR").at("unit"), "ratio");
  EXPECT_TRUE(run.at("metrics").at("StdEpisodeRewards").at("standard_error").is_null());
  EXPECT_EQ(run.at("timing").at("env_steps_per_second"), 2469134);
}

TEST(ReportTest, NothingPlayedIsReportedToo) {
  SimulationReport report = MakeReport();
  report.runs[0].result = {};
  report.runs[0].result.stopped = true;
  report.random_value = 1;
  report.optimal_value = 5;
  EXPECT_THAT(ReportPage(report), HasSubstr("stopped: 0 of 1,000 episodes"));
  EXPECT_TRUE(nlohmann::json::parse(ReportJson(report)).at("runs").at(0).at("share_of_gap").is_null());
}

}  // namespace
}  // namespace recbots
