#include "learner/run/go_on.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "learner/run/run_checkpoints.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

class GoOnTest : public ::testing::Test {
 protected:
  void WriteRun(int64_t updates) {
    v1::RunManifest manifest;
    manifest.set_updates(updates);
    ASSERT_TRUE(RunCheckpoints(folder_.path(), 3).Write(manifest, v1::LearnerState()).ok());
  }
  absl::Status GoOn(const std::vector<std::string>& arguments, const std::string& run_dir) {
    const auto flags = CommandLine::Parse(arguments, {MoreFlag(), {"fresh", "", "", ""}});
    EXPECT_TRUE(flags.ok()) << flags.status();
    return GoOnForMore(*flags, run_dir, config_);
  }

  const testing::TempFolder folder_;
  v1::ExperimentConfig config_;
};

TEST_F(GoOnTest, CountsFromTheNewestCheckpointWhateverTheGoalWas) {
  config_.mutable_goal()->set_share_of_optimum(0.99);
  config_.mutable_goal()->set_max_seconds(10);
  WriteRun(400);
  WriteRun(416);
  ASSERT_TRUE(GoOn({"--more=1000"}, folder_.path()).ok());
  EXPECT_EQ(config_.goal().max_updates(), 1416);
  EXPECT_EQ(config_.goal().share_of_optimum(), 0);
  EXPECT_EQ(config_.goal().max_seconds(), 0);
}

// A run ends between batches.
TEST_F(GoOnTest, EndsWithAWholeBatch) {
  config_.mutable_learner()->set_updates_per_batch(8);
  WriteRun(416);
  ASSERT_TRUE(GoOn({"--more=1"}, folder_.path()).ok());
  EXPECT_EQ(config_.goal().max_updates(), 424);
}

TEST_F(GoOnTest, WithoutTheFlagTheGoalStays) {
  config_.mutable_goal()->set_max_seconds(10);
  ASSERT_TRUE(GoOn({}, "").ok());
  EXPECT_EQ(config_.goal().max_seconds(), 10);
}

TEST_F(GoOnTest, RefusesWhatCannotGoOn) {
  EXPECT_THAT(std::string(GoOn({"--more=5"}, folder_.path()).message()), HasSubstr("--more=5: there is no run in '"));
  EXPECT_THAT(std::string(GoOn({"--more=5"}, "").message()), HasSubstr("--run_dir=DIR"));
  EXPECT_THAT(std::string(GoOn({"--more=0"}, folder_.path()).message()), HasSubstr("more"));
  EXPECT_THAT(std::string(GoOn({"--more=5", "--fresh"}, folder_.path()).message()), HasSubstr("--fresh"));
}

}  // namespace
}  // namespace recbots
