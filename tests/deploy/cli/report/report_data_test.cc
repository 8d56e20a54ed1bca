#include "deploy/cli/report/report_data.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "deploy/cli/report/html_page.h"
#include "deploy/cli/report/report_text.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

v1::ExperimentConfig Config(uint64_t seed, const std::string& more = "") {
  v1::ExperimentConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "name: 'mine' environment { document_browsing {} } algorithm { slate_q {} }", &config));
  EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(more, &config));
  config.set_seed(seed);
  return config;
}

RunFolder MakeRun(const v1::ExperimentConfig& config, double value, const std::string& ended_by = "all updates done") {
  RunFolder run;
  run.path = absl::StrCat("runs/", config.seed(), "-", value);
  run.stage = RunStage::kEnded;
  run.config = config;
  run.report = {{"value", value},       {"value_ci95", 0.98},         {"ended_by", ended_by},
                {"wall_seconds", 10.0}, {"env_steps_to_99", nullptr}, {"version", "0.1.0"},
                {"cores", 2},           {"share_of_gap", value / 10}};
  for (int i = 1; i <= 3; ++i) run.curve.push_back({100.0 * i, 10.0 * i, 1.0 * i, value * i / 3, {}, {}, {}});
  return run;
}

std::vector<RunFolder> TwoGroups() {
  const std::string other = "learner { batch_size: 17 }";
  return {MakeRun(Config(1), 1.0), MakeRun(Config(1, other), 2.0), MakeRun(Config(2), 1.2),
          MakeRun(Config(2, other), 2.5), MakeRun(Config(3), 0.9)};
}

TEST(RunReportTest, GroupsRunsThatDifferInTheSeedAlone) {
  const RunReport report = MakeRunReport(TwoGroups());
  ASSERT_EQ(report.groups.size(), 2U);
  EXPECT_THAT(report.groups[0].runs, ElementsAre(0, 2, 4));
  EXPECT_THAT(report.groups[1].runs, ElementsAre(1, 3));
  EXPECT_EQ(report.groups[0].label, "A: mine (slate_q)");
  ASSERT_EQ(report.differences.size(), 1U);
  EXPECT_EQ(report.differences[0].path, "learner.batch_size");
  EXPECT_THAT(report.differences[0].values, ElementsAre(absl::StrCat(Config(1).learner().batch_size()), "17"));
}

// A default that is written out is the same configuration.
TEST(RunReportTest, TakesDefaultsForWhatIsNotSet) {
  const std::string same = absl::StrCat("learner { batch_size: ", Config(1).learner().batch_size(), " }");
  EXPECT_EQ(MakeRunReport({MakeRun(Config(1), 1), MakeRun(Config(2, same), 1)}).groups.size(), 1U);
}

// By hand: mean of 1, 1.2, 0.9 is 1.03333, s = 0.152753, t(2) = 4.30265, so that the half width is 0.379459. Welch's p
// of the two groups is SciPy's 0.09835434548148994.
TEST(RunReportTest, ComputesMeansAndComparesThem) {
  const RunReport report = MakeRunReport(TwoGroups());
  EXPECT_NEAR(report.groups[0].value.mean, 1.0333333, 1e-6);
  EXPECT_NEAR(report.groups[0].value.half_width, 0.379459, 1e-4);
  ASSERT_EQ(report.comparisons.size(), 1U);
  EXPECT_NEAR(report.comparisons[0].means.p, 0.09835434548148994, 1e-10);
  EXPECT_NEAR(report.comparisons[0].corrected_p, 0.09835434548148994, 1e-10);
  // Halfway between the second and the third point, all runs have 5/6 of their last value.
  const CurveBand& band = report.groups[0].band;
  ASSERT_FALSE(band.env_steps.empty());
  EXPECT_EQ(band.env_steps.front(), 100);
  EXPECT_EQ(band.env_steps.back(), 300);
  EXPECT_NEAR(band.mean.back(), 1.0333333, 1e-6);
  EXPECT_NEAR(band.high.back() - band.mean.back(), 0.379459, 1e-4);
}

TEST(RunReportTest, LeavesOutRunsThatDidNotEndByThemselves) {
  std::vector<RunFolder> runs = {MakeRun(Config(1), 1), MakeRun(Config(2), 3, "error: disk full"),
                                 MakeRun(Config(3), 3, "stopped before its goal"), MakeRun(Config(4), 3)};
  runs[3].stage = RunStage::kBroken;
  const RunReport report = MakeRunReport(std::move(runs));
  ASSERT_EQ(report.groups.size(), 1U);
  EXPECT_EQ(report.groups[0].num_counted, 1U);
  EXPECT_EQ(report.groups[0].value.mean, 1);
  EXPECT_NEAR(report.groups[0].value.half_width, 0.98, 1e-9);  // Of the evaluation, because there is one seed.
}

TEST(RunReportTest, ComparesOnlyEqualEnvironments) {
  const std::string other = "environment { users_per_session: 2 }";
  const RunReport report = MakeRunReport(
      {MakeRun(Config(1), 1), MakeRun(Config(2), 1.1), MakeRun(Config(1, other), 5), MakeRun(Config(2, other), 6)});
  EXPECT_EQ(report.groups.size(), 2U);
  EXPECT_TRUE(report.comparisons.empty());
  EXPECT_EQ(ReportPlots(report).size(), 2U);
}

TEST(RunReportTest, RunsWithoutAConfigurationStandAlone) {
  std::vector<RunFolder> runs = {MakeRun(Config(1), 1), MakeRun(Config(1), 1)};
  for (RunFolder& run : runs) run.config.reset();
  EXPECT_EQ(MakeRunReport(std::move(runs)).groups.size(), 2U);
}

TEST(RunReportTest, ThePageIsWholeAndAsksNobody) {
  std::vector<RunFolder> runs = TwoGroups();
  runs[0].path = "runs/<script>alert(1)</script>";
  const RunReport report = MakeRunReport(std::move(runs));
  const std::string html = ReportHtml(report, "Made by a test.");
  EXPECT_THAT(html, AllOf(HasSubstr("<!doctype html>"), HasSubstr("</html>"), HasSubstr("default-src 'none'"),
                          HasSubstr("role=\"img\""), HasSubstr("not distinguished"), HasSubstr("0.0984"),
                          HasSubstr("learner.batch_size"), HasSubstr("1.0333 +- 0.38")));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  // The only address is the name of SVG's language, which nobody fetches.
  size_t addresses = 0;
  for (size_t at = html.find("http"); at != std::string::npos; at = html.find("http", at + 1)) {
    if (html.substr(at, 10) == "http-equiv") continue;
    EXPECT_EQ(html.substr(at, 26), "http://www.w3.org/2000/svg");
    ++addresses;
  }
  EXPECT_EQ(addresses, 1U);
}

TEST(RunReportTest, MarkdownHasTheSameTables) {
  const RunReport report = MakeRunReport(TwoGroups());
  const std::string text = ReportMarkdown(report, {"report.svg"});
  EXPECT_THAT(text, AllOf(HasSubstr("![Learning curves: document_browsing](report.svg)"), HasSubstr("| B - A | "),
                          HasSubstr("## Groups"), HasSubstr("## Machines and builds"), HasSubstr("| 0.1.0 |")));
}

}  // namespace
}  // namespace recbots
