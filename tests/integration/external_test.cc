// The example of docs/python-environments.md, trained to its goal by all roles as processes, undisturbed and with
// programs that are killed and stopped; and by the other commands.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/integration/programs.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

// An undisturbed run ends at about 10; random play is 2.1.
constexpr double kLearnt = 6;

class ExternalProgramsTest : public testing::ProgramsTest {
 protected:
  static std::string Config() { return testing::SourceDir() + "/deploy/python/examples/my_world.textproto"; }
  // The paths of the command begin at the folder of the sources.
  static std::string Command() {
    return absl::StrCat("environment.external.command=env PYTHONPATH=", testing::SourceDir(), "/deploy/python python3 ",
                        testing::SourceDir(), "/deploy/python/examples/my_world.py");
  }
  // The last value of a run.
  double Value(const std::string& run) {
    const auto report = nlohmann::json::parse(Read(dir_ + "/" + run + "/report.json"), nullptr, false);
    EXPECT_FALSE(report.is_discarded());
    return report.is_discarded() ? 0 : report.value("value", 0.0);
  }

  // Processes that play the world for `parent` or for what it has started.
  static std::vector<pid_t> Worlds(pid_t parent) {
    std::vector<pid_t> worlds;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      pid_t pid = 0;
      if (!absl::SimpleAtoi(entry.path().filename().string(), &pid)) continue;
      const std::string words = absl::StrReplaceAll(Read(entry.path() / "cmdline"), {{std::string(1, '\0'), " "}});
      // Not `env`, which becomes Python, and wherever Python lies.
      const std::filesystem::path program = words.substr(0, words.find(' '));
      if (absl::StrContains(words, "examples/my_world.py") && absl::StartsWith(program.filename().string(), "python") &&
          Descends(pid, parent)) {
        worlds.push_back(pid);
      }
    }
    return worlds;
  }
  static pid_t ParentOf(pid_t pid) {
    const std::string stat = Read(absl::StrCat("/proc/", pid, "/stat"));
    const size_t end = stat.rfind(')');
    return end == std::string::npos ? 0 : atoi(stat.c_str() + end + 4);
  }
  static bool Descends(pid_t pid, pid_t ancestor) {
    while (pid > 1 && pid != ancestor) pid = ParentOf(pid);
    return pid == ancestor;
  }
  static int Faults(const char* variable, int few) {
    const char* const text = getenv(variable);
    return text == nullptr ? few : atoi(text);
  }
};

TEST_F(ExternalProgramsTest, AClusterTrainsToItsGoal) {
  const auto outcome = RunProgram(
      "recbots", {"cluster", Config(), "--set", Command(), "--set", "goal.max_seconds=0", "--run_dir=" + dir_ + "/run"},
      absl::Minutes(10));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.log;
  EXPECT_GT(Value("run"), kLearnt) << outcome.log;
}

TEST_F(ExternalProgramsTest, AClusterTrainsToItsGoalWhateverBecomesOfItsPrograms) {
  ChildProcess cluster =
      Start("recbots", {"cluster", Config(), "--set", Command(), "--set", "goal.max_seconds=0", "--set",
                        "goal.max_env_steps=300000", "--set", "environment.external.step_timeout_seconds=5", "--set",
                        "environment.external.max_restarts=1000000", "--run_dir=" + dir_ + "/run"});
  const int kills = Faults("RECBOTS_TEST_KILLS", 6);
  const int faults = kills + Faults("RECBOTS_TEST_HANGS", 1);
  int done = 0;
  unsigned choice = 7;
  while (done < faults && cluster.Running()) {
    const std::vector<pid_t> worlds = Worlds(cluster.pid());
    if (!worlds.empty()) {
      choice = choice * 1103515245 + 12345;
      const pid_t world = worlds[choice / 65536 % worlds.size()];
      if (kill(world, done < kills ? SIGKILL : SIGSTOP) == 0) ++done;
    }
    absl::SleepFor(absl::Milliseconds(300));
  }
  const testing::Outcome outcome = Finish(cluster, absl::Minutes(12));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.log;
  EXPECT_GT(done, 0);
  EXPECT_GT(Value("run"), kLearnt) << outcome.log;
  EXPECT_THAT(Worlds(getpid()), ::testing::IsEmpty());
}

TEST_F(ExternalProgramsTest, TrainsInOneProcessAndGoesOn) {
  const std::vector<std::string> arguments = {"train", Config(), "--set", Command(), "--run_dir=" + dir_ + "/run"};
  const auto with = [&arguments](const std::string& steps) {
    std::vector<std::string> more = arguments;
    for (const std::string& word :
         {std::string("--set"), "goal.max_env_steps=" + steps, std::string("--set"), std::string("goal.max_seconds=0"),
          std::string("--set"), std::string("evaluator.episodes=100")}) {
      more.push_back(word);
    }
    return more;
  };
  const auto first = RunProgram("recbots", with("3000"), absl::Minutes(5));
  EXPECT_EQ(first.exit_code, 0) << first.log;
  const auto second = RunProgram("recbots", with("6000"), absl::Minutes(5));
  EXPECT_EQ(second.exit_code, 0) << second.log;
}

TEST_F(ExternalProgramsTest, CommandsDescribeCheckAndSimulate) {
  const auto described = RunProgram("recbots", {"describe", Config(), "--set", Command()});
  EXPECT_EQ(described.exit_code, 0) << described.log;
  EXPECT_THAT(described.log, HasSubstr("spec {"));
  EXPECT_THAT(described.log, HasSubstr("num_candidates: 6"));
  EXPECT_THAT(described.log, ::testing::Not(HasSubstr("the configuration says otherwise")));
  const auto checked = RunProgram("recbots", {"check", Config(), "--set", Command(), "--steps=50"});
  EXPECT_EQ(checked.exit_code, 0) << checked.log;
  EXPECT_THAT(checked.log, ::testing::Not(HasSubstr("BROKEN")));
  const auto simulated = RunProgram(
      "recbots", {"simulate", Config(), "--set", Command(), "--policy=random", "--episodes=100", "--threads=2"});
  EXPECT_EQ(simulated.exit_code, 0) << simulated.log;
}

TEST_F(ExternalProgramsTest, TheBenchRuns) {
  const auto outcome =
      RunShell(absl::StrCat("cd ", testing::SourceDir(), " && $BIN/recbots bench external --window=0.01 --windows=1"),
               absl::Minutes(5));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.log;
  for (const char* metric : {"messages_per_second", "steps_per_second", "steps_in_messages_per_second"}) {
    EXPECT_THAT(outcome.log, HasSubstr(absl::StrCat("\"metric\":\"", metric)));
  }
}

TEST_F(ExternalProgramsTest, AProgramThatIsAnotherIsRefusedByName) {
  const auto outcome = RunProgram(
      "recbots", {"train", Config(), "--set", Command(), "--set", "environment.external.spec.num_candidates=7"});
  EXPECT_NE(outcome.exit_code, 0);
  EXPECT_THAT(outcome.log, HasSubstr("num_candidates 6, want 7"));
}

}  // namespace
}  // namespace recbots

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return system("python3 -c 'import numpy' 2> /dev/null") == 0 ? RUN_ALL_TESTS() : 77;
}
