// Which experiment it is, as the programs see it: what is of another one is refused by name or taken with the flag, no
// user is played twice, and a run counts what is its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "deploy/cli/cluster/child_process.h"
#include "deploy/cli/cluster/local_cluster.h"
#include "tests/support/source_dir.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kBrowse = testing::SourceDir() + "/deploy/config/browse.textproto";
constexpr char kOther[] = "--set=environment.document_browsing.matrix_seed=7";
constexpr char kField[] = "environment.document_browsing.matrix_seed: ";
constexpr char kAllow[] = "--allow_other_experiment";

struct Outcome {
  int exit_code = 0;
  std::string log;
};

class ExperimentTest : public ::testing::Test {
 protected:
  ChildProcess Start(const std::string& program, const std::vector<std::string>& arguments) {
    ChildOptions options;
    options.name = program;
    options.log_path = folder_.Path(absl::StrCat(program, ++started_, ".out"));
    options.arguments = {absl::StrCat(RECBOTS_PROGRAM_DIR, "/", program)};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    auto child = ChildProcess::Start(options);
    EXPECT_TRUE(child.ok()) << child.status();
    return *std::move(child);
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static Outcome Finish(ChildProcess& child) {
    EXPECT_TRUE(child.AwaitEnd(Instant::Now() + absl::Seconds(90))) << child.name() << ": " << Read(child.log_path());
    return {child.exit_code(), Read(child.log_path())};
  }
  Outcome Run(const std::string& program, const std::vector<std::string>& arguments) {
    ChildProcess child = Start(program, arguments);
    return Finish(child);
  }
  static Outcome End(ChildProcess& child) {
    child.Signal(SIGTERM);
    return Finish(child);
  }
  // Waits until the log holds a text; what follows it on the line.
  static std::string AwaitLog(ChildProcess& child, const std::string& text) {
    const Instant deadline = Instant::Now() + absl::Seconds(60);
    while (Instant::Now() < deadline) {
      const bool running = child.Running();
      const std::string log = Read(child.log_path());
      if (const size_t at = log.find(text); at != std::string::npos) {
        return log.substr(at + text.size(), log.find('\n', at) - at - text.size());
      }
      if (!running) break;
      absl::SleepFor(absl::Milliseconds(10));
    }
    ADD_FAILURE() << "no '" << text << "' in the log of " << child.name() << ": " << Read(child.log_path());
    return "";
  }
  // Where a role serves.
  static std::string Address(ChildProcess& child) {
    const std::string line = AwaitLog(child, "serving at ");
    return line.substr(0, line.find(' '));
  }
  nlohmann::json Report() { return nlohmann::json::parse(Read(folder_.Path("run/report.json"))); }
  // A cluster in the folder `run` that ends after that many environment steps.
  Outcome Cluster(int env_steps, const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"cluster", kBrowse, "--run_dir=" + folder_.Path("run"),
                                          "--set=goal.share_of_optimum=0",
                                          absl::StrCat("--set=goal.max_env_steps=", env_steps)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run("recbots", arguments);
  }

  testing::TempFolder folder_;
  int started_ = 0;
};

TEST_F(ExperimentTest, ClusterRefusesTheRunDirectoryOfAnother) {
  ASSERT_EQ(Cluster(3000, {}).exit_code, 0);
  const std::string report = Read(folder_.Path("run/report.json"));
  const Outcome refused = Cluster(6000, {kOther, "--set=actor.users=16"});
  EXPECT_EQ(refused.exit_code, 2) << refused.log;
  EXPECT_THAT(refused.log,
              AllOf(HasSubstr(absl::StrCat("actor.users: 32 there, 16 here; ", kField, "42 there, 7 here")),
                    HasSubstr("--fresh"), HasSubstr(kAllow)));
  EXPECT_EQ(Read(folder_.Path("run/report.json")), report) << "nothing was touched";

  // A run that has ended says so; a larger goal goes on, and what is written the same means the same.
  const Outcome ended = Cluster(3000, {});
  EXPECT_EQ(ended.exit_code, 0) << ended.log;
  EXPECT_THAT(ended.log, HasSubstr("goal reached: "));
  const Outcome same = Cluster(6000, {"--set=environment.document_browsing.matrix_seed=42"});
  EXPECT_EQ(same.exit_code, 0) << same.log;
  EXPECT_THAT(same.log, HasSubstr("resumed at update "));
  EXPECT_GE(Report()["env_steps"].get<int64_t>(), 6000);
  EXPECT_THAT(Read(folder_.Path("run/replay.log")), AllOf(HasSubstr("restored"), Not(HasSubstr("\nW "))));
  const std::string identity = Report()["identity"];
  const auto updates = Report()["updates"].get<int64_t>();
  const Outcome more = Cluster(6000, {"--more=100"});
  EXPECT_EQ(more.exit_code, 0) << more.log;
  EXPECT_EQ(Report()["updates"].get<int64_t>(), updates + 100);
  EXPECT_EQ(Report()["ended_by"], "all updates done");

  // With the flag another experiment goes on with the rows and the networks, and a warning says so.
  const Outcome taken = Cluster(9000, {kOther, kAllow});
  EXPECT_EQ(taken.exit_code, 0) << taken.log;
  EXPECT_THAT(taken.log, AllOf(HasSubstr("resumed at update "), HasSubstr(absl::StrCat(kField, "42 there, 7 here"))));
  EXPECT_THAT(Read(folder_.Path("run/replay.log")),
              AllOf(HasSubstr("rows of another experiment, taken over from the checkpoint"), HasSubstr(kField)));
  EXPECT_NE(Report()["identity"], identity);

  // Networks that do not fit begin from scratch, with the rows.
  const Outcome networks = Cluster(12000, {kOther, kAllow, "--set=algorithm.wolpertinger.hidden_units=32"});
  EXPECT_EQ(networks.exit_code, 0) << networks.log;
  EXPECT_THAT(Read(folder_.Path("run/learner.log")),
              HasSubstr("the networks begin from scratch, those of the run do not fit: "));

  // A fresh run takes nothing over.
  const Outcome fresh = Cluster(1000, {kOther, "--fresh"});
  EXPECT_EQ(fresh.exit_code, 0) << fresh.log;
  EXPECT_THAT(Read(folder_.Path("run/replay.log")), HasSubstr("begins empty"));
  EXPECT_EQ(nlohmann::json::parse(Read(folder_.Path("run/previous/report.json")))["goal_reached"], true);
}

// As under Compose, which keys the folder by the name of the file alone.
TEST_F(ExperimentTest, ReplayRefusesThoseWhoAreNotOfItsCheckpoint) {
  const std::string config = absl::StrCat("--config=", kBrowse);
  const auto serve = [&](const std::vector<std::string>& more) {
    std::vector<std::string> flags = {config, "--checkpoint_dir=" + folder_.Path("kept")};
    flags.insert(flags.end(), more.begin(), more.end());
    return Start("recbots-replay", flags);
  };
  // A learner decides what the table is, before there is a row.
  ChildProcess first = serve({});
  EXPECT_THAT(AwaitLog(first, "table=transitions "), HasSubstr("schema=\"not known yet\""));
  ChildProcess learner = Start("recbots-learner", {config, "--replay=" + Address(first)});
  AwaitLog(first, "the schema is known ");
  EXPECT_EQ(End(learner).exit_code, 0);
  EXPECT_EQ(End(first).exit_code, 0);

  ChildProcess second = serve({});
  EXPECT_THAT(AwaitLog(second, "table=transitions "), HasSubstr("row_bytes="));
  const std::string address = Address(second);
  const Outcome other = Run("recbots-learner", {config, kOther, "--replay=" + address});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.log, AllOf(HasSubstr(absl::StrCat(kField, "7 of the reader, 42 of table 'transitions'")),
                               HasSubstr("or start replay with --allow_other_experiment")));
  EXPECT_EQ(End(second).exit_code, 0);

  ChildProcess third = serve({kAllow});
  ChildProcess taking = Start("recbots-learner", {config, kOther, "--replay=" + Address(third)});
  EXPECT_THAT(AwaitLog(third, "rows of another experiment, taken over from the checkpoint "),
              HasSubstr(absl::StrCat(kField, "7 of the reader, 42 of table 'transitions'")));
  EXPECT_EQ(End(taking).exit_code, 0);
  EXPECT_EQ(End(third).exit_code, 0);
}

// The first client decides, and others are refused by the settings that differ.
TEST_F(ExperimentTest, LearnerAndActorOfAnotherAreRefusedByReplay) {
  const std::string config = absl::StrCat("--config=", kBrowse);
  const std::string learner_address = absl::StrCat("127.0.0.1:", *FindFreePort());
  ChildProcess replay = Start("recbots-replay", {config});
  const std::string replay_address = Address(replay);
  ChildProcess first = Start("recbots-learner", {config, kOther, "--replay=" + replay_address});
  AwaitLog(replay, "the schema is known ");
  ChildProcess learner =
      Start("recbots-learner", {config, "--listen=" + learner_address, "--replay=" + replay_address});
  ChildProcess actor = Start("recbots-actor", {config, "--replay=" + replay_address, "--learner=" + learner_address});
  const Outcome learner_end = Finish(learner);
  EXPECT_EQ(learner_end.exit_code, 1);
  EXPECT_THAT(learner_end.log, HasSubstr(absl::StrCat(kField, "42 of the reader, 7 of table 'transitions'")));
  const Outcome actor_end = Finish(actor);
  EXPECT_EQ(actor_end.exit_code, 1);
  EXPECT_THAT(actor_end.log, HasSubstr(absl::StrCat(kField, "42 of the writer, 7 of table 'transitions'")));
  EXPECT_EQ(End(first).exit_code, 0);
  EXPECT_EQ(End(replay).exit_code, 0);
}

// An actor may come first, and the learner long after it.
TEST_F(ExperimentTest, AnActorDecidesForTheLearner) {
  const std::string config = absl::StrCat("--config=", kBrowse);
  const std::string learner_address = absl::StrCat("127.0.0.1:", *FindFreePort());
  ChildProcess replay = Start("recbots-replay", {config});
  const std::string replay_address = Address(replay);
  ChildProcess actor = Start("recbots-actor", {config, "--replay=" + replay_address, "--learner=" + learner_address});
  EXPECT_THAT(AwaitLog(replay, "the schema is known "), HasSubstr("from=writer"));
  const Outcome info = Run("recbots", {"inspect", replay_address, "--interval=0"});
  EXPECT_THAT(info.log, HasSubstr("bytes: observation float32"));
  const Outcome other = Run("recbots-learner", {config, kOther, "--replay=" + replay_address});
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.log, HasSubstr(absl::StrCat(kField, "7 of the reader, 42 of table 'transitions'")));
  const Outcome learner = Run("recbots-learner", {config, "--listen=" + learner_address, "--replay=" + replay_address,
                                                  "--set=goal.share_of_optimum=0", "--set=goal.max_updates=50"});
  EXPECT_EQ(learner.exit_code, 0) << learner.log;
  EXPECT_EQ(End(actor).exit_code, 0);
  EXPECT_EQ(End(replay).exit_code, 0);
}

TEST_F(ExperimentTest, TrainSaysThatTheRunDirectoryIsOfAnotherAndItsWeightsKnowTheirs) {
  const std::string run_dir = "--run_dir=" + folder_.Path("run");
  const std::vector<std::string> flags = {kBrowse, run_dir, "--quiet", "--set=goal.share_of_optimum=0",
                                          "--set=goal.max_updates=50"};
  ASSERT_EQ(Run("recbots-train", flags).exit_code, 0);
  const nlohmann::json report = Report();
  std::vector<std::string> other = flags;
  other.push_back(kOther);

  const std::string weights = "--weights=" + folder_.Path("run/weights.bin");
  const Outcome own = Run("recbots", {"simulate", folder_.Path("run/config.textproto"), weights, "--episodes=100"});
  EXPECT_EQ(own.exit_code, 0) << own.log;
  EXPECT_THAT(own.log, Not(HasSubstr("warning")));
  const Outcome foreign = Run("recbots", {"simulate", kBrowse, kOther, weights, "--episodes=100"});
  EXPECT_EQ(foreign.exit_code, 2) << foreign.log;
  EXPECT_THAT(foreign.log, HasSubstr(absl::StrCat(kField, "42 of the weights, 7 here")));

  const Outcome refused = Run("recbots-train", other);
  EXPECT_EQ(refused.exit_code, 2) << refused.log;
  EXPECT_THAT(refused.log, HasSubstr(absl::StrCat(kField, "42 there, 7 here")));
  EXPECT_EQ(Report(), report);
  // A fresh run takes nothing over, so that a warning does.
  other.push_back("--fresh");
  const Outcome next = Run("recbots-train", other);
  EXPECT_EQ(next.exit_code, 0) << next.log;
  EXPECT_THAT(next.log, HasSubstr(absl::StrCat(kField, "42 there, 7 here")));
  EXPECT_NE(Report()["identity"], report["identity"]);
  EXPECT_EQ(nlohmann::json::parse(Read(folder_.Path("run/previous/report.json"))), report);
}

// Rows say the same about the same user only where the user was played twice.
TEST_F(ExperimentTest, ARunThatGoesOnPlaysNoUserTwice) {
  const std::string run_dir = folder_.Path("run");
  for (int run = 0; run < 2; ++run) {
    const Outcome outcome =
        Run("recbots", {"cluster", testing::SourceDir() + "/deploy/config/interest_evolution.textproto",
                        "--run_dir=" + run_dir, "--actors=2", "--replay_shards=2",
                        absl::StrCat("--set=goal.max_env_steps=", 3000 * (run + 1)), "--set=actor.policy_share_min=0",
                        "--set=actor.policy_share_max=0", "--set=evaluator.episodes=100", "--set=evaluator.users=100",
                        "--set=replay.table.rate_limiter.min_size=1000", "--set=actor.max_steps_per_second=1500"});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.log;
  }
  int64_t rows = 0;
  std::set<std::string> users;
  for (const char* shard : {"shard-0", "shard-1"}) {
    const Outcome dump =
        Run("recbots", {"inspect", absl::StrCat(run_dir, "/replay/", shard), "--dump=all", "--table=transitions"});
    ASSERT_EQ(dump.exit_code, 0) << dump.log;
    std::istringstream lines(dump.log);
    for (std::string line; std::getline(lines, line); ++rows) {
      const nlohmann::json row = nlohmann::json::parse(line);
      users.insert(row["candidates"].dump() + row["observation"].dump());
    }
  }
  EXPECT_GE(rows, 6000) << "of both runs";
  EXPECT_EQ(users.size(), static_cast<size_t>(rows));
  // In a folder of its own a run begins with nothing, and with the first users.
  const Outcome fresh = Run("recbots", {"cluster", kBrowse, "--run_dir=" + folder_.Path("fresh"),
                                        "--set=goal.share_of_optimum=0", "--set=goal.max_env_steps=1000"});
  ASSERT_EQ(fresh.exit_code, 0) << fresh.log;
  EXPECT_THAT(Read(folder_.Path("fresh/actor-0.log")), HasSubstr("first_stream=0 "));
}

// The learner comes back with nothing but what replay remembers, which holds thousands of rows.
TEST_F(ExperimentTest, ALearnerThatComesBackGivesNoStreamTwiceAndCountsItsOwnSteps) {
  const std::string config = absl::StrCat("--config=", kBrowse);
  const std::string to_replay = absl::StrCat("--replay=127.0.0.1:", *FindFreePort());
  const std::string to_learner = absl::StrCat("--learner=127.0.0.1:", *FindFreePort());
  const auto listen = [](const std::string& flag) { return "--listen=" + flag.substr(flag.find('=') + 1); };
  ChildProcess replay = Start("recbots-replay", {config, listen(to_replay)});
  const auto start_learner = [&](const std::vector<std::string>& more) {
    std::vector<std::string> flags = {config, listen(to_learner), to_replay, "--set=goal.share_of_optimum=0"};
    flags.insert(flags.end(), more.begin(), more.end());
    return Start("recbots-learner", flags);
  };
  const auto inserted = [&] {
    const Outcome info =
        Run("recbots", {"inspect", to_replay.substr(to_replay.find('=') + 1), "--json", "--interval=0"});
    return nlohmann::json::parse(info.log)["tables"][0]["state"]["inserted"].get<int64_t>();
  };
  ChildProcess learner = start_learner({"--keep"});
  ChildProcess first = Start("recbots-actor", {config, to_replay, to_learner});
  const int64_t first_stream = std::stoll(AwaitLog(first, "first_stream="));
  EXPECT_EQ(first_stream, 0);
  const Instant deadline = Instant::Now() + absl::Seconds(60);
  while (inserted() < 3000 && Instant::Now() < deadline) absl::SleepFor(absl::Milliseconds(50));
  EXPECT_EQ(End(first).exit_code, 0);
  learner.Signal(SIGKILL);
  Finish(learner);
  const int64_t before = inserted();
  ASSERT_GE(before, 3000);

  ChildProcess next = start_learner({"--set=goal.max_env_steps=2000", "--run_dir=" + folder_.Path("run")});
  ChildProcess second = Start("recbots-actor", {config, to_replay, to_learner});
  EXPECT_GE(std::stoll(AwaitLog(second, "first_stream=")), 32) << "the first actor's users end there";
  const Outcome end = Finish(next);
  EXPECT_EQ(end.exit_code, 0) << end.log;
  const nlohmann::json report = Report();
  EXPECT_EQ(report["ended_by"], "all env steps played");
  EXPECT_GE(report["env_steps"].get<int64_t>(), 2000);
  EXPECT_LE(report["env_steps"].get<int64_t>(), 4000);
  EXPECT_GE(inserted(), before + 2000) << "rows of the learner before are none of this run";
  End(second);
  EXPECT_EQ(End(replay).exit_code, 0);
}

}  // namespace
}  // namespace recbots
