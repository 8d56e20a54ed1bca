// `recbots simulate` as a user meets it: pages, files, exit codes, signals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "actor/client/experiment_identity.h"
#include "common/algorithms/wolpertinger/shape.h"
#include "common/base/instant.h"
#include "common/config/config.h"
#include "common/inference/weights.h"
#include "common/inference/weights_identity.h"
#include "deploy/cli/cluster/child_process.h"

namespace recbots {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

struct Outcome {
  int exit_code = 0;
  std::string output;  // Standard output and errors.
};

class SimulateCommandTest : public ::testing::Test {
 protected:
  SimulateCommandTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    dir_ = ::testing::TempDir() + "/simulate_" + info->name() + "_" + std::to_string(getpid());
    std::filesystem::create_directories(dir_);
    // An environment is enough: no algorithm.
    std::ofstream(Path("config")) << "name: \"walk\" seed: 9 environment { document_browsing { num_documents: 4 } }\n";
  }
  ~SimulateCommandTest() override { std::filesystem::remove_all(dir_); }

  std::string Path(const std::string& name) const { return dir_ + "/" + name; }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static std::string ReadGzip(const std::string& path) {
    gzFile file = gzopen(path.c_str(), "rb");
    std::string text;
    char piece[1 << 16];
    for (int n = 0; (n = gzread(file, piece, sizeof(piece))) > 0;) text.append(piece, static_cast<size_t>(n));
    EXPECT_EQ(gzclose(file), Z_OK) << path;
    return text;
  }
  ChildProcess Start(const std::vector<std::string>& flags) {
    ChildOptions options;
    options.name = "simulate";
    options.log_path = Path("out");
    options.arguments = {std::string(RECBOTS_PROGRAM_DIR) + "/recbots", "simulate", Path("config")};
    options.arguments.insert(options.arguments.end(), flags.begin(), flags.end());
    auto child = ChildProcess::Start(options);
    EXPECT_TRUE(child.ok()) << child.status();
    return *std::move(child);
  }
  Outcome Finish(ChildProcess& child) {
    EXPECT_TRUE(child.AwaitEnd(Instant::Now() + absl::Seconds(60))) << Read(child.log_path());
    return {child.exit_code(), Read(child.log_path())};
  }
  Outcome Simulate(const std::vector<std::string>& flags) {
    ChildProcess child = Start(flags);
    return Finish(child);
  }
  // The report without what may differ from run to run.
  json Report(const std::string& name) {
    json report = json::parse(Read(Path(name)));
    for (json& run : report["runs"]) run.erase("timing");
    return report;
  }

  // A configuration with an algorithm, and weights that a run of it with `hidden_units` could have left.
  void WriteTrained(int hidden_units) {
    std::ofstream(Path("config"), std::ios::app)
        << "algorithm { wolpertinger { k: 4 hidden_units: 8 embedding_size: 2 random_candidates: 0 } }\n";
    const WolpertingerShape shape = {
        .num_user_features = 4, .num_items = 4, .k = 4, .embedding_size = 2, .hidden_units = hidden_units};
    std::vector<NamedTensor> tensors;
    float next = 0.1f;
    for (const TensorSpec& spec : PolicyTensors(shape)) {
      size_t elements = 1;
      for (const int32_t extent : spec.shape) elements *= static_cast<size_t>(extent);
      tensors.push_back({spec.name, spec.shape, std::vector<float>(elements)});
      for (float& value : tensors.back().values)
        value = next = next * 1.7f - static_cast<float>(int(next * 1.7f)) - 0.3f;
    }
    std::ofstream(Path("weights.bin"), std::ios::binary) << EncodeTensors(tensors);
  }

  std::string dir_;
};

TEST_F(SimulateCommandTest, ReportsOnPageAndInFile) {
  const Outcome outcome = Simulate({"--episodes=2e3", "--compare", "--output=" + Path("o.json")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("walk: policy random in document_browsing, 2,000 episodes, seed 9\n"),
                                    HasSubstr("AverageEpisodeRewards"), HasSubstr("standard error"),
                                    HasSubstr("row_argmax"), HasSubstr("best: "), HasSubstr("steps/s")));
  const json report = Report("o.json");
  ASSERT_EQ(report["runs"].size(), 3u);
  EXPECT_EQ(report["runs"][0]["policy"], "random");
  EXPECT_EQ(report["runs"][2]["policy"], "optimal");
  const auto value = [&](int run, const char* name) {
    return report["runs"][run]["metrics"]["AverageEpisodeRewards"][name].get<double>();
  };
  EXPECT_NEAR(value(0, "value"), report["random_value"].get<double>(), 5 * value(0, "standard_error"));
  EXPECT_NEAR(value(2, "value"), report["optimal_value"].get<double>(), 5 * value(2, "standard_error"));
  EXPECT_FALSE(std::filesystem::exists(Path("o.json.partial")));
}

TEST_F(SimulateCommandTest, FilesAreTheSameForAnyThreadsAndUsers) {
  json want;
  std::string want_log;
  for (const char* threads : {"--threads=1", "--threads=2", "--threads=4"}) {
    for (const char* users : {"--users=1", "--users=64", "--users=4096"}) {
      const Outcome outcome = Simulate({"--episodes=500", threads, users, "--policy=row_argmax",
                                        "--output=" + Path("o.json"), "--log=" + Path("x.csv.gz")});
      EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
      const json report = Report("o.json");
      if (want.is_null()) want = report;
      EXPECT_EQ(report, want) << threads << users;
      const std::string log = Read(Path("x.csv.gz"));
      if (want_log.empty()) want_log = log;
      EXPECT_EQ(log, want_log) << threads << users;
    }
  }
  EXPECT_EQ(want["log_rows"], want["runs"][0]["env_steps"]);
}

// How many users an actor has at once does not matter here.
TEST_F(SimulateCommandTest, PlaysSessionsOfAnySize) {
  const Outcome outcome =
      Simulate({"--episodes=50", "--set=environment.users_per_session=3", "--output=" + Path("o.json")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_EQ(Report("o.json")["users_per_session"], 3);
}

TEST_F(SimulateCommandTest, SeedAndSettingsOverrideTheConfiguration) {
  const auto run = [this](std::vector<std::string> flags) {
    flags.push_back("--output=" + Path("o.json"));
    flags.push_back("--episodes=100");
    const Outcome outcome = Simulate(flags);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    return Report("o.json");
  };
  const json first = run({});
  EXPECT_EQ(first["seed"], 9);
  EXPECT_EQ(run({"--seed=9"}), first);
  EXPECT_NE(run({"--seed=10"})["runs"], first["runs"]);
  EXPECT_EQ(run({"--set", "seed=10"})["runs"], run({"--seed", "10"})["runs"]);
  EXPECT_EQ(run({"--set=environment.document_browsing.max_episode_steps=1"})["runs"][0]["env_steps"], 100);
}

TEST_F(SimulateCommandTest, LogFormatsHoldTheSameRows) {
  for (const std::string name : {"x.jsonl", "x.csv", "x.jsonl.gz", "x.csv.gz"}) {
    const Outcome outcome = Simulate({"--episodes=200", "--log=" + Path(name)});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr(" rows in " + Path(name) + "\n"));
    EXPECT_FALSE(std::filesystem::exists(Path(name + ".partial")));
  }
  const std::string jsonl = Read(Path("x.jsonl"));
  const std::string csv = Read(Path("x.csv"));
  EXPECT_EQ(ReadGzip(Path("x.jsonl.gz")), jsonl);
  EXPECT_EQ(ReadGzip(Path("x.csv.gz")), csv);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), std::count(jsonl.begin(), jsonl.end(), '\n') + 1);
  const json row = json::parse(jsonl.substr(0, jsonl.find('\n')));
  EXPECT_EQ(row["episode"], 0);
  EXPECT_EQ(row["slate_propensity"], 0.25);
  EXPECT_EQ(row["item_propensity"], 0.25);
  EXPECT_EQ(row["prefix_propensity"], 0.25);
  EXPECT_EQ(row["observation"].size(), 4u);
}

// One user after the other, whatever is asked for: tabular Q-learning goes from random play towards the optimum.
TEST_F(SimulateCommandTest, AgentsLearn) {
  const Outcome outcome = Simulate({"--policy=tabular_q", "--episodes=20000", "--set=agents.layers.epsilon=0.05",
                                    "--threads=2", "--output=" + Path("o.json")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("(1 thread, 1 user at once each)"));
  EXPECT_GT(Report("o.json")["runs"][0]["share_of_gap"].get<double>(), 0.5);
}

TEST_F(SimulateCommandTest, PlaysWhatARunHasLearnt) {
  WriteTrained(/*hidden_units=*/8);
  const Outcome outcome = Simulate({"--weights=" + Path("weights.bin"), "--episodes=300", "--compare",
                                    "--output=" + Path("o.json"), "--log=" + Path("x.jsonl")});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  EXPECT_THAT(outcome.output, HasSubstr("walk: policy trained in document_browsing, 300 episodes, seed 9\n"));
  const json report = Report("o.json");
  ASSERT_EQ(report["runs"].size(), 4u);  // The references beside it.
  EXPECT_EQ(report["runs"][0]["policy"], "trained");
  const std::string log = Read(Path("x.jsonl"));
  const json row = json::parse(log.substr(0, log.find('\n')));
  EXPECT_EQ(row["slate_propensity"], 1.0);  // Greedy.
  EXPECT_EQ(row["item_propensity"], 1.0);
  EXPECT_EQ(row["prefix_propensity"], 1.0);

  const Outcome other =
      Simulate({"--policy=trained", "--weights=" + Path("weights.bin"), "--episodes=300", "--compare", "--threads=3",
                "--users=7", "--output=" + Path("p.json"), "--log=" + Path("y.jsonl")});
  EXPECT_EQ(other.exit_code, 0) << other.output;
  EXPECT_EQ(Report("p.json")["runs"], report["runs"]);
  EXPECT_EQ(Read(Path("y.jsonl")), log);
}

TEST_F(SimulateCommandTest, RefusesWeightsThatAreNone) {
  const std::string weights = "--weights=" + Path("weights.bin");
  const auto refused = [this](const std::vector<std::string>& flags, const std::vector<std::string>& says) {
    const Outcome outcome = Simulate(flags);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.output;
    for (const std::string& part : says) EXPECT_THAT(outcome.output, HasSubstr(part));
  };
  refused({weights}, {"--weights: cannot read '" + Path("weights.bin") + "'"});
  std::ofstream(Path("weights.bin")) << "no weights at all";
  refused({weights}, {"--weights: '" + Path("weights.bin") + "': weights: magic is not 'RBWT'"});
  refused({"--policy=trained"}, {"--policy 'trained' without --weights, want --weights=FILE"});
  refused({weights, "--policy=random"}, {"--weights with --policy 'random', want 'trained'"});
  refused({weights, "--set=agents.layers.epsilon=0.1"},
          {"--set 'agents.layers.epsilon=0.1': policy 'trained' has no such setting, only agents have settings"});
  std::ofstream(Path("weights.bin"), std::ios::binary) << EncodeTensors({});
  refused({weights}, {"do not fit " + Path("config"), "algorithm: none chosen", "config.textproto"});
  WriteTrained(/*hidden_units=*/9);
  refused({weights}, {"do not fit " + Path("config"), "weights: tensor 0 is", "[9, 4]", "want", "[8, 4]"});
}

TEST_F(SimulateCommandTest, RefusesWeightsOfAnotherExperimentUnlessToldTo) {
  WriteTrained(/*hidden_units=*/8);
  const std::string weights = "--weights=" + Path("weights.bin");
  const Outcome silent = Simulate({weights, "--episodes=10"});
  EXPECT_EQ(silent.exit_code, 0) << silent.output;
  EXPECT_THAT(silent.output, HasSubstr("warning: --weights '" + Path("weights.bin") +
                                       "': the weights do not say for which experiment they were trained"));
  const auto config = LoadExperimentConfig(Path("config"), {});
  ASSERT_TRUE(config.ok()) << config.status();
  const std::string plain = Read(Path("weights.bin"));
  std::ofstream(Path("weights.bin"), std::ios::binary) << WithIdentity(plain, ExperimentIdentityOf(*config).value());
  const Outcome same = Simulate({weights, "--episodes=10", "--seed=1000"});
  EXPECT_EQ(same.exit_code, 0) << same.output;
  EXPECT_THAT(same.output, Not(HasSubstr("warning")));
  const std::string longer = "--set=environment.document_browsing.max_episode_steps=7";
  const Outcome refused = Simulate({weights, "--episodes=10", longer});
  EXPECT_EQ(refused.exit_code, 2) << refused.output;
  EXPECT_THAT(refused.output,
              AllOf(HasSubstr("trained for another experiment: environment.document_browsing.max_episode_steps: "),
                    HasSubstr(" of the weights, 7 here"), HasSubstr("--allow_other_experiment")));
  const Outcome taken = Simulate({weights, "--episodes=10", longer, "--allow_other_experiment"});
  EXPECT_EQ(taken.exit_code, 0) << taken.output;
  EXPECT_THAT(taken.output, HasSubstr("warning: --weights"));
  EXPECT_THAT(taken.output, HasSubstr("max_episode_steps: "));
}

TEST_F(SimulateCommandTest, ListsPolicies) {
  const Outcome outcome = Simulate({"--list-policies"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.output,
              AllOf(HasSubstr("references of document_browsing: random, row_argmax, optimal\n"),
                    HasSubstr("\nagents and their settings (--set=agents.NAME=VALUE):\n"),
                    HasSubstr("\n  tabular_q      tabular_q.discretization_bounds, "), HasSubstr(", layers.epsilon, "),
                    HasSubstr("\n  ucb1 "), HasSubstr("(not here: needs num_clusters >= 2")));
}

TEST_F(SimulateCommandTest, RefusesBadUsageWithThingValueAndBound) {
  struct Wrong {
    std::vector<std::string> flags;
    std::vector<std::string> says;
  };
  const std::vector<Wrong> wrongs = {
      {{"--episodes=0"}, {"--episodes '0', want 1..1000000000"}},
      {{"--episodes=1.5"}, {"--episodes '1.5'"}},
      {{"--episodes=1e10"}, {"--episodes '1e10'"}},
      {{"--episodes=nan"}, {"--episodes 'nan'"}},
      {{"--threads=257"}, {"--threads '257', want 1..256"}},
      {{"--users=many"}, {"--users 'many', want 1..65536"}},
      {{"--seed=-1"}, {"--seed '-1', want 0..18446744073709551615"}},
      {{"--policy=best"}, {"policy 'best'", "random, row_argmax, optimal"}},
      {{"--set=agents.layers.epsilon=0.1"}, {"--set 'agents.layers.epsilon=0.1': policy 'random' has no such setting"}},
      {{"--set=agents.glm.sigma0=2", "--policy=tabular_q"},
       {"policy 'tabular_q' has no such setting, only tabular_q.discretization_bounds, ", "layers.epsilon"}},
      {{"--set=agents.tabular_q.speed=1", "--policy=tabular_q"}, {"speed"}},
      {{"--set=agents.layers.epsilon=2", "--policy=tabular_q"}, {"agents.layers.epsilon 2, want 0..1"}},
      {{"--set=agents.tabular_q.discretization_bounds=1,2,3", "--policy=tabular_q"},
       {"agent tabular_q: discretization_bounds of length 3, want 2"}},
      {{"--policy=ucb1"}, {"ucb1", "num_clusters"}},
      {{"--log=x.json"}, {"--log", "x.json", ".jsonl.gz"}},
      {{"--log=" + Path("no/x.csv")}, {"--log", "no/x.csv", "No such file"}},
      {{"--output=" + Path("no/o.json")}, {"--output", "no/o.json", "No such file"}},
      {{"--log_candidates"}, {"--log_candidates without --log"}},
      {{"--set=environment.document_browsing.num_documents=1"}, {"num_documents", "1", "2"}},
      {{"--set=environment.nothing=1"}, {"nothing"}},
      {{"another"}, {"2 configurations given, want 1"}},
      {{"--speed=3"}, {"unknown flag --speed"}},
  };
  for (const Wrong& wrong : wrongs) {
    const Outcome outcome = Simulate(wrong.flags);
    EXPECT_EQ(outcome.exit_code, 2) << wrong.flags[0] << ": " << outcome.output;
    for (const std::string& part : wrong.says) EXPECT_THAT(outcome.output, HasSubstr(part));
  }
  std::filesystem::remove(Path("config"));
  EXPECT_EQ(Simulate({}).exit_code, 2);
}

TEST_F(SimulateCommandTest, SaysThatTheDiskIsFull) {
  std::filesystem::create_symlink("/dev/full", Path("x.csv"));
  const Outcome log = Simulate({"--episodes=1000", "--log=" + Path("x.csv"), "--output=" + Path("o.json")});
  EXPECT_EQ(log.exit_code, 1);
  EXPECT_THAT(log.output, AllOf(HasSubstr("x.csv': No space left on device"), Not(HasSubstr("steps/s"))));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("x.csv")));
  EXPECT_FALSE(std::filesystem::exists(Path("o.json")));
  std::filesystem::create_symlink("/dev/full", Path("o.json"));
  const Outcome output = Simulate({"--output=" + Path("o.json")});
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_THAT(output.output, HasSubstr("o.json': No space left on device"));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("o.json")));
}

// Through a pipe, which stays one: what is no regular file is never replaced.
TEST_F(SimulateCommandTest, TheReportGoesThroughAPipe) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  ChildProcess child = Start({"--output=" + Path("pipe"), "--log=" + Path("null.csv")});
  const json report = json::parse(Read(Path("pipe")));
  EXPECT_EQ(report["experiment"], "walk");
  EXPECT_EQ(Finish(child).exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_fifo(Path("pipe")));
  EXPECT_FALSE(std::filesystem::exists(Path("pipe.partial")));
}

TEST_F(SimulateCommandTest, TheReportGoesToStandardOutputBehindThePage) {
  const Outcome outcome = Simulate({"--output=/dev/stdout"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
  const size_t page = outcome.output.find("AverageEpisodeRewards"), report = outcome.output.find("{\n  \"experiment\"");
  EXPECT_LT(page, report);
  EXPECT_NE(report, std::string::npos) << outcome.output;
}

TEST_F(SimulateCommandTest, AnOutputFileBelongsToOneAtATime) {
  ChildProcess first = Start({"--episodes=1e9", "--output=" + Path("o.json"), "--log=" + Path("x.csv")});
  const Instant deadline = Instant::Now() + absl::Seconds(30);
  std::error_code error;
  while (Instant::Now() < deadline && !std::filesystem::exists(Path("x.csv.partial"), error)) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  ChildOptions options{
      "second", {std::string(RECBOTS_PROGRAM_DIR) + "/recbots", "simulate", Path("config")}, Path("out2")};
  for (const char* flag : {"--log", "--output"}) {
    options.arguments.resize(3);
    options.arguments.push_back(absl::StrCat(flag, "=", Path(flag == std::string("--log") ? "x.csv" : "o.json")));
    auto second = ChildProcess::Start(options);
    ASSERT_TRUE(second.ok()) << second.status();
    EXPECT_TRUE(second->AwaitEnd(Instant::Now() + absl::Seconds(60)));
    EXPECT_EQ(second->exit_code(), 2);
    EXPECT_THAT(Read(Path("out2")), AllOf(HasSubstr(flag), HasSubstr(".partial' is in use by ")));
  }
  first.Signal(SIGTERM);
  EXPECT_EQ(Finish(first).exit_code, 130);
  EXPECT_GT(std::filesystem::file_size(Path("x.csv.partial"), error), 0u);
}

TEST_F(SimulateCommandTest, InterruptedItReportsWhatWasDone) {
  ChildProcess child = Start({"--episodes=1e9", "--output=" + Path("o.json"), "--log=" + Path("x.csv.gz")});
  const Instant deadline = Instant::Now() + absl::Seconds(30);
  std::error_code error;
  while (Instant::Now() < deadline &&
         !(std::filesystem::file_size(Path("x.csv.gz.partial"), error) > 100000 && !error)) {
    absl::SleepFor(absl::Milliseconds(5));
  }
  child.Signal(SIGINT);
  const Outcome outcome = Finish(child);
  EXPECT_EQ(outcome.exit_code, 130) << outcome.output;
  EXPECT_THAT(outcome.output, AllOf(HasSubstr("stopped: "), HasSubstr("of 1,000,000,000 episodes"),
                                    HasSubstr("AverageEpisodeRewards"), HasSubstr("x.csv.gz.partial")));
  EXPECT_FALSE(std::filesystem::exists(Path("x.csv.gz")));
  const json report = Report("o.json");
  const json& run = report["runs"][0];
  EXPECT_EQ(run["stopped"], true);
  EXPECT_GT(run["episodes"].get<int64_t>(), 0);
  const std::string rows = ReadGzip(Path("x.csv.gz.partial"));
  EXPECT_EQ(std::count(rows.begin(), rows.end(), '\n'), run["env_steps"].get<int64_t>() + 1);
}

}  // namespace
}  // namespace recbots
