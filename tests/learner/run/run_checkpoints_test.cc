#include "learner/run/run_checkpoints.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "tests/learner/run/make_evaluation.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RunCheckpointsTest : public ::testing::Test {
 protected:
  static v1::LearnerState State(int64_t env_steps) {
    v1::LearnerState state;
    state.set_algorithm(std::string(1000, static_cast<char>(env_steps)));
    state.set_env_steps(env_steps);
    return state;
  }
  absl::Status Write(int64_t env_steps) { return checkpoints_.Write(v1::RunManifest(), State(env_steps)); }
  std::string PathOf(const std::string& name) const { return absl::StrCat(folder_.path(), "/checkpoints/", name); }
  // The env steps of the newest checkpoint that is valid; -1: none is there.
  int64_t Newest() const {
    const auto newest = checkpoints_.Newest();
    EXPECT_TRUE(newest.ok()) << newest.status();
    return newest.ok() && newest->has_value() ? (*newest)->state.env_steps() : -1;
  }

  const testing::TempFolder folder_;
  RunCheckpoints checkpoints_{folder_.path(), /*keep=*/3};
};

TEST_F(RunCheckpointsTest, AFolderThatIsMissingHasNone) {
  EXPECT_EQ(Newest(), -1);
  EXPECT_FALSE(fs::exists(checkpoints_.folder())) << "looking changes nothing";
}

TEST_F(RunCheckpointsTest, KeepsTheNewestAndTouchesNothingElse) {
  for (int64_t i = 1; i <= 5; ++i) {
    ASSERT_TRUE(Write(i).ok());
    if (i > 1) continue;
    ASSERT_TRUE(WriteFile(PathOf("notes.manifest"), "foreign").ok());
  }
  EXPECT_THAT(*checkpoints_.Sequences(), ElementsAre(5, 4, 3));
  EXPECT_FALSE(fs::exists(PathOf("00000002.state")));
  EXPECT_EQ(*ReadFile(PathOf("notes.manifest")), "foreign");
  EXPECT_EQ(Newest(), 5);
  EXPECT_EQ(checkpoints_.Read(4)->manifest.sequence(), 4);
  EXPECT_EQ(checkpoints_.Read(2).status().code(), absl::StatusCode::kNotFound);
}

// Every cut and every flipped byte of either file, in steps that reach each part of it.
TEST_F(RunCheckpointsTest, ADamagedOneIsPassedOver) {
  ASSERT_TRUE(Write(1).ok());
  ASSERT_TRUE(Write(2).ok());
  for (const char* name : {"00000002.manifest", "00000002.state"}) {
    const std::string whole = *ReadFile(PathOf(name));
    for (size_t at = 0; at < whole.size(); at += 7) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ 4);
      ASSERT_TRUE(WriteFile(PathOf(name), flipped).ok());
      EXPECT_EQ(Newest(), 1) << name << " byte " << at;
      ASSERT_TRUE(WriteFile(PathOf(name), whole.substr(0, at)).ok());
      EXPECT_EQ(Newest(), 1) << name << " cut at " << at;
    }
    fs::remove(PathOf(name));
    EXPECT_EQ(Newest(), 1) << name << " missing";
    ASSERT_TRUE(WriteFile(PathOf(name), whole).ok());
  }
  EXPECT_EQ(Newest(), 2);
}

TEST_F(RunCheckpointsTest, AnOldManifestThatIsPutBackIsNotTheNewest) {
  ASSERT_TRUE(Write(1).ok());
  const std::string old = *ReadFile(PathOf("00000001.manifest"));
  for (int64_t i = 2; i <= 5; ++i) ASSERT_TRUE(Write(i).ok());
  ASSERT_TRUE(WriteFile(PathOf("00000001.manifest"), old).ok());
  EXPECT_EQ(Newest(), 5);
  ASSERT_TRUE(WriteFile(PathOf("00000009.manifest"), old).ok());
  EXPECT_EQ(Newest(), 5) << "the name is not that of its content";
  EXPECT_THAT(std::string(checkpoints_.Read(9).status().message()), HasSubstr("it is the manifest of checkpoint 1"));
}

TEST_F(RunCheckpointsTest, WhereNoneIsValidItSaysWhyAndTheWayOut) {
  ASSERT_TRUE(Write(1).ok());
  ASSERT_TRUE(WriteFile(PathOf("00000001.state"), "cut").ok());
  const absl::Status status = checkpoints_.Newest().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("none of the 1 checkpoints in"),
                                                   HasSubstr("it has 3 bytes, want 1"), HasSubstr("--fresh")));
}

TEST_F(RunCheckpointsTest, AFullDiskLeavesTheOneBefore) {
  ASSERT_TRUE(Write(1).ok());
  {
    const testing::FileSizeLimit full(100);
    EXPECT_EQ(Write(2).code(), absl::StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(Newest(), 1);
  EXPECT_FALSE(fs::exists(PathOf("00000002.state")));
  ASSERT_TRUE(Write(3).ok());
  EXPECT_EQ(Newest(), 3);
}

TEST_F(RunCheckpointsTest, KnowsARunThatHasNothingLeftToDo) {
  RunCheckpoint checkpoint;
  checkpoint.manifest.set_updates(100);
  checkpoint.state.set_over(true);
  v1::GoalConfig goal;
  goal.set_max_updates(100);
  EXPECT_FALSE(EndOfRun(folder_.path(), goal, checkpoint).has_value()) << "there is no report";
  Report report;
  report.ending = Ending::kMaxUpdates;
  ASSERT_TRUE(WriteReport(folder_.path(), report, GoalTracker(goal)).ok());
  EXPECT_TRUE(EndOfRun(folder_.path(), goal, checkpoint)->goal_reached);
  goal.set_max_updates(101);
  EXPECT_FALSE(EndOfRun(folder_.path(), goal, checkpoint).has_value()) << "a larger goal goes on";
  goal.set_max_updates(100);
  checkpoint.state.set_over(false);
  EXPECT_FALSE(EndOfRun(folder_.path(), goal, checkpoint).has_value());
}

}  // namespace
}  // namespace recbots
