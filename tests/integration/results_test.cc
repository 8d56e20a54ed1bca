// What a run leaves behind: whole or absent, whatever ends it, with an exit code that says which; and whose it is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/file.h"
#include "common/inference/weights.h"
#include "deploy/cli/cluster/local_cluster.h"
#include "tests/integration/programs.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Outcome;
using ::testing::StartsWith;

const std::string kConfig = testing::SourceDir() + "/deploy/config/browse.textproto";
// Goals of short runs.
constexpr char kNoShare[] = "--set=goal.share_of_optimum=0";
constexpr char kShort[] = "--set=goal.max_updates=200";
constexpr char kEndless[] = "--set=goal.max_seconds=600";

class ResultsTest : public testing::ProgramsTest {
 protected:
  std::string Run(const std::string& name) const { return absl::StrCat(dir_, "/run/", name); }
  nlohmann::json Report(const std::string& name = "report.json") const {
    return nlohmann::json::parse(Read(Run(name)), nullptr, /*allow_exceptions=*/false);
  }
  std::string RunDir() const { return "--run_dir=" + dir_ + "/run"; }
  ::testing::AssertionResult WeightsAreWhole() const {
    const absl::Status status = DecodeTensors(Read(Run("weights.bin"))).status();
    return status.ok() ? ::testing::AssertionSuccess() : ::testing::AssertionFailure() << status;
  }
  ChildProcess StartEndlessCluster() {
    ChildProcess cluster = Start("recbots", {"cluster", kConfig, RunDir(), kNoShare, kEndless});
    EXPECT_TRUE(AwaitUpdates(Run("learner.log")));
    return cluster;
  }
  // Until a status line shows that something was learnt: "[00:00:01] upd 1.2k (...".
  static bool AwaitUpdates(const std::string& log) {
    return Await([&] {
      for (const absl::string_view line : absl::StrSplit(Read(log), '\n')) {
        if (absl::StrContains(line, "] upd ") && !absl::StrContains(line, "] upd 0 ")) return true;
      }
      return false;
    });
  }
  // The updates of the newest status line of a log; 0 without one. Counts are in full below a thousand, "1.23k" above.
  static int64_t UpdatesIn(const std::string& log) {
    const size_t at = log.rfind("] upd ");
    if (at == std::string::npos) return 0;
    const std::string count = log.substr(at + 6, log.find(' ', at + 6) - at - 6);
    return static_cast<int64_t>(std::stod(count) * (absl::EndsWith(count, "k") ? 1000 : 1));
  }
  // Also a process that its parent has not asked for: nobody is left to ask.
  static bool IsGone(pid_t pid) {
    const std::string stat = Read(absl::StrCat("/proc/", pid, "/stat"));
    return stat.empty() || absl::StrContains(stat, ") Z ");
  }
  static std::string LastLine(const Outcome& outcome) {
    const std::vector<std::string> lines = absl::StrSplit(absl::StripSuffix(outcome.log, "\n"), '\n');
    return lines.back();
  }
  // The processes that `parent` has started, by the end of their program's path.
  static pid_t ChildOf(pid_t parent, const std::string& program) {
    const std::string children = Read(absl::StrCat("/proc/", parent, "/task/", parent, "/children"));
    for (const absl::string_view child : absl::StrSplit(children, ' ', absl::SkipEmpty())) {
      std::error_code error;
      if (fs::read_symlink(absl::StrCat("/proc/", child, "/exe"), error).filename() == program) {
        return static_cast<pid_t>(std::stol(std::string(child)));
      }
    }
    return -1;
  }
};

TEST_F(ResultsTest, ClusterSaysThatItsWeightsCouldNotBeSaved) {
  ChildProcess cluster = Start("recbots", {"cluster", kConfig, "--quiet", RunDir()});
  // After the results of earlier runs were put away, before the first one of this run.
  ASSERT_TRUE(Await([&] { return fs::exists(Run("config.textproto")); }));
  fs::create_directory(Run("weights.bin"));
  const Outcome outcome = Finish(cluster, absl::Seconds(120));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(LastLine(outcome),
              AllOf(StartsWith("recbots: goal reached: "),
                    HasSubstr("but the results could not be saved: cannot write '" + Run("weights.bin") + "'")));
  EXPECT_EQ(Report()["goal_reached"], true);
  EXPECT_EQ(Report()["weights_saved"], false);
}

// No file can grow beyond 20 KiB: room for all but the weights.
TEST_F(ResultsTest, TrainOnAFullDiskLeavesNoHalfAFile) {
  const Outcome outcome = RunShell(absl::StrCat("ulimit -f 20; exec $BIN/recbots train ", kConfig, " --quiet ",
                                                RunDir(), " ", kNoShare, " ", kShort));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(LastLine(outcome),
              AllOf(HasSubstr("goal reached: "),
                    HasSubstr("could not be saved: cannot write '" + Run("weights.bin") + "': File too large")));
  EXPECT_FALSE(fs::exists(Run("weights.bin")));
  EXPECT_EQ(Report()["weights_saved"], false);
  for (const auto& entry : fs::directory_iterator(dir_ + "/run")) {
    EXPECT_THAT(entry.path().filename().string(), Not(StartsWith(".recbots")));
  }
}

TEST_F(ResultsTest, ALearnerOnAFullDiskSaysSo) {
  const std::string learner = "127.0.0.1:" + std::to_string(*FindFreePort());
  const std::string replay = "127.0.0.1:" + std::to_string(*FindFreePort());
  const std::string config = std::string("--config=") + kConfig;
  ChildProcess server = Start("recbots-replay", {config, "--listen=" + replay});
  ChildProcess actor = Start("recbots-actor", {config, "--replay=" + replay, "--learner=" + learner});
  const Outcome outcome =
      RunShell(absl::StrCat("ulimit -f 20; exec $BIN/recbots-learner ", config, " --listen=", learner,
                            " --replay=", replay, " ", RunDir(), " ", kNoShare, " ", kShort));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(LastLine(outcome), HasSubstr("could not be saved: cannot write '" + Run("weights.bin")));
  EXPECT_FALSE(fs::exists(Run("weights.bin")));
  for (ChildProcess* child : {&server, &actor}) child->Signal(SIGKILL);
}

TEST_F(ResultsTest, WhatWasLearntIsSavedWhenReplayStaysAway) {
  const std::string learner_address = "127.0.0.1:" + std::to_string(*FindFreePort());
  const std::string replay_address = "127.0.0.1:" + std::to_string(*FindFreePort());
  const std::string config = std::string("--config=") + kConfig;
  ChildProcess replay = Start("recbots-replay", {config, "--listen=" + replay_address});
  ChildProcess learner = Start("recbots-learner", {config, kNoShare, kEndless, "--listen=" + learner_address,
                                                   "--replay=" + replay_address, "--peer_timeout=1", RunDir()});
  ChildProcess actor = Start("recbots-actor", {config, "--replay=" + replay_address, "--learner=" + learner_address});
  ASSERT_TRUE(AwaitUpdates(learner.log_path()));
  replay.Signal(SIGKILL);
  const Outcome outcome = Finish(learner, absl::Seconds(60));
  EXPECT_EQ(outcome.exit_code, 1);
  EXPECT_THAT(Report()["ended_by"].get<std::string>(), StartsWith("error: "));
  EXPECT_GT(Report()["updates"].get<int64_t>(), 0);
  EXPECT_EQ(Report()["weights_saved"], true);
  EXPECT_TRUE(WeightsAreWhole());
  actor.Signal(SIGKILL);
}

TEST_F(ResultsTest, ARunOutlivesTheDeathOfEachRole) {
  ChildProcess cluster = Start(
      "recbots", {"cluster", kConfig, RunDir(), kNoShare, kEndless, "--set=learner.checkpoint.interval_seconds=0.2"});
  ASSERT_TRUE(AwaitUpdates(Run("learner.log")));
  for (const char* role : {"actor", "learner", "replay", "evaluator"}) {
    const std::string before = Read(Run("learner.log"));
    const pid_t dying = ChildOf(cluster.pid(), absl::StrCat("recbots-", role));
    ASSERT_GT(dying, 0) << role;
    kill(dying, SIGKILL);
    EXPECT_TRUE(Await([&] {
      return absl::StrContains(Read(Run("learner.log")).substr(before.size()), "is started again");
    })) << role;
    EXPECT_TRUE(Await([&] { return ChildOf(cluster.pid(), absl::StrCat("recbots-", role)) > 0; })) << role;
    // Training goes on.
    const int64_t updates = UpdatesIn(before);
    EXPECT_TRUE(Await([&] { return UpdatesIn(Read(Run("learner.log"))) > updates; })) << role;
  }
  // A learner that is told alone to end says how far it has come; that is no report of the run, which goes on.
  const std::string before = Read(Run("learner.log"));
  kill(ChildOf(cluster.pid(), "recbots-learner"), SIGTERM);
  EXPECT_TRUE(Await([&] { return absl::StrContains(Read(Run("learner.log")).substr(before.size()), "resumed at "); }));
  EXPECT_FALSE(fs::exists(Run("report.json")));
  cluster.Signal(SIGTERM);
  const Outcome outcome = Finish(cluster, absl::Seconds(60));
  EXPECT_EQ(outcome.exit_code, 130) << outcome.log;
  EXPECT_THAT(outcome.log, AllOf(HasSubstr("actor-0 ended with code 137 and is started again"),
                                 HasSubstr("resumed at update "), HasSubstr("goal NOT reached: ")));
  EXPECT_EQ(Report()["ended_by"], "stopped before its goal");
  EXPECT_TRUE(WeightsAreWhole());
}

// All at once, as when the machine goes down.
TEST_F(ResultsTest, ARunGoesOnAfterEverythingWasKilled) {
  const std::vector<std::string> command = {"cluster",
                                            kConfig,
                                            RunDir(),
                                            kNoShare,
                                            "--set=goal.max_updates=3000",
                                            "--set=learner.checkpoint.interval_seconds=0.1",
                                            "--set=replay.checkpoint.interval_seconds=0.2",
                                            "--set=actor.max_steps_per_second=2000"};
  ChildProcess cluster = Start("recbots", command);
  ASSERT_TRUE(Await([&] { return UpdatesIn(Read(Run("learner.log"))) > 500; }));
  std::vector<pid_t> all = {cluster.pid()};
  for (const char* role : {"learner", "replay", "actor", "evaluator"}) {
    all.push_back(ChildOf(cluster.pid(), absl::StrCat("recbots-", role)));
    ASSERT_GT(all.back(), 0) << role;
  }
  for (const pid_t pid : all) kill(pid, SIGKILL);
  Finish(cluster, absl::Seconds(10));
  // The lock is free when the last of them is gone.
  ASSERT_TRUE(Await([&] { return std::all_of(all.begin(), all.end(), [](pid_t pid) { return IsGone(pid); }); }));
  const Outcome outcome = RunProgram("recbots", command, absl::Seconds(120));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.log;
  EXPECT_THAT(outcome.log, HasSubstr("resumed at update "));
  EXPECT_EQ(Report()["updates"], 3000);
  EXPECT_THAT(Read(Run("replay.log")), HasSubstr("restored"));
  const Outcome again = RunProgram("recbots", command);
  EXPECT_EQ(again.exit_code, 0) << again.log;
  EXPECT_THAT(again.log, HasSubstr("goal reached: "));
}

// Also what its terminal's end and the loss of the launcher leave behind.
TEST_F(ResultsTest, WhatWasLearntIsSavedWhenTheLauncherDies) {
  ChildProcess cluster = StartEndlessCluster();
  const pid_t learner = ChildOf(cluster.pid(), "recbots-learner");
  ASSERT_GT(learner, 0);
  cluster.Signal(SIGKILL);
  // The roles hold the directory until they have saved what they must.
  const Outcome second = RunProgram("recbots", {"cluster", kConfig, RunDir(), kNoShare, kShort});
  if (second.exit_code == 2) {
    EXPECT_THAT(second.log, HasSubstr("another run is in it"));
  }
  EXPECT_TRUE(Await([&] { return fs::exists(Run("report.json")) || fs::exists(Run("previous/report.json")); }));
}

TEST_F(ResultsTest, ATerminalThatIsClosedEndsARunInOrder) {
  ChildProcess cluster = StartEndlessCluster();
  cluster.Signal(SIGHUP);
  EXPECT_EQ(Finish(cluster, absl::Seconds(60)).exit_code, 130);
  EXPECT_EQ(Report()["ended_by"], "stopped before its goal");
  EXPECT_TRUE(WeightsAreWhole());

  ChildProcess train = Start("recbots", {"train", kConfig, RunDir(), kNoShare, kEndless, "--fresh"});
  ASSERT_TRUE(AwaitUpdates(train.log_path()));
  EXPECT_FALSE(fs::exists(Run("report.json")));
  train.Signal(SIGHUP);
  EXPECT_EQ(Finish(train, absl::Seconds(60)).exit_code, 130);
  EXPECT_EQ(Report()["ended_by"], "stopped before its goal");
  EXPECT_TRUE(WeightsAreWhole());
}

// A closed pipe is no reason to end: the results are files.
TEST_F(ResultsTest, ARunOutlivesTheReaderOfItsLines) {
  const Outcome outcome =
      RunShell(absl::StrCat("$BIN/recbots cluster ", kConfig, " ", RunDir(), " | head -1; exit ${PIPESTATUS[0]}"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.log;
  EXPECT_EQ(Report()["goal_reached"], true);
  EXPECT_TRUE(WeightsAreWhole());
  EXPECT_THAT(Read(Run("learner.log")), HasSubstr("] upd ")) << "the lines are there";
}

TEST_F(ResultsTest, AnEarlierSuccessDoesNotPassForARunThatWasLost) {
  ASSERT_EQ(RunProgram("recbots", {"train", kConfig, RunDir(), kNoShare, kShort}).exit_code, 0);
  ASSERT_EQ(Report()["goal_reached"], true);
  ChildProcess train = Start("recbots", {"train", kConfig, RunDir(), kNoShare, kEndless, "--set=seed=7", "--fresh"});
  ASSERT_TRUE(AwaitUpdates(train.log_path()));
  train.Signal(SIGKILL);
  Finish(train, absl::Seconds(10));
  EXPECT_FALSE(fs::exists(Run("report.json")));
  EXPECT_FALSE(fs::exists(Run("weights.bin")));
  EXPECT_THAT(Read(Run("config.textproto")), HasSubstr("seed: 7"));
  EXPECT_EQ(Report("previous/report.json")["goal_reached"], true);
}

TEST_F(ResultsTest, ARunDirectoryBelongsToOneRun) {
  ChildProcess cluster = StartEndlessCluster();
  const std::string holder = absl::StrCat("held by recbots cluster (process ", cluster.pid(), " on ");
  const std::string config = std::string("--config=") + kConfig;
  const std::string before = Read(Run("learner.log"));
  for (const Outcome& outcome :
       {RunProgram("recbots", {"cluster", kConfig, RunDir()}), RunProgram("recbots", {"train", kConfig, RunDir()}),
        RunProgram("recbots-learner", {config, RunDir(), "--replay=127.0.0.1:1"})}) {
    EXPECT_EQ(outcome.exit_code, 2) << outcome.log;
    EXPECT_THAT(outcome.log, AllOf(HasSubstr("another run is in it"), HasSubstr(holder)));
  }
  EXPECT_THAT(Read(Run("learner.log")), StartsWith(before)) << "nothing was touched";
  // Other roles may share it with the learner that has it.
  const Outcome evaluator =
      RunProgram("recbots-evaluator", {config, RunDir(), "--learner=127.0.0.1:1", "--peer_timeout=0.1"});
  EXPECT_THAT(evaluator.log, Not(HasSubstr("another run")));
  cluster.Signal(SIGTERM);
  EXPECT_EQ(Finish(cluster, absl::Seconds(60)).exit_code, 130);
  EXPECT_TRUE(WeightsAreWhole());
}

TEST_F(ResultsTest, RunsThatBeginTogetherGetDirectoriesOfTheirOwn) {
  const Outcome outcome = RunShell(absl::StrCat("for seed in 1 2 3 4; do $BIN/recbots cluster ", kConfig, " --quiet ",
                                                kNoShare, " ", kShort, " --set=seed=$seed & pids=\"$pids $!\"; done\n",
                                                "code=0; for pid in $pids; do wait $pid || code=1; done; exit $code"),
                                   absl::Seconds(240));
  int directories = 0;
  for (const auto& entry : fs::directory_iterator(dir_ + "/runs")) {
    ++directories;
    EXPECT_TRUE(fs::exists(entry.path() / "report.json")) << entry.path() << ": " << outcome.log;
  }
  EXPECT_EQ(directories, 4) << outcome.log;
  EXPECT_EQ(outcome.exit_code, 0) << outcome.log;
}

TEST_F(ResultsTest, ARunDirectoryThatCannotBeWrittenIsRefusedAtOnce) {
  ASSERT_TRUE(WriteFile(dir_ + "/file", "").ok());
  fs::create_directories(Run("learner.log"));
  const std::string config = std::string("--config=") + kConfig;
  const std::string below = "--run_dir=" + dir_ + "/file/run";
  const Outcome log = RunProgram("recbots", {"cluster", kConfig, RunDir()});
  EXPECT_EQ(log.exit_code, 2) << log.log;
  EXPECT_THAT(log.log, HasSubstr(Run("learner.log") + "': Is a directory"));
  EXPECT_FALSE(fs::exists(Run("replay.log")) && !Read(Run("replay.log")).empty()) << "nothing was started";
  for (const Outcome& outcome :
       {RunProgram("recbots", {"cluster", kConfig, below}), RunProgram("recbots", {"train", kConfig, below}),
        RunProgram("recbots-replay", {config, below}),
        RunProgram("recbots-learner", {config, below, "--replay=127.0.0.1:1"}),
        RunProgram("recbots-evaluator", {config, below, "--learner=127.0.0.1:1"})}) {
    EXPECT_EQ(outcome.exit_code, 2) << outcome.log;
    EXPECT_THAT(outcome.log, AllOf(HasSubstr("--run_dir '" + dir_ + "/file/run'"), HasSubstr("Not a directory")));
  }
}

TEST_F(ResultsTest, AConfigurationFromAPipeIsReadOnce) {
  const Outcome outcome = RunShell(absl::StrCat("cat ", kConfig, " | $BIN/recbots cluster /dev/stdin ", RunDir(), " ",
                                                kNoShare, " ", kShort, " --set=seed=7"));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.log;
  EXPECT_EQ(Report()["seed"], 7);
  EXPECT_THAT(Read(Run("config.textproto")), AllOf(HasSubstr("seed: 7"), HasSubstr("max_updates: 200")));
}

TEST_F(ResultsTest, TooFewFileDescriptorsAreRefused) {
  for (const char* program : {"recbots-replay --config=", "recbots cluster "}) {
    const Outcome outcome = RunShell(absl::StrCat("ulimit -n 32; exec $BIN/", program, kConfig));
    EXPECT_EQ(outcome.exit_code, 2) << outcome.log;
    EXPECT_THAT(outcome.log, HasSubstr("too few file descriptors: 32 may be open (ulimit -n), want at least "));
  }
}

}  // namespace
}  // namespace recbots
