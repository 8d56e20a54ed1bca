#include "common/role/run_directory.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class RunDirectoryTest : public ::testing::Test {
 protected:
  static std::string Content(const std::string& path) { return ReadFile(path).value_or("(cannot be read)"); }
  // Leaves behind what a run would.
  void LeaveResults(const std::string& of) const {
    for (const char* name : {kReportFile, kWeightsFile, kCurveFile, kConfigFile}) {
      ASSERT_TRUE(WriteFile(absl::StrCat(run_, "/", name), absl::StrCat(name, " of ", of)).ok());
    }
  }

  const testing::TempFolder folder_;
  const std::string run_ = folder_.Path("runs/run");
};

TEST_F(RunDirectoryTest, BelongsToOneRun) {
  const auto first = RunDirectory::Claim(run_, "recbots train");
  ASSERT_TRUE(first.ok()) << first.status();
  const absl::Status second = RunDirectory::Claim(run_, "recbots cluster").status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()), AllOf(StartsWith("--run_dir '" + run_ + "': another run is in it: "),
                                                   HasSubstr("held by recbots train (")));
}

TEST_F(RunDirectoryTest, ClaimingTouchesNothing) {
  fs::create_directories(run_);
  LeaveResults("an earlier run");
  const auto claimed = RunDirectory::Claim(run_, "test");
  ASSERT_TRUE(claimed.ok()) << claimed.status();
  EXPECT_EQ(Content(claimed->Path(kReportFile)), "report.json of an earlier run");
  EXPECT_FALSE(fs::exists(claimed->Path("previous")));
}

TEST_F(RunDirectoryTest, ARunBeginsWithoutTheResultsOfEarlierOnes) {
  for (const auto& [of, previous] : {std::pair{"the first run", "previous"}, {"the second run", "previous-2"}}) {
    const auto directory = RunDirectory::Claim(run_, "test");
    ASSERT_TRUE(directory.ok()) << directory.status();
    LeaveResults(of);
    fs::create_directories(directory->Path("checkpoints/inside"));
    fs::create_directories(directory->Path("foreign"));
    ASSERT_TRUE(directory->Begin("the next configuration", {"checkpoints", "replay"}).ok());
    EXPECT_FALSE(fs::exists(directory->Path("checkpoints")));
    EXPECT_TRUE(fs::exists(directory->Path(absl::StrCat(previous, "/checkpoints/inside"))));
    EXPECT_TRUE(fs::exists(directory->Path("foreign")));
    for (const char* name : {kReportFile, kWeightsFile, kCurveFile}) EXPECT_FALSE(fs::exists(directory->Path(name)));
    EXPECT_EQ(Content(directory->Path(kConfigFile)), "the next configuration");
    EXPECT_EQ(Content(directory->Path(absl::StrCat(previous, "/weights.bin"))), absl::StrCat("weights.bin of ", of));
    EXPECT_EQ(Content(directory->Path(absl::StrCat(previous, "/config.textproto"))),
              absl::StrCat("config.textproto of ", of));
  }
}

TEST_F(RunDirectoryTest, ARunThatGoesOnKeepsEverythingButItsReport) {
  const auto directory = RunDirectory::Claim(run_, "test");
  ASSERT_TRUE(directory.ok()) << directory.status();
  LeaveResults("this run");
  ASSERT_TRUE(directory->Resume("with another goal").ok());
  EXPECT_FALSE(fs::exists(directory->Path(kReportFile)));
  EXPECT_EQ(Content(directory->Path(kWeightsFile)), "weights.bin of this run");
  EXPECT_EQ(Content(directory->Path(kCurveFile)), "evaluations.jsonl of this run");
  EXPECT_EQ(Content(directory->Path(kConfigFile)), "with another goal");
  EXPECT_FALSE(fs::exists(directory->Path("previous")));
}

// A run that was lost before it had results does not take the place of one that had some.
TEST_F(RunDirectoryTest, AConfigurationAloneIsNoResult) {
  const auto directory = RunDirectory::Claim(run_, "test");
  ASSERT_TRUE(directory.ok()) << directory.status();
  ASSERT_TRUE(directory->Begin("first").ok());
  ASSERT_TRUE(directory->Begin("second").ok());
  EXPECT_FALSE(fs::exists(directory->Path("previous")));
  EXPECT_EQ(Content(directory->Path(kConfigFile)), "second");
}

TEST_F(RunDirectoryTest, AFolderInThePlaceOfAResultIsRefused) {
  const auto directory = RunDirectory::Claim(run_, "test");
  ASSERT_TRUE(directory.ok()) << directory.status();
  ASSERT_TRUE(WriteFile(directory->Path(kReportFile), "earlier").ok());
  fs::create_directory(directory->Path(kWeightsFile));
  EXPECT_EQ(directory->Begin("configuration").message(),
            absl::StrCat("--run_dir '", run_, "': '", run_, "/weights.bin' is a folder"));
  EXPECT_EQ(Content(directory->Path(kReportFile)), "earlier") << "nothing was touched";
}

TEST_F(RunDirectoryTest, IsTriedBeforeAnythingBegins) {
  ASSERT_TRUE(WriteFile(folder_.Path("file"), "").ok());
  const std::string below = folder_.Path("file/run");
  EXPECT_THAT(std::string(PrepareRunDirectory(below).message()),
              AllOf(StartsWith("--run_dir '" + below + "': "), HasSubstr("Not a directory")));
  const testing::FileSizeLimit full(0);
  const absl::Status status = RunDirectory::Claim(run_, "test").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot write in '" + run_ + "': File too large"));
}

TEST_F(RunDirectoryTest, NewOnesAreMadeInOnePlaceAndNeverShared) {
  const std::string parent = folder_.Path("runs");
  std::set<std::string> paths;
  for (int i = 0; i < 20; ++i) {
    // The claim ends with each turn: it is the folder that keeps others away.
    const auto directory = RunDirectory::MakeNew(parent, "../../x/y z", "test");
    ASSERT_TRUE(directory.ok()) << directory.status();
    EXPECT_TRUE(paths.insert(directory->path()).second) << directory->path();
    EXPECT_EQ(fs::path(directory->path()).parent_path().string(), parent);
    EXPECT_THAT(directory->path(), HasSubstr("-.._.._x_y_z"));
  }
  EXPECT_TRUE(RunDirectory::MakeNew(parent, std::string(1000, 'n'), "test").ok());
  ASSERT_TRUE(WriteFile(folder_.Path("file"), "").ok());
  EXPECT_THAT(std::string(RunDirectory::MakeNew(folder_.Path("file/runs"), "x", "test").status().message()),
              HasSubstr("Not a directory"));
}

}  // namespace
}  // namespace recbots
