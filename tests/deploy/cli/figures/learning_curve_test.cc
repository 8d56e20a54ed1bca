#include "deploy/cli/figures/learning_curve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace recbots {
namespace {

using ::testing::ElementsAre;

TEST(LearningCurveTest, ReadsEvaluationsAndLeavesOutWhatIsNone) {
  const std::string path = ::testing::TempDir() + "/learning_curve_test.jsonl";
  std::ofstream(path, std::ios::trunc)
      << R"({"env_steps":1000,"updates":10,"wall_seconds":1.5,"value":160.5,"value_ci95":1,"share_of_gap":null})"
      << "\n"
      << "not a line\n[1]\n\n"
      << R"({"env_steps":2000,"value":null})"
      << "\n"
      << R"({"env_steps":3000,"updates":30,"value":170})"
      << "\n"
      << R"({"env_steps":3000,"updates":31,"value":171})"
      << "\n"
      << R"({"env_steps":4000,"upda)";
  const Curve curve = ReadCurve(path).value();
  ASSERT_EQ(curve.size(), 2u);
  EXPECT_EQ(curve[0].env_steps, 1000);
  EXPECT_EQ(curve[0].value, 160.5);
  EXPECT_EQ(curve[1].env_steps, 3000);
  EXPECT_EQ(curve[1].value, 170);
  EXPECT_EQ(ReadCurve(path + ".none").status().code(), absl::StatusCode::kNotFound);
}

TEST(LearningCurveTest, BandIsMeanLowestAndHighestWhereAllCurvesAre) {
  const std::vector<Curve> curves = {{{0, 100}, {10, 200}}, {}, {{5, 160}, {10, 180}, {20, 500}}};
  const CurveBand band = MakeBand(curves, 3);
  EXPECT_THAT(band.env_steps, ElementsAre(5, 7.5, 10));
  EXPECT_THAT(band.low, ElementsAre(150, 170, 180));
  EXPECT_THAT(band.high, ElementsAre(160, 175, 200));
  EXPECT_THAT(band.mean, ElementsAre(155, 172.5, 190));
}

TEST(LearningCurveTest, WithoutACommonRangeThereIsNoBand) {
  EXPECT_TRUE(MakeBand({}, 10).mean.empty());
  EXPECT_TRUE(MakeBand(std::vector<Curve>{{}, {}}, 10).mean.empty());
  EXPECT_TRUE(MakeBand(std::vector<Curve>{{{0, 1}, {5, 1}}, {{6, 1}, {9, 1}}}, 10).mean.empty());
  EXPECT_TRUE(MakeBand(std::vector<Curve>{{{5, 1}}}, 10).mean.empty());
}

}  // namespace
}  // namespace recbots
