// Exit codes of every command: 2 for what is asked for wrongly, 130 for what is interrupted, 1 for what fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/base/program.h"
#include "common/role/roles.h"
#include "tests/support/workshop.h"

namespace recbots {
namespace {

using testing::FileContent;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Outcome;
using testing::Workshop;

constexpr char kBrowse[] = "deploy/config/browse.textproto";

class ExitCodesTest : public ::testing::Test {
 protected:
  Workshop workshop_;
};

TEST_F(ExitCodesTest, WrongUsageIs2AndGoesToStandardError) {
  std::vector<std::pair<std::string, std::string>> wrong = {
      {"recbots", "no command given"},
      {"recbots frobnicate", "unknown command 'frobnicate'"},
      {"recbots version now", "unexpected argument 'now'"},
      {"recbots bench slate replay", "one NAME at a time"},
      {"recbots bench slate --windows=0", "--windows '0', want 1..1000"},
      {"recbots bench slate_q --window=x", "--window 'x', want 0.001..60"},
      {"recbots bench nothing", "no bench is called 'nothing'"},
      {"recbots reproduce", "want slateq"},
      {"recbots reproduce slateq --seeds=0", "--seeds '0', want 1..100"},
      {"recbots simulate", "0 configurations given"},
      {absl::StrCat("recbots simulate ", kBrowse, " --episodes=0"), "--episodes '0', want 1..1000000000"},
      {absl::StrCat("recbots simulate ", kBrowse, " --policy=nobody"), "nobody"},
      {"recbots simulate missing.textproto", "missing.textproto"},
      {"recbots train --set", "--set"},
      {"recbots train --quiet=yes", "--quiet"},
      {"recbots train", "0 configurations given"},
      {"recbots train missing.textproto", "missing.textproto"},
      {"recbots cluster", "0 configurations given"},
      {absl::StrCat("recbots cluster ", kBrowse, " --actors=0"), "--actors '0', want 1..256"},
      {absl::StrCat("recbots cluster ", kBrowse, " --learners=0"), "--learners '0', want 1..64"},
      {absl::StrCat("recbots cluster ", kBrowse, " --learners=65"), "--learners '65', want 1..64"},
      {absl::StrCat("recbots cluster ", kBrowse, " --learners=2 --group_timeout=0"),
       "--group_timeout '0', want 1..86400"},
      {absl::StrCat("recbots cluster ", kBrowse,
                    " --learners=40 --set replay.table.max_times_sampled=20 --set replay.table.capacity_rows=10000"),
       "replay.table.capacity_rows 10000, want at least 10240 with 40 learners"},
      {absl::StrCat("recbots train ", kBrowse, " --learners=2"), "--learners"},
      {absl::StrCat("recbots train ", kBrowse, " --device=gpu"),
       "learner.device \"gpu\", want auto, cpu, cuda or cuda:0"},
      {absl::StrCat("recbots train ", kBrowse, " --device=cuda:127"), "device cuda:127: "},
      {absl::StrCat("recbots train ", kBrowse, " --more=5"), "--more=5: want the run that goes on as --run_dir=DIR"},
      {absl::StrCat("recbots cluster ", kBrowse, " --device=cuda:128"), "learner.device \"cuda:128\", want"},
      {absl::StrCat("recbots cluster ", kBrowse, " --run_dir=nowhere --more=5"),
       "--more=5: there is no run in 'nowhere'"},
      {absl::StrCat("recbots cluster ", kBrowse, " --set learner.batch_size=0"), "learner.batch_size 0, want"},
      {"recbots inspect", "0 targets given"},
      {"recbots inspect nowhere", "'nowhere' is neither a directory nor an address"},
      {"recbots inspect 127.0.0.1:1 --interval=-1", "--interval '-1', want 0..3600"},
      {"recbots health", "want one address, or --http"},
      {"recbots health nowhere", "nowhere"},
      {"recbots health --http nowhere", "nowhere"}};
  for (const char* command :
       {"cluster", "train", "simulate", "reproduce", "bench", "inspect", "health", "doctor", "version"}) {
    wrong.emplace_back(absl::StrCat("recbots ", command, " --nonsense"), "unknown flag --nonsense");
  }
  for (const RoleKind& role : kRoles) {
    wrong.emplace_back(absl::StrCat("recbots-", role.name, " --nonsense"), "unknown flag --nonsense");
    wrong.emplace_back(absl::StrCat("recbots-", role.name), "--config=FILE is missing");
  }
  for (const auto& [command, says] : wrong) {
    const Outcome outcome = workshop_.Run(command + " >printed");
    EXPECT_EQ(outcome.exit_code, kExitBadUsage) << command << "\n" << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr(says)) << command;
    EXPECT_THAT(FileContent(workshop_.Path("printed")), IsEmpty()) << command;
  }
  EXPECT_FALSE(std::filesystem::exists(workshop_.Path("runs"))) << "something was started";
}

// Whenever it comes: most of these are interrupted while they load.
TEST_F(ExitCodesTest, WhatIsInterruptedIs130) {
  const std::string endless = " --set goal.share_of_optimum=0 --set goal.max_updates=1000000000";
  const std::vector<std::string> commands = {
      absl::StrCat("recbots train ", kBrowse, endless, " --run_dir=trained"),
      absl::StrCat("recbots cluster ", kBrowse, endless, " --run_dir=clustered"),
      absl::StrCat("recbots simulate ", kBrowse, " --episodes=1e9 --log=log.csv"),
      "recbots bench env --window=60",
      absl::StrCat("recbots inspect ", workshop_.server(), " --interval=3600"),
  };
  for (const int signal_number : {SIGINT, SIGTERM}) {
    for (const std::string& command : commands) {
      // What only prints has nothing to put in order: the signal itself ends it.
      const bool dies = command.find("bench") != std::string::npos || command.find("inspect") != std::string::npos;
      if (dies && signal_number == SIGTERM) continue;
      ChildProcess program = workshop_.Start("exec " + command);
      const Instant deadline = Instant::Now() + absl::Seconds(60);
      const auto begun = [&] {
        for (const char* file : {"trained/evaluations.jsonl", "clustered/evaluations.jsonl", "log.csv.partial"}) {
          if (std::filesystem::exists(workshop_.Path(file))) return true;
        }
        return dies;
      };
      while (!begun() && program.Running() && Instant::Now() < deadline) absl::SleepFor(absl::Milliseconds(5));
      program.Signal(signal_number);
      const Outcome outcome = workshop_.Finish(program);
      EXPECT_EQ(outcome.exit_code, kExitInterrupted) << command << "\n" << outcome.output;
      for (const char* left : {"trained", "clustered", "log.csv.partial"}) {
        std::filesystem::remove_all(workshop_.Path(left));
      }
    }
  }
}

TEST_F(ExitCodesTest, WhatFailsIs1) {
  for (const std::string& command : std::vector<std::string>{
           "recbots health 127.0.0.1:1", "recbots health --http 127.0.0.1:1",
           "recbots inspect unix:" + workshop_.Path("nobody.sock") + " --interval=0",
           absl::StrCat(
               "recbots train ", kBrowse,
               " --set goal.share_of_optimum=1 --set goal.max_updates=10 --set learner.batch_size=1 --quiet "
               "--set replay.table.rate_limiter.min_size=1 --set environment.document_browsing.matrix_seed=3")}) {
    const Outcome outcome = workshop_.Run(command);
    EXPECT_EQ(outcome.exit_code, kExitFailed) << command << "\n" << outcome.output;
  }
}

}  // namespace
}  // namespace recbots
