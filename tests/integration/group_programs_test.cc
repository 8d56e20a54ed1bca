// Several learners as a user meets them: a cluster to its goal, and what becomes of it when one of them dies, hangs or
// is told to end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/integration/programs.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::ProgramsTest;

const std::string kConfig = testing::SourceDir() + "/deploy/config/browse.textproto";

class GroupProgramsTest : public ProgramsTest {
 protected:
  std::string Run(const std::string& name) const { return absl::StrCat(dir_, "/run/", name); }

  // A cluster of two learners that trains until it is ended.
  ChildProcess StartCluster(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"cluster",
                                          kConfig,
                                          "--run_dir=" + dir_ + "/run",
                                          "--learners=2",
                                          "--set=goal.share_of_optimum=0",
                                          "--set=learner.batch_size=16",
                                          "--set=learner.checkpoint.interval_seconds=0.5"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Start("recbots", arguments);
  }
  // Waits until both train and a checkpoint was written.
  ::testing::AssertionResult AwaitTraining() {
    const bool trains = Await([&] {
      return absl::StrContains(Read(Run("learner.log")), "learners train as one") &&
             std::filesystem::exists(Run("checkpoints")) && !std::filesystem::is_empty(Run("checkpoints")) &&
             absl::StrContains(Read(Run("learner.log")), "| 2 learners, ");
    });
    if (trains) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << Read(Run("learner.log")) << Read(Run("learner-1.log"));
  }
  // The learner of this rank among the children of the launcher.
  static pid_t PidOf(const ChildProcess& launcher, int rank) {
    const std::string children = Read(absl::StrCat("/proc/", launcher.pid(), "/task/", launcher.pid(), "/children"));
    for (const absl::string_view text : absl::StrSplit(children, ' ', absl::SkipEmpty())) {
      pid_t pid = 0;
      if (!absl::SimpleAtoi(text, &pid)) continue;
      const std::string command = Read(absl::StrCat("/proc/", pid, "/cmdline"));
      const bool other = absl::StrContains(command, "--join=");
      if (absl::StrContains(command, "recbots-learner") && other == (rank > 0)) return pid;
    }
    return 0;
  }
  size_t CountInLog(const std::string& text) {
    return std::vector<std::string>(absl::StrSplit(Read(Run("learner.log")), text)).size() - 1;
  }
  // Ends the cluster, and expects that it has saved what it learnt.
  void EndInOrder(ChildProcess& cluster) {
    cluster.Signal(SIGTERM);
    const Outcome outcome = Finish(cluster, absl::Seconds(120));
    EXPECT_EQ(outcome.exit_code, 130) << outcome.log;
    const auto report = nlohmann::json::parse(Read(Run("report.json")), nullptr, /*allow_exceptions=*/false);
    ASSERT_TRUE(report.is_object()) << outcome.log << Read(Run("learner.log"));
    EXPECT_GT(report["updates"].get<int64_t>(), 0);
    EXPECT_GT(std::filesystem::file_size(Run("weights.bin")), 0u);
  }
};

TEST_F(GroupProgramsTest, TwoLearnersReachTheGoal) {
  const Outcome outcome =
      RunProgram("recbots", {"cluster", kConfig, "--run_dir=" + dir_ + "/run", "--learners=2"}, absl::Seconds(180));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.log << Read(Run("learner.log")) << Read(Run("learner-1.log"));
  EXPECT_THAT(outcome.log, AllOf(HasSubstr("2 learners that train as one"), HasSubstr("goal reached")));
  EXPECT_THAT(outcome.log, ContainsRegex("\\| 2 learners, [0-9.]+k? rows/s \\|"));
  const auto report = nlohmann::json::parse(Read(Run("report.json")));
  EXPECT_GE(report["share_of_optimum"].get<double>(), 0.999);
  EXPECT_THAT(Read(Run("learner-1.log")), HasSubstr("the group of learners has ended"));
  // samples_per_insert, 8 in this configuration, is that of both learners together.
  EXPECT_LE(report["samples_per_insert"].get<double>(), 8.1);
}

TEST_F(GroupProgramsTest, ALearnerThatIsKilledEndsTheGroupWhichGoesOn) {
  ChildProcess cluster = StartCluster();
  for (const int rank : {1, 0}) {
    ASSERT_TRUE(AwaitTraining());
    const size_t resumed = CountInLog("resumed at update ");
    const pid_t learner = PidOf(cluster, rank);
    ASSERT_GT(learner, 0);
    kill(learner, SIGKILL);
    const std::string who = rank == 0 ? "learner" : "learner-1";
    ASSERT_TRUE(Await([&] { return CountInLog("resumed at update ") > resumed; })) << Read(Run("learner.log"));
    EXPECT_THAT(Read(Run("learner.log")),
                HasSubstr(absl::StrCat(who, " ended with code 137, and all 2 learners are started again")));
    const size_t lines = CountInLog("| 2 learners, ");
    ASSERT_TRUE(Await([&] { return CountInLog("| 2 learners, ") > lines; })) << Read(Run("learner.log"));
  }
  EXPECT_THAT(Read(Run("learner.log")),
              HasSubstr("the learner of rank 1 did not take part in the all-reduce of update"));
  EXPECT_THAT(Read(Run("learner-1.log")), HasSubstr("the learner of rank 0 did not take part"));
  EndInOrder(cluster);
}

TEST_F(GroupProgramsTest, ALearnerThatHangsEndsTheGroupAfterTheDeadline) {
  ChildProcess cluster = StartCluster({"--group_timeout=2"});
  ASSERT_TRUE(AwaitTraining());
  const pid_t learner = PidOf(cluster, 1);
  ASSERT_GT(learner, 0);
  kill(learner, SIGSTOP);
  ASSERT_TRUE(Await([&] { return CountInLog("resumed at update ") > 0; })) << Read(Run("learner.log"));
  EXPECT_THAT(Read(Run("learner.log")),
              AllOf(HasSubstr("learner-1 hung, and all 2 learners are started again"),
                    ContainsRegex("the learner of rank 1 did not take part in the all-reduce of update [0-9]+: waited "
                                  "for [0-9.]+ s, deadline 2 s")));
  EXPECT_NE(PidOf(cluster, 1), learner);
  const size_t lines = CountInLog("| 2 learners, ");
  ASSERT_TRUE(Await([&] { return CountInLog("| 2 learners, ") > lines; })) << Read(Run("learner.log"));
  EndInOrder(cluster);
}

TEST_F(GroupProgramsTest, ALearnerThatIsToldAloneToEndIsStartedAgainWithTheOthers) {
  ChildProcess cluster = StartCluster();
  ASSERT_TRUE(AwaitTraining());
  kill(PidOf(cluster, 1), SIGTERM);
  ASSERT_TRUE(Await([&] { return CountInLog("resumed at update ") > 0; })) << Read(Run("learner.log"));
  EXPECT_THAT(Read(Run("learner.log")), HasSubstr("because=\"a learner was told to end\" rank=1"));
  EndInOrder(cluster);
}

// Both read rows in proportion to their priorities, send new ones, and wait for each other's share at the limiter.
TEST_F(GroupProgramsTest, TwoLearnersShareATightLimiterAndPriorities) {
  const Outcome outcome = RunProgram("recbots",
                                     {"cluster", testing::SourceDir() + "/deploy/config/browse_prioritized.textproto",
                                      "--run_dir=" + dir_ + "/run", "--learners=2", "--set=goal.share_of_optimum=0",
                                      "--set=goal.max_updates=300", "--set=replay.table.rate_limiter.error_buffer=256"},
                                     absl::Seconds(180));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.log << Read(Run("learner.log"));
  const auto report = nlohmann::json::parse(Read(Run("report.json")));
  EXPECT_EQ(report["updates"], 300);
}

// By hand: ranks, pages, and what is refused.
TEST_F(GroupProgramsTest, LearnersStartedByHandFindEachOther) {
  const std::string set = "--set=goal.share_of_optimum=0";
  ChildProcess replay = Start("recbots-replay", {"--config=" + kConfig, "--listen=unix:" + dir_ + "/replay.sock", set});
  const std::string to_replay = "--replay=unix:" + dir_ + "/replay.sock";
  ChildProcess leader =
      Start("recbots-learner", {"--config=" + kConfig, set, to_replay, "--listen=unix:" + dir_ + "/learner.sock",
                                "--learners=2", "--run_dir=" + dir_ + "/run", "--set=goal.max_updates=50"});
  const std::string join = "--join=unix:" + dir_ + "/learner.sock";
  ASSERT_TRUE(AwaitLog(leader, "serving weights", absl::Seconds(60)));

  const auto refused = [&](std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--config=" + kConfig, to_replay, join});
    const Outcome outcome = RunProgram("recbots-learner", flags);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.log;
    return outcome.log;
  };
  EXPECT_THAT(refused({"--learners=3", set}), HasSubstr("has --learners=3, want 2 as at rank 0"));
  EXPECT_THAT(refused({"--learners=2", set, "--set=learner.batch_size=17"}),
              AllOf(HasSubstr("another experiment"), HasSubstr("learner.batch_size: 17 there, 32 here")));
  EXPECT_THAT(refused({"--learners=2", set, "--set=algorithm.wolpertinger.tau=0.5"}),
              HasSubstr("algorithm.wolpertinger.tau: 0.5 there"));
  EXPECT_THAT(refused({"--learners=2", "--rank=2"}), HasSubstr("--rank '2', want 1..1"));
  EXPECT_THAT(refused({"--learners=65"}), HasSubstr("--learners '65', want 1..64"));
  EXPECT_THAT(refused({"--learners=2", "--run_dir=" + dir_ + "/other"}), HasSubstr("--run_dir"));
  EXPECT_THAT(refused({"--learners=2", "--group_timeout=0"}), HasSubstr("--group_timeout '0', want 1..86400"));
  EXPECT_THAT(refused({}), AllOf(HasSubstr("--learners: 1 with --join"), HasSubstr("2..64")));

  // Other goals are no other experiment; the run is over when rank 0 says so.
  ChildProcess other = Start("recbots-learner", {"--config=" + kConfig, set, to_replay, join, "--learners=2"});
  ASSERT_TRUE(AwaitLog(other, "learners train as one", absl::Seconds(60)));
  EXPECT_THAT(Read(other.log_path()), HasSubstr("rank=1"));
  const std::string log = Read(other.log_path());
  const size_t at = log.find("pages at http://") + 16;
  httplib::Client pages("http://" + log.substr(at, log.find('/', at) - at));
  const auto metrics = pages.Get("/metrics");
  ASSERT_TRUE(metrics);
  EXPECT_THAT(metrics->body, HasSubstr("recbots_learner_rank"));
  const auto status = pages.Get("/statusz?format=text");
  ASSERT_TRUE(status);
  EXPECT_THAT(status->body, AllOf(HasSubstr("rank"), HasSubstr("unix:" + dir_ + "/learner.sock")));
  // A third learner has no place.
  const Outcome third =
      RunProgram("recbots-learner", {"--config=" + kConfig, set, to_replay, join, "--learners=2", "--peer_timeout=1"});
  EXPECT_EQ(third.exit_code, 1);
  EXPECT_THAT(third.log, HasSubstr("the group of 2 learners is complete"));

  ChildProcess actor =
      Start("recbots-actor", {"--config=" + kConfig, set, to_replay, "--learner=unix:" + dir_ + "/learner.sock"});
  EXPECT_EQ(Finish(leader, absl::Seconds(120)).exit_code, 0) << Read(leader.log_path());
  EXPECT_EQ(Finish(other, absl::Seconds(60)).exit_code, 0) << Read(other.log_path());
  EXPECT_THAT(Read(other.log_path()), HasSubstr("because=\"the run is over\" rank=0"));
  actor.Signal(SIGTERM);
  replay.Signal(SIGTERM);
  Finish(actor, absl::Seconds(60));
  Finish(replay, absl::Seconds(60));
}

}  // namespace
}  // namespace recbots
