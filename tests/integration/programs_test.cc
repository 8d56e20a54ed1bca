// The programs as a user meets them: a cluster from start to goal, and what they say when something is wrong.
#include "tests/integration/programs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/role/roles.h"
#include "deploy/cli/cluster/child_process.h"
#include "deploy/cli/cluster/local_cluster.h"
#include "tests/support/golden.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::Outcome;
using testing::ProgramsTest;

const std::string kConfig = testing::SourceDir() + "/deploy/config/browse.textproto";
// The flags that a role cannot do without.
std::vector<std::string> PeersOf(const RoleKind& role) {
  std::vector<std::string> flags;
  for (const char* peer : role.peers) {
    if (peer != nullptr) flags.push_back(absl::StrCat("--", peer, "=127.0.0.1:1"));
  }
  return flags;
}

TEST_F(ProgramsTest, ClusterReachesTheOptimum) {
  const Outcome outcome = RunProgram("recbots", {"cluster", kConfig, "--run_dir=" + dir_ + "/run", "--actors=2"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.log;
  const std::string last_line = outcome.log.substr(outcome.log.rfind('\n', outcome.log.size() - 2) + 1);
  EXPECT_THAT(last_line, AllOf(HasSubstr("goal reached"), HasSubstr("% of the optimum")));
  const auto report = nlohmann::json::parse(Read(dir_ + "/run/report.json"));
  EXPECT_EQ(report["goal_reached"], true);
  EXPECT_GE(report["share_of_optimum"].get<double>(), 0.999);
  EXPECT_LE(report["env_steps"].get<int64_t>(), 40'000);
  EXPECT_GT(report["env_steps_to_99"].get<int64_t>(), 0);
  EXPECT_GT(report["wall_seconds_to_999"].get<double>(), 0);
  EXPECT_GE(report["share_of_gap"].get<double>(), 0.998);
  EXPECT_EQ(report["references"].size(), 3u);
  EXPECT_THAT(last_line, HasSubstr(report["result"].get<std::string>()));
  EXPECT_TRUE(report["losses"].is_object() && !report["losses"].empty());
  std::ifstream curve(dir_ + "/run/evaluations.jsonl");
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(curve, line);) lines.push_back(nlohmann::json::parse(line));
  const auto evaluations = report["evaluations"].get<size_t>();
  ASSERT_GE(lines.size(), evaluations) << "one more may come while the learner ends";
  EXPECT_EQ(lines[evaluations - 1]["share_of_optimum"], report["share_of_optimum"]);
  for (const char* log : {"replay.log", "learner.log", "actor-0.log", "actor-1.log", "evaluator.log"}) {
    EXPECT_TRUE(std::filesystem::exists(dir_ + "/run/" + log)) << log;
  }
}

TEST_F(ProgramsTest, ClusterEndsWithItsEnvironmentStepsAndTheLastEvaluation) {
  const Outcome outcome =
      RunProgram("recbots", {"cluster", kConfig, "--run_dir=" + dir_ + "/run", "--set=goal.share_of_optimum=0",
                             "--set=goal.max_env_steps=4000", "--set=evaluator.exact=false"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.log;
  const auto report = nlohmann::json::parse(Read(dir_ + "/run/report.json"));
  EXPECT_EQ(report["ended_by"], "all env steps played");
  EXPECT_GE(report["env_steps"].get<int64_t>(), 4000);
  // What is in flight: rows that come between two draws, no more than the limiter's room.
  EXPECT_LE(report["env_steps"].get<int64_t>(), 6000);
  std::string last;
  std::ifstream curve(dir_ + "/run/evaluations.jsonl");
  for (std::string line; std::getline(curve, line);) last = line;
  EXPECT_EQ(nlohmann::json::parse(last)["updates"], report["updates"]) << "the last weights are evaluated";
  EXPECT_EQ(nlohmann::json::parse(last)["env_steps"], report["env_steps"]);
  EXPECT_GT(report["references"][1]["value_ci95"].get<double>(), 0) << "played";
}

// Evaluations that would take days: a signal is heard while the references are played, and the results are written.
TEST_F(ProgramsTest, TrainHearsASignalWhileItEvaluates) {
  ChildProcess train = Start("recbots", {"train", testing::SourceDir() + "/deploy/config/interest_evolution.textproto",
                                         "--run_dir=" + dir_ + "/run", "--set=evaluator.episodes=100000000"});
  ASSERT_TRUE(AwaitSignalHandler(train, absl::Seconds(60)));
  train.Signal(SIGTERM);
  // As when a terminal and a script send one each.
  train.Signal(SIGINT);
  const Outcome outcome = Finish(train, absl::Seconds(120));
  EXPECT_EQ(outcome.exit_code, 130) << outcome.log;
  EXPECT_THAT(outcome.log, HasSubstr("not evaluated"));
  const auto report = nlohmann::json::parse(Read(dir_ + "/run/report.json"), nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(report.is_object()) << outcome.log;
  EXPECT_EQ(report["goal_reached"], false);
  EXPECT_EQ(report["evaluations"], 0);
  EXPECT_GT(std::filesystem::file_size(dir_ + "/run/weights.bin"), 0u);
}

// A learner that looks for the optimum before it begins.
TEST_F(ProgramsTest, ALongSolutionHearsASignal) {
  const std::vector<std::string> endless = {"--set=environment.document_browsing.num_documents=300",
                                            "--set=environment.document_browsing.max_episode_steps=1000000",
                                            "--set=environment.document_browsing.exit_probability_accepted=0",
                                            "--set=environment.document_browsing.exit_probability_refused=0"};
  std::vector<std::string> flags = {std::string("--config=") + kConfig, "--replay=127.0.0.1:1"};
  flags.insert(flags.end(), endless.begin(), endless.end());
  ChildProcess learner = Start("recbots-learner", flags);
  ASSERT_TRUE(AwaitSignalHandler(learner, absl::Seconds(60)));
  learner.Signal(SIGTERM);
  EXPECT_EQ(Finish(learner, absl::Seconds(60)).exit_code, 0);
}

TEST_F(ProgramsTest, EveryRoleRefusesAWrongConfiguration) {
  struct Wrong {
    std::string override_text;
    std::vector<std::string> says;  // Field, value, bound.
    bool by_environment = false;    // Shows when the environment is made, which replay does not do.
  };
  std::ofstream(dir_ + "/W.json") << R"({"W": [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]})";
  const std::vector<Wrong> wrongs = {
      {"learner.batchsize=3", {"batchsize"}},
      {"replay.table.capacity_rows=-5", {"replay.table.capacity_rows", "-5", "1"}},
      {"algorithm.wolpertinger.k=11", {"k", "11", "10"}, true},
      {"environment.document_browsing.matrix_file=" + dir_ + "/W.json", {"matrix_file", "10"}, true},
      {"environment.document_browsing.exit_probability_accepted=1.5", {"exit_probability_accepted", "1.5", "1"}},
      {"replay.table.rate_limiter.error_buffer=10", {"error_buffer", "10", "256"}},
  };
  for (const Wrong& wrong : wrongs) {
    for (const RoleKind& role : kRoles) {
      if (wrong.by_environment && role.name == std::string("replay")) continue;
      const std::vector<std::string> peers = PeersOf(role);
      std::vector<std::string> flags = {std::string("--config=") + kConfig, "--set=" + wrong.override_text};
      flags.insert(flags.end(), peers.begin(), peers.end());
      const Outcome outcome = RunProgram(absl::StrCat("recbots-", role.name), flags, absl::Seconds(20));
      SCOPED_TRACE(role.name + (" " + wrong.override_text));
      EXPECT_EQ(outcome.exit_code, 2) << outcome.log;
      for (const std::string& part : wrong.says) EXPECT_THAT(outcome.log, HasSubstr(part));
    }
    const Outcome train = RunProgram("recbots-train", {kConfig, "--set=" + wrong.override_text}, absl::Seconds(20));
    EXPECT_EQ(train.exit_code, 2) << train.log;
    const Outcome cluster = RunProgram("recbots", {"cluster", kConfig, "--set=" + wrong.override_text});
    EXPECT_EQ(cluster.exit_code, 2) << cluster.log;
  }
}

// Before anything is started.
TEST_F(ProgramsTest, ClusterRefusesAnEnvironmentThatTheAlgorithmCannotActIn) {
  const Outcome cluster = RunProgram("recbots", {"cluster", kConfig, "--set=environment.interest_evolution={}"});
  EXPECT_EQ(cluster.exit_code, 2) << cluster.log;
  EXPECT_THAT(cluster.log, HasSubstr("environment 'interest_evolution' has slate_size 3, want 1"));
  EXPECT_THAT(cluster.log, ::testing::Not(HasSubstr("evaluator")));
}

TEST_F(ProgramsTest, RefusesAddressesThatAreNone) {
  for (const RoleKind& role : kRoles) {
    const std::vector<std::string> peers = PeersOf(role);
    std::vector<std::string> flags = {std::string("--config=") + kConfig, "--http=localhost"};
    flags.insert(flags.end(), peers.begin(), peers.end());
    const Outcome outcome = RunProgram(absl::StrCat("recbots-", role.name), flags, absl::Seconds(20));
    EXPECT_EQ(outcome.exit_code, 2) << role.name << outcome.log;
    EXPECT_THAT(outcome.log, HasSubstr("--http 'localhost'"));
  }
  const Outcome listen =
      RunProgram("recbots-learner",
                 {std::string("--config=") + kConfig, "--listen=no-such-host.invalid:7002", "--replay=127.0.0.1:1"},
                 absl::Seconds(20));
  EXPECT_EQ(listen.exit_code, 2) << listen.log;
  EXPECT_THAT(listen.log, HasSubstr("--listen 'no-such-host.invalid:7002'"));
  const Outcome cluster = RunProgram("recbots", {"cluster", kConfig, "--http=9100"});
  EXPECT_EQ(cluster.exit_code, 2) << cluster.log;
  EXPECT_THAT(cluster.log, HasSubstr("--http '9100'"));
}

// The machine would not survive the attempt.
TEST_F(ProgramsTest, SizesThatNoMemoryHoldsAreRefusedBeforeAnythingIsAllocated) {
  const std::string config = testing::SourceDir() + "/deploy/config/interest_evolution.textproto";
  const std::vector<std::string> peers = {"--replay=127.0.0.1:1", "--learner=127.0.0.1:1"};
  const auto refused = [&](const std::string& program, std::vector<std::string> arguments, const std::string& says) {
    for (const char* flag :
         {"--set=environment.interest_evolution.num_candidates=6000", "--set=replay.table.rate_limiter.min_size=100"}) {
      arguments.push_back(flag);
    }
    const Outcome outcome = RunProgram(program, std::move(arguments), absl::Seconds(60));
    EXPECT_EQ(outcome.exit_code, 2) << outcome.log;
    EXPECT_THAT(outcome.log, AllOf(HasSubstr(says), HasSubstr("90 % of the memory here")));
  };
  const std::string many_actors = "--set=actor.users=1048576";  // 1.5 TB of candidates.
  refused("recbots-actor", {"--config=" + config, many_actors, peers[0], peers[1]}, "actor.users 1048576, want");
  refused("recbots", {"cluster", config, many_actors}, "actor.users 1048576, want");
  refused("recbots", {"train", config, many_actors}, "actor.users 1048576, want");
  refused("recbots-evaluator",
          {"--config=" + config, "--set=evaluator.users=1048576", "--set=evaluator.episodes=1000000000", peers[1]},
          "evaluator.users 1048576, want");
  const std::string large_batches = "--set=learner.batch_size=65536";  // 64 GB of rows, 800 GB of networks' inputs.
  refused("recbots-learner",
          {"--config=" + config, large_batches, "--set=replay.table.rate_limiter.error_buffer=1000000",
           "--set=learner.batches_in_flight=1", "--set=replay.table.capacity_bytes=100000000000", peers[0]},
          "learner.batch_size 65536, want");
  refused("recbots", {"simulate", config, "--users=65536", "--threads=256", "--episodes=1e9"}, "--users 65536, want");
}

// Replay learns from a peer how large a row is.
TEST_F(ProgramsTest, ReplayRefusesAPeerWhoseRowsNoMemoryHolds) {
  const std::vector<std::string> flags = {
      "--config=" + testing::SourceDir() + "/deploy/config/interest_evolution.textproto",
      "--set=environment.interest_evolution.num_candidates=6000", "--set=replay.table.capacity_rows=16000000",
      "--set=replay.table.capacity_bytes=9000000000000000"};  // 7.7 TB of rows.
  ChildProcess replay = Start("recbots-replay", flags);
  ASSERT_TRUE(AwaitLog(replay, "serving at ", absl::Seconds(20)));
  const std::string log = Read(replay.log_path());
  const size_t begin = log.find("serving at ") + 11;
  std::vector<std::string> peer = flags;
  peer.push_back("--replay=" + log.substr(begin, log.find(' ', begin) - begin));
  const Outcome learner = RunProgram("recbots-learner", peer, absl::Seconds(60));
  EXPECT_EQ(learner.exit_code, 1) << learner.log;
  EXPECT_THAT(learner.log, AllOf(HasSubstr("no table can be made for the reader's rows: "),
                                 HasSubstr("replay.table.capacity_rows 16000000, want at most"),
                                 HasSubstr("90 % of the memory here")));
  replay.Signal(SIGTERM);
  EXPECT_EQ(Finish(replay, absl::Seconds(10)).exit_code, 0);
  // What no peer needs to tell is refused at once.
  const Outcome listed =
      RunProgram("recbots-replay", {flags[0], "--set=replay.table.sampler=HIGHEST_PRIORITY"}, absl::Seconds(20));
  EXPECT_EQ(listed.exit_code, 2) << listed.log;
  EXPECT_THAT(listed.log, HasSubstr("replay.table.sampler"));
}

TEST_F(ProgramsTest, AShareThatCanNeverBeReachedEndsTheRun) {
  const std::string browsing = "--set=environment.document_browsing.";
  const Outcome outcome =
      RunProgram("recbots", {"cluster", kConfig, "--run_dir=" + dir_ + "/run", browsing + "num_documents=2",
                             browsing + "acceptance=0.5,0.5,0.5,0.5", "--set=algorithm.wolpertinger.k=2",
                             "--set=algorithm.wolpertinger.random_candidates=0", "--set=goal.share_of_optimum=0",
                             "--set=goal.share_of_gap=0.9"});
  EXPECT_EQ(outcome.exit_code, 2) << outcome.log;
  EXPECT_THAT(outcome.log, HasSubstr("goal.share_of_gap 0.9 can never be reached"));
}

// What it does takes long, and the page says what it does.
TEST_F(ProgramsTest, PagesAnswerWhileTheEvaluatorPlays) {
  ChildProcess evaluator =
      Start("recbots-evaluator", {"--config=" + testing::SourceDir() + "/deploy/config/interest_evolution.textproto",
                                  "--set=evaluator.episodes=1000000000", "--learner=127.0.0.1:1", "--run_dir=" + dir_});
  ASSERT_TRUE(AwaitLog(evaluator, "pages at http://", absl::Seconds(20)));
  const std::string log = Read(evaluator.log_path());
  const size_t begin = log.find("pages at http://") + 16;
  httplib::Client client("http://" + log.substr(begin, log.find('/', begin) - begin));
  std::string page;
  for (const Instant deadline = Instant::Now() + absl::Seconds(20);
       Instant::Now() < deadline && page.find("evaluating the references") == std::string::npos;) {
    const httplib::Result answer = client.Get("/statusz?format=text");
    ASSERT_TRUE(answer);
    page = answer->body;
  }
  EXPECT_THAT(page, HasSubstr("doing: evaluating the references"));
  evaluator.Signal(SIGTERM);
  EXPECT_EQ(Finish(evaluator, absl::Seconds(20)).exit_code, 0);
}

TEST_F(ProgramsTest, ADashAndAnHIsHelpEverywhere) {
  for (const auto& [program, arguments] :
       std::vector<std::pair<std::string, std::vector<std::string>>>{{"recbots", {"-h"}},
                                                                     {"recbots", {"cluster", "-h"}},
                                                                     {"recbots", {"simulate", "-h"}},
                                                                     {"recbots", {"train", "-h"}},
                                                                     {"recbots", {"bench", "-h"}},
                                                                     {"recbots", {"inspect", "-h"}},
                                                                     {"recbots", {"health", "-h"}},
                                                                     {"recbots", {"reproduce", "-h"}},
                                                                     {"recbots-replay", {"-h"}},
                                                                     {"recbots-learner", {"-h"}},
                                                                     {"recbots-actor", {"-h"}},
                                                                     {"recbots-evaluator", {"-h"}}}) {
    const Outcome outcome = RunProgram(program, arguments, absl::Seconds(20));
    EXPECT_EQ(outcome.exit_code, 0) << program << outcome.log;
    EXPECT_THAT(outcome.log, HasSubstr("usage: ")) << program;
  }
}

TEST_F(ProgramsTest, SaysWhenAPortIsTaken) {
  const int port = *FindFreePort();
  const std::string address = "127.0.0.1:" + std::to_string(port);
  const std::string config = std::string("--config=") + kConfig;
  ChildProcess first = Start("recbots-replay", {config, "--listen=" + address});
  ASSERT_TRUE(AwaitLog(first, address, absl::Seconds(10)));
  const Outcome replay = RunProgram("recbots-replay", {config, "--listen=" + address}, absl::Seconds(5));
  EXPECT_EQ(replay.exit_code, 1);
  EXPECT_THAT(replay.log, HasSubstr(address));
  const Outcome learner =
      RunProgram("recbots-learner", {config, "--listen=" + address, "--replay=" + address}, absl::Seconds(10));
  EXPECT_EQ(learner.exit_code, 1);
  EXPECT_THAT(learner.log, HasSubstr(address));
  const Outcome http = RunProgram("recbots-replay", {config, "--http=" + address}, absl::Seconds(5));
  EXPECT_EQ(http.exit_code, 1);
  EXPECT_THAT(http.log, HasSubstr(address));
  first.Signal(SIGTERM);
  EXPECT_EQ(Finish(first, absl::Seconds(10)).exit_code, 0);
}

TEST_F(ProgramsTest, SaysWhenAPeerCannotBeReached) {
  const std::string nobody = "127.0.0.1:" + std::to_string(*FindFreePort());
  const std::string config = std::string("--config=") + kConfig;
  ChildProcess actor = Start("recbots-actor", {config, "--replay=" + nobody, "--learner=" + nobody});
  EXPECT_TRUE(AwaitLog(actor, nobody, absl::Seconds(5)));
  ChildProcess evaluator = Start("recbots-evaluator", {config, "--learner=" + nobody});
  EXPECT_TRUE(AwaitLog(evaluator, nobody, absl::Seconds(5)));
  ChildProcess learner = Start("recbots-learner", {config, "--replay=" + nobody});
  EXPECT_TRUE(AwaitLog(learner, nobody, absl::Seconds(5)));
  for (ChildProcess* child : {&actor, &evaluator, &learner}) {
    child->Signal(SIGTERM);
    EXPECT_EQ(Finish(*child, absl::Seconds(10)).exit_code, 0) << child->name();
  }
  const Outcome impatient =
      RunProgram("recbots-evaluator", {config, "--learner=" + nobody, "--peer_timeout=0.5"}, absl::Seconds(10));
  EXPECT_EQ(impatient.exit_code, 1);
  EXPECT_THAT(impatient.log, HasSubstr(nobody));
}

TEST_F(ProgramsTest, SaysWhenSchemasDiffer) {
  const std::string replay_address = "127.0.0.1:" + std::to_string(*FindFreePort());
  const std::string learner_address = "127.0.0.1:" + std::to_string(*FindFreePort());
  const std::string config = std::string("--config=") + kConfig;
  const std::string eleven = "--set=environment.document_browsing.num_documents=11";
  ChildProcess replay = Start("recbots-replay", {config, "--listen=" + replay_address});
  // The first client decides, here another learner.
  ChildProcess first = Start("recbots-learner", {config, eleven, "--replay=" + replay_address});
  ASSERT_TRUE(AwaitLog(replay, "the schema is known ", absl::Seconds(20)));
  ChildProcess learner =
      Start("recbots-learner", {config, "--listen=" + learner_address, "--replay=" + replay_address});
  ChildProcess actor = Start("recbots-actor", {config, "--replay=" + replay_address, "--learner=" + learner_address});
  // The learner reads from that replay too and ends with the same words.
  const Outcome learner_end = Finish(learner, absl::Seconds(10));
  EXPECT_EQ(learner_end.exit_code, 1);
  EXPECT_THAT(learner_end.log, AllOf(HasSubstr("observation"), HasSubstr("10"), HasSubstr("11")));
  const Outcome actor_end = Finish(actor, absl::Seconds(10));
  EXPECT_EQ(actor_end.exit_code, 1);
  EXPECT_THAT(actor_end.log, AllOf(HasSubstr("observation"), HasSubstr("10"), HasSubstr("11")));
  first.Signal(SIGTERM);
  EXPECT_EQ(Finish(first, absl::Seconds(30)).exit_code, 0);
  replay.Signal(SIGTERM);
  EXPECT_EQ(Finish(replay, absl::Seconds(10)).exit_code, 0);
}

TEST_F(ProgramsTest, RefusesAnActorOfAnotherExperiment) {
  const std::string learner_address = "127.0.0.1:" + std::to_string(*FindFreePort());
  const std::string config = std::string("--config=") + kConfig;
  ChildProcess learner = Start("recbots-learner", {config, "--listen=" + learner_address, "--replay=127.0.0.1:1"});
  const Outcome evaluator = RunProgram(
      "recbots-evaluator",
      {config, "--set=environment.document_browsing.matrix_seed=7", "--learner=" + learner_address}, absl::Seconds(10));
  EXPECT_EQ(evaluator.exit_code, 1);
  EXPECT_THAT(evaluator.log, HasSubstr("configuration"));
  learner.Signal(SIGTERM);
  EXPECT_EQ(Finish(learner, absl::Seconds(10)).exit_code, 0);
}

}  // namespace
}  // namespace recbots
