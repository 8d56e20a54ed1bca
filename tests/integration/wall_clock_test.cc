// Somebody sets the wall clock while recbots runs: durations, deadlines and paces do not notice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "deploy/cli/cluster/child_process.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

constexpr double kRunSeconds = 4;
constexpr absl::Duration kPatience = absl::Minutes(2);

std::string Read(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class WallClockTest : public ::testing::Test {
 protected:
  WallClockTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    dir_ = absl::StrCat(::testing::TempDir(), "/wall_clock_", info->name(), "_", getpid());
    std::filesystem::create_directories(dir_);
    SetOffset(0);
  }
  ~WallClockTest() override { std::filesystem::remove_all(dir_); }

  void SetOffset(int seconds) {
    std::ofstream(dir_ + "/offset.new") << seconds << "\n";
    std::filesystem::rename(dir_ + "/offset.new", dir_ + "/offset");
  }

  // Runs browse for kRunSeconds, and moves the clock by `jump` seconds when the first evaluation is there.
  nlohmann::json RunWithJump(const std::string& command, int jump) {
    ChildOptions options;
    options.name = command;
    options.log_path = dir_ + "/out";
    options.arguments = {"/usr/bin/env",
                         "LD_PRELOAD=" RECBOTS_MOVED_WALL_CLOCK,
                         "RECBOTS_WALL_CLOCK_OFFSET=" + dir_ + "/offset",
                         RECBOTS_PROGRAM_DIR "/recbots",
                         command,
                         testing::SourceDir() + "/deploy/config/browse.textproto",
                         "--run_dir=" + dir_ + "/run",
                         "--set=goal.share_of_optimum=0",
                         "--set=learner.status_seconds=0.5",
                         absl::StrCat("--set=goal.max_seconds=", kRunSeconds)};
    absl::StatusOr<ChildProcess> child = ChildProcess::Start(options);
    EXPECT_TRUE(child.ok()) << child.status();
    const Instant deadline = Instant::Now() + kPatience;
    while (child->Running() && Instant::Now() < deadline && Read(dir_ + "/run/evaluations.jsonl").empty()) {
      absl::SleepFor(absl::Milliseconds(10));
    }
    SetOffset(jump);
    EXPECT_TRUE(child->AwaitEnd(deadline)) << "still runs: " << Read(options.log_path);
    const std::string report = Read(dir_ + "/run/report.json");
    EXPECT_FALSE(report.empty()) << Read(options.log_path);
    return report.empty() ? nlohmann::json::object() : nlohmann::json::parse(report);
  }

  void ExpectUnmoved(const nlohmann::json& report) {
    EXPECT_EQ(report["ended_by"], "time is up");
    // The limit is kept to, and the waiting for the last evaluation is less than the patience above.
    EXPECT_GE(report["wall_seconds"].get<double>(), kRunSeconds);
    EXPECT_LT(report["wall_seconds"].get<double>(), absl::ToDoubleSeconds(kPatience));
    EXPECT_THAT(Read(dir_ + "/out"), HasSubstr("upd ")) << "status lines go on";
  }

  std::string dir_;
};

TEST_F(WallClockTest, TrainDoesNotNoticeAJumpForward) { ExpectUnmoved(RunWithJump("train", 3600)); }
TEST_F(WallClockTest, TrainDoesNotNoticeAJumpBack) { ExpectUnmoved(RunWithJump("train", -3600)); }
TEST_F(WallClockTest, AClusterDoesNotNoticeAJumpForward) { ExpectUnmoved(RunWithJump("cluster", 3600)); }
TEST_F(WallClockTest, AClusterDoesNotNoticeAJumpBack) { ExpectUnmoved(RunWithJump("cluster", -3600)); }

// Where the wall clock is read. It gives dates; whatever is a duration or a deadline is made of Instants.
TEST(WallClockUseTest, OnlyDatesComeFromTheWallClock) {
  const std::vector<std::string> dates = {
      "common/base/clock.",                     // Clock::Date
      "common/base/file_lock.",                 // since when a file is locked
      "common/base/log.",                       // the date of a log line
      "common/rpc/pem.",                        // until when a certificate is valid
      "common/rpc/security.",                   //
      "common/rpc/rpc_server.",                 // when a socket's file was made
      "common/role/run_directory.",             // names of run directories
      "common/log/parse_value.",                // the times in a log
      "deploy/cli/report/report_command.",      // the date on the page
      "deploy/cli/reproduce/",                  //
      "deploy/cli/inspect/checkpoint_report.",  // when a checkpoint was written
      "learner/learner_roles.",                 // when a role joined, or was lost
      "learner/members/",                       //
      "learner/loop/learner_loop.",             // which rows were collected before this learner began
      "learner/loop/run_checkpointer.",         // when a checkpoint was written
      "learner/run/event_file.",                // the date of a point of a curve
      "learner/run/run_events.",                //
      "replay/checkpoint/checkpoint_writer.",   //
  };
  const std::string root = testing::SourceDir() + "/";
  int files = 0;
  for (const char* folder : {"actor", "common", "deploy", "learner", "replay"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root + folder)) {
      const std::string path = entry.path().string().substr(root.size());
      if (!absl::EndsWith(path, ".cc") && !absl::EndsWith(path, ".h")) continue;
      ++files;
      const bool date = std::any_of(dates.begin(), dates.end(),
                                    [&](const std::string& known) { return absl::StartsWith(path, known); });
      if (date || path == "common/base/instant.h") continue;
      const std::string text = Read(entry.path());
      for (const char* wall :
           {"absl::Now()", "absl::Time ", "system_clock", "CLOCK_REALTIME", "gettimeofday", "time(nullptr)"}) {
        EXPECT_FALSE(absl::StrContains(text, wall)) << path << " reads the wall clock: " << wall;
      }
    }
  }
  EXPECT_GT(files, 400) << "the sources are not where they were";
}

}  // namespace
}  // namespace recbots
