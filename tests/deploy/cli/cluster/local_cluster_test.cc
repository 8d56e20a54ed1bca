#include "deploy/cli/cluster/local_cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "common/base/file_lock.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Shell scripts in place of the roles, in a folder of their own.
class LocalClusterTest : public ::testing::Test {
 protected:
  LocalClusterTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    dir_ = ::testing::TempDir() + "/cluster_" + info->name() + "_" + std::to_string(getpid());
    std::filesystem::create_directories(dir_ + "/run");
    options_.program_dir = dir_;
    options_.config_path = dir_ + "/run/config.textproto";
    options_.run_dir = dir_ + "/run";
    options_.quiet = true;
    options_.restarts.first_delay = absl::Milliseconds(10);
    for (const char* role : {"replay", "actor", "evaluator"}) SetRole(role, kServes);
  }
  ~LocalClusterTest() override { std::filesystem::remove_all(dir_); }

  void SetRole(const std::string& role, const std::string& body) {
    const std::string path = dir_ + "/recbots-" + role;
    std::ofstream(path) << "#!/bin/sh\necho $$ >> " << dir_ << "/pids\n" << body;
    chmod(path.c_str(), 0755);
  }
  std::string Read(const std::string& name) const {
    std::ifstream file(dir_ + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  int CountOf(const std::string& name, const std::string& text) const {
    const std::string content = Read(name);
    int count = 0;
    for (size_t at = content.find(text); at != std::string::npos; at = content.find(text, at + 1)) ++count;
    return count;
  }
  absl::StatusOr<ClusterEnd> RunCluster() {
    const auto addresses = ChooseAddresses(options_.run_dir, options_.num_replay_shards);
    EXPECT_TRUE(addresses.ok()) << addresses.status();
    return addresses.ok() ? RunLocalCluster(options_, *addresses) : addresses.status();
  }
  void ExpectNothingLeft() const {
    std::ifstream pids(dir_ + "/pids");
    for (pid_t pid; pids >> pid;) EXPECT_NE(kill(pid, 0), 0) << "process " << pid << " still runs";
  }

  static constexpr char kServes[] = "trap 'echo drained; exit 0' TERM\nwhile :; do sleep 0.02; done\n";
  std::string dir_;
  LocalClusterOptions options_;
};

TEST_F(LocalClusterTest, EndsWithTheLearner) {
  options_.num_actors = 2;
  SetRole("learner", "echo status line\necho trouble >&2\necho \"$@\"\nsleep 0.3\nexit 0\n");
  const absl::StatusOr<ClusterEnd> end = RunCluster();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->cause, ClusterEnd::Cause::kLearnerDone);
  EXPECT_THAT(Read("run/learner.log"), HasSubstr("status line"));
  EXPECT_THAT(Read("run/learner.log"), HasSubstr("trouble"));
  EXPECT_THAT(Read("run/learner.log"), HasSubstr("--config=" + options_.config_path));
  for (const char* role : {"replay", "actor-0", "actor-1", "evaluator"}) {
    EXPECT_THAT(Read(std::string("run/") + role + ".log"), HasSubstr("drained")) << role;
  }
  ExpectNothingLeft();
}

TEST_F(LocalClusterTest, ShardsOfReplayAreTheirOwnProcessesAndKnownToAll) {
  options_.num_replay_shards = 3;
  const std::string says = "echo \"$@\"\n";
  for (const char* role : {"replay", "actor"}) SetRole(role, says + kServes);
  SetRole("learner", says + "sleep 0.3\nexit 0\n");
  ASSERT_TRUE(RunCluster().ok());
  const std::string run_dir = std::filesystem::canonical(options_.run_dir);
  const auto socket = [&](int i) { return "unix:" + run_dir + "/replay-" + std::to_string(i) + ".sock"; };
  const std::string all = "--replay=" + socket(0) + "," + socket(1) + "," + socket(2);
  EXPECT_THAT(Read("run/learner.log"), HasSubstr(all));
  EXPECT_THAT(Read("run/actor-0.log"), HasSubstr(all));
  for (int i = 0; i < 3; ++i) {
    const std::string log = Read("run/replay-" + std::to_string(i) + ".log");
    EXPECT_THAT(log, HasSubstr("--listen=" + socket(i)));
    EXPECT_THAT(log, HasSubstr("--checkpoint_dir=" + options_.run_dir + "/replay"));
    EXPECT_THAT(log, HasSubstr("drained"));
  }
  ExpectNothingLeft();
}

TEST_F(LocalClusterTest, LongPathsAndCommasMeanPortsOfLoopback) {
  const auto short_one = ChooseAddresses(options_.run_dir, 2);
  ASSERT_TRUE(short_one.ok()) << short_one.status();
  EXPECT_TRUE(short_one->sockets);
  for (const std::string& name : {std::string(100, 'x'), std::string("a,b")}) {
    const std::string dir = dir_ + "/" + name;
    std::filesystem::create_directories(dir);
    const auto addresses = ChooseAddresses(dir, 2);
    ASSERT_TRUE(addresses.ok()) << addresses.status();
    EXPECT_FALSE(addresses->sockets);
    EXPECT_THAT(addresses->replay, ElementsAre(StartsWith("127.0.0.1:"), StartsWith("127.0.0.1:")));
    EXPECT_THAT(addresses->learner, StartsWith("127.0.0.1:"));
  }
  EXPECT_EQ(ChooseAddresses(dir_ + "/nowhere", 1).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(LocalClusterTest, EndsWhenARoleDiesTooOften) {
  SetRole("learner", kServes);
  SetRole("actor", "echo out of luck >&2\nsleep 0.2\nexit 3\n");
  const absl::StatusOr<ClusterEnd> end = RunCluster();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->cause, ClusterEnd::Cause::kRoleDied);
  EXPECT_EQ(end->dead_role, "actor-0");
  EXPECT_EQ(end->exit_code, 3);
  EXPECT_THAT(end->log_excerpt, HasSubstr("out of luck"));
  EXPECT_EQ(CountOf("run/actor-0.log", "out of luck"), 5) << "the log is kept";
  EXPECT_EQ(CountOf("run/learner.log", "actor-0 ended with code 3 and is started again; its last line: out of luck"),
            4);
  ExpectNothingLeft();
}

TEST_F(LocalClusterTest, ARoleThatDiesIsStartedAgain) {
  SetRole("learner", "while [ ! -e " + dir_ + "/second ]; do sleep 0.02; done\nexit 0\n");
  SetRole("actor", "if [ -e " + dir_ + "/first ]; then touch " + dir_ + "/second; else touch " + dir_ +
                       "/first; kill -9 $$; fi\n" + kServes);
  const absl::StatusOr<ClusterEnd> end = RunCluster();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->cause, ClusterEnd::Cause::kLearnerDone);
  EXPECT_EQ(CountOf("run/learner.log", "actor-0 ended with code 137 and is started again"), 1);
  ExpectNothingLeft();
}

TEST_F(LocalClusterTest, ALearnerThatWasToldAloneToEndIsStartedAgain) {
  int asked = 0;
  options_.is_over = [&asked] { return ++asked == 2; };
  SetRole("learner", "echo once >&2\nexit 0\n");
  const absl::StatusOr<ClusterEnd> end = RunCluster();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->cause, ClusterEnd::Cause::kLearnerDone);
  EXPECT_EQ(CountOf("run/learner.log", "once"), 3) << "twice by itself, once as the last line before it came back";
}

// The script of rank 1 is the same as that of rank 0, and tells itself by its flags.
TEST_F(LocalClusterTest, SeveralLearnersEndAndComeBackTogether) {
  options_.num_learners = 3;
  options_.group_timeout = absl::Seconds(7);
  int asked = 0;
  options_.is_over = [&asked] { return ++asked == 1; };
  // First rank 1 is killed and the others end because of it, then rank 2 hangs and rank 0 says so, then all end. Rank 0
  // ends when the others have begun to.
  SetRole("learner", "cd " + dir_ + R"sh(
echo "$@" >&2
n=$(cat round 2>/dev/null || echo 0)
case "$*" in
  *--rank=1*) touch one-$n; [ $n = 0 ] && kill -9 $$; exit 3 ;;
  *--rank=2*) touch two-$n; [ $n = 1 ] && while :; do sleep 0.02; done; exit 3 ;;
esac
while [ ! -e one-$n ] || [ ! -e two-$n ]; do sleep 0.02; done
echo $((n + 1)) > round
[ $n = 2 ] && exit 0
exit 3
)sh");
  options_.drain = absl::Seconds(2);
  const absl::StatusOr<ClusterEnd> end = RunCluster();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->cause, ClusterEnd::Cause::kLearnerDone) << end->dead_role << ' ' << end->log_excerpt;
  const std::string log = Read("run/learner.log");
  EXPECT_THAT(log, HasSubstr("learner-1 ended with code 137, and all 3 learners are started again"));
  EXPECT_THAT(log, HasSubstr("learner-2 hung, and all 3 learners are started again"));
  EXPECT_THAT(log, HasSubstr("--learners=3 --group_timeout=7"));
  const std::string other = Read("run/learner-2.log");
  EXPECT_THAT(other, HasSubstr("--join=unix:"));
  EXPECT_THAT(other, HasSubstr("--learners=3"));
  EXPECT_EQ(CountOf("run/learner-2.log", "--run_dir"), 0) << "that of rank 0";
  EXPECT_EQ(CountOf("run/learner-2.log", "--rank=2"), 3);
  ExpectNothingLeft();
}

TEST_F(LocalClusterTest, ARankThatRefusesItsConfigurationEndsTheRun) {
  options_.num_learners = 2;
  SetRole("learner", "case \"$*\" in *--rank=1*) echo never >&2; exit 2;; esac\nsleep 0.2\nexit 3\n");
  const absl::StatusOr<ClusterEnd> end = RunCluster();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->cause, ClusterEnd::Cause::kRoleDied);
  EXPECT_EQ(end->dead_role, "learner-1");
  EXPECT_EQ(end->exit_code, 2);
  EXPECT_THAT(end->log_excerpt, HasSubstr("never"));
  ExpectNothingLeft();
}

// What it refuses once, or says itself, it says again.
TEST_F(LocalClusterTest, ALearnerIsStartedAgainOnlyAfterACrash) {
  SetRole("learner", "if [ -e " + dir_ + "/first ]; then echo second; exit 1; else touch " + dir_ +
                         "/first; echo first; printf cut; kill -9 $$; fi\n");
  const absl::StatusOr<ClusterEnd> end = RunCluster();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->dead_role, "learner");
  EXPECT_EQ(end->exit_code, 1);
  EXPECT_EQ(end->learner_line, "second");
  ExpectNothingLeft();
}

TEST_F(LocalClusterTest, ARoleThatRefusesItsConfigurationIsNotTriedAgain) {
  SetRole("learner", kServes);
  SetRole("evaluator", "echo never >&2\nexit 2\n");
  const absl::StatusOr<ClusterEnd> end = RunCluster();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->dead_role, "evaluator");
  EXPECT_EQ(CountOf("run/evaluator.log", "never"), 1);
}

// Before anything is started: a run that ends at once has nothing to save.
TEST_F(LocalClusterTest, ALogThatCannotBeWrittenIsRefused) {
  SetRole("learner", kServes);
  for (const char* log : {"learner.log", "evaluator.log"}) {
    std::filesystem::create_directories(options_.run_dir + "/" + log);
    const absl::Status status = RunCluster().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(status.message(), "cannot write the log '" + options_.run_dir + "/" + log + "': Is a directory");
    std::filesystem::remove(options_.run_dir + "/" + log);
  }
  EXPECT_EQ(Read("pids"), "") << "nothing was started";
}

TEST_F(LocalClusterTest, KnowsTheLastLineOfTheLearner) {
  SetRole("learner", "echo first\necho 'goal reached, but'\nprintf 'cut'\nexit 1\n");
  const absl::StatusOr<ClusterEnd> end = RunCluster();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->dead_role, "learner");
  EXPECT_EQ(end->learner_line, "goal reached, but");
  EXPECT_THAT(Read("run/learner.log"), HasSubstr("cut"));
}

// The lock of a run is held by all it has started: it stays until the last of them has ended, whatever became of the
// launcher.
TEST_F(LocalClusterTest, AllRolesHoldTheLockOfTheRun) {
  const std::string lock_path = options_.run_dir + "/run.lock";
  const auto lock = FileLock::Acquire(lock_path, "launcher");
  ASSERT_TRUE(lock.ok()) << lock.status();
  options_.lock_descriptor = lock->descriptor();
  const std::string says = "ls -l /proc/self/fd/3\n";
  for (const char* role : {"replay", "actor", "evaluator"}) SetRole(role, says + kServes);
  SetRole("learner", says + "sleep 0.3\nexit 0\n");
  ASSERT_TRUE(RunCluster().ok());
  for (const char* role : {"learner", "replay", "actor-0", "evaluator"}) {
    EXPECT_THAT(Read(std::string("run/") + role + ".log"),
                HasSubstr("-> " + std::filesystem::canonical(lock_path).string()));
  }
}

TEST_F(LocalClusterTest, SaysWhenAProgramIsMissing) {
  const absl::StatusOr<ClusterEnd> end = RunCluster();  // There is no recbots-learner.
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->dead_role, "learner");
  EXPECT_EQ(end->exit_code, 127);
  ExpectNothingLeft();
}

TEST_F(LocalClusterTest, EndsOnASignal) {
  SetRole("learner", std::string("echo up > ") + dir_ + "/up\n" + kServes);
  // The signal is sent from a process of its own once the learner is up; this thread must stay the only one here.
  const pid_t parent = getpid();
  const std::string up = dir_ + "/up";
  const pid_t sender = fork();
  if (sender == 0) {
    while (access(up.c_str(), F_OK) != 0) usleep(2000);
    kill(parent, SIGINT);
    _exit(0);
  }
  const absl::StatusOr<ClusterEnd> end = RunCluster();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->cause, ClusterEnd::Cause::kInterrupted);
  ExpectNothingLeft();
}

TEST_F(LocalClusterTest, KillsWhatDoesNotDrain) {
  SetRole("learner", "exit 0\n");
  options_.drain = absl::Milliseconds(300);
  SetRole("evaluator", "trap '' TERM\nwhile :; do sleep 0.02; done\n");
  ASSERT_TRUE(RunCluster().ok());
  ExpectNothingLeft();
}

// A worker that hangs takes nothing from the time in which the learner saves what was learnt.
TEST_F(LocalClusterTest, TheLearnerHasItsOwnTimeToSave) {
  options_.drain = absl::Milliseconds(200);
  SetRole("actor", "sleep 0.2\nexit 3\n");
  SetRole("evaluator", "trap '' TERM\nwhile :; do sleep 0.02; done\n");
  SetRole("learner", "trap 'sleep 0.5; echo saved; exit 0' TERM\nwhile :; do sleep 0.02; done\n");
  const absl::StatusOr<ClusterEnd> end = RunCluster();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->dead_role, "actor-0");
  EXPECT_EQ(end->learner_line, "saved");
  ExpectNothingLeft();
}

TEST(FindFreePortTest, GivesAPort) {
  const absl::StatusOr<int> port = FindFreePort();
  ASSERT_TRUE(port.ok());
  EXPECT_GT(*port, 0);
}

}  // namespace
}  // namespace recbots
