#include "learner/run/run_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/file.h"
#include "common/role/run_directory.h"
#include "learner/run/evaluation_log.h"
#include "learner/run/run_events.h"
#include "tests/learner/run/make_evaluation.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;
using testing::MakeEvaluation;
using ::testing::Pair;
using ::testing::SizeIs;

class RunHistoryTest : public ::testing::Test {
 protected:
  // Writes both files as a run does: ten periods of 20 updates, an evaluation in each. Returns the bytes of the curve
  // after `evaluations` of them.
  int64_t WriteRun(int evaluations) {
    EvaluationLog curve(folder_.path());
    RunEvents events(folder_.path(), "", 0);
    int64_t bytes = 0;
    for (int i = 1; i <= 10; ++i) {
      StatusLine line;
      line.counters = {.env_steps = 100 * i, .updates = 20 * i, .wall_seconds = 0.5 * i};
      line.lag_p50_updates = i;
      line.replay_rows = 1000 + i;
      line.losses = {{"q_loss", 1.0 / i}};
      line.evaluation = MakeEvaluation(i, i);
      events.OnStatus(line);
      curve.Append(*line.evaluation, 0.5 * i);
      if (i == evaluations) bytes = curve.bytes();
    }
    return bytes;
  }

  const testing::TempFolder folder_;
};

TEST_F(RunHistoryTest, IsWhatTheRunHasWrittenUpToItsCheckpoint) {
  const int64_t bytes = WriteRun(4);
  const RunHistory history = ReadRunHistory(folder_.path(), bytes, /*updates=*/120);
  ASSERT_THAT(history.evaluations, SizeIs(4)) << "later ones are made again";
  EXPECT_EQ(history.evaluations[3].clocks.updates, 80);
  EXPECT_EQ(history.evaluations[3].clocks.env_steps, 400);
  EXPECT_EQ(history.evaluations[3].clocks.wall_seconds, 2);
  EXPECT_THAT(history.evaluations[3].values, Contains(Pair("value", 4)));
  EXPECT_THAT(history.evaluations[3].values, Contains(Pair("share_of_optimum", 0.4)));
  ASSERT_THAT(history.statuses, SizeIs(6));
  EXPECT_EQ(history.statuses[5].clocks.updates, 120);
  EXPECT_EQ(history.statuses[5].clocks.wall_seconds, 3);
  EXPECT_THAT(history.statuses[5].values, Contains(Pair("lag_p50_updates", 6)));
  EXPECT_THAT(history.statuses[5].values, Contains(Pair("replay_rows", 1006)));
  EXPECT_THAT(history.statuses[1].values, Contains(Pair("loss.q_loss", 0.5)));
  EXPECT_THAT(history.statuses[1].values, ::testing::Not(Contains(Pair("value", ::testing::_))));
}

TEST_F(RunHistoryTest, DamageCostsOnlyTheLinesThatHaveIt) {
  ASSERT_TRUE(WriteFile(folder_.Path(kCurveFile),
                        "{\"env_steps\":5,\"updates\":1,\"wall_seconds\":1,\"value\":2}\n"
                        "not json\n{\"updates\":\"x\"}\n[1]\n"
                        "{\"env_steps\":4,\"updates\":0,\"wall_seconds\":1,\"value\":2}\n"
                        "{\"env_steps\":9,\"updates\":2,\"wall_seconds\":2,\"value\":null}\n")
                  .ok());
  ASSERT_TRUE(
      WriteFile(folder_.Path(kMetricsFile), "updates,env_steps,wall_seconds,a\n1,1,1,7\n2,2\n3,3,3,\n4,4,4,x\n5,5")
          .ok());
  const RunHistory history = ReadRunHistory(folder_.path(), 1000, 1000);
  ASSERT_THAT(history.evaluations, SizeIs(2)) << "clocks do not run backwards";
  EXPECT_THAT(history.evaluations[1].values, IsEmpty());
  ASSERT_THAT(history.statuses, SizeIs(3));
  EXPECT_THAT(history.statuses[0].values, Contains(Pair("a", 7)));
  EXPECT_THAT(history.statuses[2].values, IsEmpty());
}

TEST_F(RunHistoryTest, NothingIsThereWithoutFilesOrFolder) {
  for (const std::string& folder : {folder_.path(), std::string()}) {
    const RunHistory history = ReadRunHistory(folder, 1000, 1000);
    EXPECT_THAT(history.evaluations, IsEmpty());
    EXPECT_THAT(history.statuses, IsEmpty());
  }
}

}  // namespace
}  // namespace recbots
