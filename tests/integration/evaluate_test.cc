// `recbots evaluate` as a user meets it: logs of `recbots simulate` and of others, files, exit codes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "common/base/instant.h"
#include "deploy/cli/cluster/child_process.h"

namespace recbots {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

struct Outcome {
  int exit_code = 0;
  std::string output;  // Standard output and errors.
};

class EvaluateCommandTest : public ::testing::Test {
 protected:
  EvaluateCommandTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    dir_ = ::testing::TempDir() + "/evaluate_" + info->name() + "_" + std::to_string(getpid());
    std::filesystem::create_directories(dir_);
    std::ofstream(Path("config")) << "name: \"walk\" seed: 9 environment { document_browsing { num_documents: 4 } }\n";
  }
  ~EvaluateCommandTest() override { std::filesystem::remove_all(dir_); }

  std::string Path(const std::string& name) const { return dir_ + "/" + name; }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Outcome Run(const std::string& command, const std::vector<std::string>& arguments) {
    ChildOptions options;
    options.name = command;
    options.log_path = Path("out");
    options.arguments = {std::string(RECBOTS_PROGRAM_DIR) + "/recbots", command};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    auto child = ChildProcess::Start(options);
    EXPECT_TRUE(child.ok()) << child.status();
    EXPECT_TRUE(child->AwaitEnd(Instant::Now() + absl::Seconds(120))) << Read(child->log_path());
    return {child->exit_code(), Read(child->log_path())};
  }
  // Plays the random policy.
  void Play(const std::string& log) {
    const Outcome played =
        Run("simulate", {Path("config"), "--policy=random", "--episodes=3000", "--log=" + Path(log)});
    EXPECT_EQ(played.exit_code, 0) << played.output;
  }
  json Report(const std::string& name) const { return json::parse(Read(Path(name))); }
  std::string Write(const std::string& name, const std::string& content) const {
    std::ofstream(Path(name)) << content;
    return "--log=" + Path(name);
  }

  std::string dir_;
};

// The policy that was played has weights of 1: every estimate is what the log earned. Formats do not matter, nor do
// threads.
TEST_F(EvaluateCommandTest, APolicyIsWorthWhatItsOwnLogEarned) {
  std::string want;
  for (const std::string log : {"x.csv", "x.jsonl.gz"}) {
    Play(log);
    for (const char* threads : {"--threads=1", "--threads=3"}) {
      const Outcome outcome =
          Run("evaluate", {Path("config"), "--log=" + Path(log), "--policy=random", "--bootstrap=100", threads,
                           "--output=" + Path("o.json"), "--card=" + Path("card.html")});
      EXPECT_EQ(outcome.exit_code, 0) << outcome.output;
      EXPECT_THAT(outcome.output, HasSubstr("verdict: tells\n"));
      json report = Report("o.json");
      report.erase("log");
      if (want.empty()) want = report.dump();
      EXPECT_EQ(report.dump(), want) << log << " " << threads;
      EXPECT_THAT(Read(Path("card.html")), HasSubstr("</html>"));
    }
  }
  const json report = json::parse(want);
  for (const json& estimate : report["estimates"]) {
    if (estimate["estimator"] == "dm" || estimate["estimator"] == "dr_os") continue;  // These are of a model, in part.
    const json& logged = estimate["of"] == "session" ? report["logged_session"] : report["logged_slate"];
    EXPECT_NEAR(estimate["value"].get<double>(), logged["value"].get<double>(), 1e-6) << estimate["estimator"];
  }
}

// Another policy, and what it is worth when it is played: within 5 standard errors of both.
TEST_F(EvaluateCommandTest, TheTruthIsShownBesideEveryEstimate) {
  Play("x.csv.gz");
  const Outcome outcome = Run("evaluate", {Path("config"), "--log=" + Path("x.csv.gz"), "--policy=row_argmax",
                                           "--softmax=4", "--truth", "--episodes=20000", "--json", "--bootstrap=0"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.output;
  const json report = json::parse(outcome.output);
  ASSERT_EQ(report["truth"].size(), 1U);
  const double truth = report["truth"][0]["value"].get<double>();
  int compared = 0;
  for (const json& estimate : report["estimates"]) {
    if (estimate["of"] != "session") continue;
    const double error =
        std::hypot(estimate["standard_error"].get<double>(), report["truth"][0]["standard_error"].get<double>());
    EXPECT_NEAR(estimate["value"].get<double>(), truth, 5 * error) << estimate["estimator"];
    EXPECT_NEAR(estimate["error"].get<double>(), estimate["value"].get<double>() - truth, 1e-9);
    ++compared;
  }
  EXPECT_EQ(compared, 4);
}

TEST_F(EvaluateCommandTest, LogsThatCannotTellEndWithThree) {
  const Outcome none = Run("evaluate", {Write("a.csv", "item,clicked\na,1\nb,0\n"), "--policy=uniform"});
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_THAT(none.output, HasSubstr("Without propensities no log can tell"));
  const Outcome few =
      Run("evaluate", {Write("b.csv", "item,clicked,item_propensity\na,1,0.5\nb,0,0.5\n"), "--policy=uniform"});
  EXPECT_EQ(few.exit_code, 3);
  EXPECT_THAT(few.output,
              HasSubstr("verdict: cannot tell\nThis log cannot tell what policy uniform is worth: only 1 of 2"));
}

TEST_F(EvaluateCommandTest, BadLogsAndFlagsEndWithTwo) {
  const std::string good = Write("a.csv", "item,clicked,item_propensity\na,1,0.5\nb,0,0.5\n");
  const auto refused = [&](const std::vector<std::string>& arguments, const std::string& says) {
    const Outcome outcome = Run("evaluate", arguments);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.output;
    EXPECT_THAT(outcome.output, HasSubstr(says));
  };
  refused({}, "no --log, want --log=FILE");
  refused({"--log=" + Path("absent.csv")}, "absent.csv");
  refused({Write("b.csv", "item,clicked,item_propensity\na,1,2\n")}, "b.csv:2: column 'item_propensity': '2'");
  refused({good, "--policy=random"}, "want uniform");
  refused({good, "--truth"}, "--truth without CONFIG");
  refused({good, "--policy=uniform", "--estimators=best"}, "estimator 'best', want ips, ");
  refused({good, "--format=parquet"}, "want recbots or obd");
  refused({good, "--session_gap=long"}, "want a time above 0 such as 30m");
  refused({good, "--policy=uniform", "--num_items=1"}, "but the log shows 2 items");
  refused({Path("config"), good}, "no --policy");
  refused({Path("config"), good, "--policy=nobody"}, "policy 'nobody', want");
  refused({Path("config"), good, "--policy=random"}, "columns observation.I, want 4");
}

}  // namespace
}  // namespace recbots
