// `recbots reproduce slateq` as a user meets it, on runs of a second.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "deploy/cli/cluster/child_process.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kConfig[] = R"(
name: "interest_evolution_paper"
environment { interest_evolution {} }
algorithm { slate_q { legacy_no_click_zero: true q { hidden_units: 8 second_hidden_units: 8 discount: 1 value_scale: 100 } } }
replay { table { capacity_rows: 5000 rate_limiter { min_size: 500 samples_per_insert: 2 error_buffer: 1000 } } }
learner { batch_size: 32 batches_in_flight: 2 publish_updates: 20 }
evaluator { exact: false episodes: 50 every_updates: 50 }
goal { max_env_steps: 100000 }
)";

class ReproduceTest : public ::testing::Test {
 protected:
  ReproduceTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    dir_ = ::testing::TempDir() + "/reproduce_" + info->name() + "_" + std::to_string(getpid());
    std::filesystem::create_directories(dir_);
    std::ofstream(Path("interest_evolution_paper.textproto")) << kConfig;
  }
  ~ReproduceTest() override { std::filesystem::remove_all(dir_); }

  std::string Path(const std::string& name) const { return dir_ + "/" + name; }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  ChildProcess Start(const std::vector<std::string>& flags) {
    ChildOptions options;
    options.name = "reproduce";
    options.log_path = Path("log");
    options.arguments = {std::string(RECBOTS_PROGRAM_DIR) + "/recbots", "reproduce", "slateq"};
    for (const std::string& flag : {"--config_dir=" + dir_, "--work=" + Path("work"), "--out=" + Path("page/p.md")}) {
      options.arguments.push_back(flag);
    }
    options.arguments.insert(options.arguments.end(), flags.begin(), flags.end());
    auto child = ChildProcess::Start(options);
    EXPECT_TRUE(child.ok()) << child.status();
    return *std::move(child);
  }
  // What it says, after it ended with `exit_code`.
  std::string Finish(ChildProcess& child, int exit_code) {
    EXPECT_TRUE(child.AwaitEnd(Instant::Now() + absl::Minutes(5)));
    const std::string said = Read(child.log_path());
    EXPECT_EQ(child.exit_code(), exit_code) << said;
    return said;
  }
  std::string Reproduce(const std::vector<std::string>& flags, int exit_code) {
    ChildProcess child = Start(flags);
    return Finish(child, exit_code);
  }

  std::string dir_;
};

TEST_F(ReproduceTest, TrainsPlaysWritesAndGoesOnWhereItWas) {
  const std::vector<std::string> flags = {"--only=E1,E9", "--seeds=2", "--scale=0.02", "--episodes=200"};
  std::string said = Reproduce(flags, 0);
  EXPECT_THAT(said, AllOf(HasSubstr("4 runs of 2 experiments"), HasSubstr("0 finished before, 2 to train"),
                          HasSubstr("4/4 paper/ql-ot-os seed"), HasSubstr("trained in")));
  const std::string page = Read(Path("page/p.md"));
  EXPECT_THAT(page, AllOf(HasSubstr("| E1 | Random | 159.2 / 160.6 |"), HasSubstr("| E9 | QL-OT-OS | 174.6 |"),
                          HasSubstr("every run had 0.02 of its training steps"),
                          HasSubstr("![Reward over environment steps](p.svg)"), HasSubstr("fractional"),
                          Not(HasSubstr("nan"))));
  EXPECT_THAT(Read(Path("page/p.svg")), AllOf(HasSubstr("<polyline"), HasSubstr("best known")));
  const nlohmann::json report = nlohmann::json::parse(Read(Path("work/paper/ql-ot-os/seed-2/report.json")));
  EXPECT_GE(report["env_steps"].get<int64_t>(), 2000);
  EXPECT_LT(report["env_steps"].get<int64_t>(), 3000);

  // One run is there, the other one has to be run again: the same figures come of both.
  std::filesystem::remove(Path("work/paper/ql-ot-os/seed-1/weights.bin"));
  said = Reproduce(flags, 0);
  EXPECT_THAT(said,
              AllOf(HasSubstr("1 finished before, 1 to train"), HasSubstr("trained before"), HasSubstr("trained in")));
  const auto row = [](const std::string& text) { return text.substr(text.find("| E9"), 100); };
  EXPECT_EQ(row(Read(Path("page/p.md"))), row(page));
}

TEST_F(ReproduceTest, AFailedRunIsNamedAndTheOthersGoOn) {
  // A folder where the trainer wants to write its report.
  std::filesystem::create_directories(Path("work/paper/ql-ot-os/seed-1/report.json/x"));
  const std::string said = Reproduce({"--only=E9", "--seeds=2", "--scale=0.02", "--episodes=100", "--jobs=1"}, 1);
  EXPECT_THAT(said, AllOf(HasSubstr("paper/ql-ot-os seed 1 FAILED: ended with code 2; its last lines:"),
                          HasSubstr("report.json"), HasSubstr("2/2 paper/ql-ot-os seed 2: reward"),
                          HasSubstr("1 run(s) failed")));
  EXPECT_THAT(Read(Path("page/p.md")),
              AllOf(HasSubstr("| E9 | QL-OT-OS |"), HasSubstr("| paper/ql-ot-os | seed 1: ended")));
}

TEST_F(ReproduceTest, CtrlCEndsTheChildren) {
  ChildProcess child = Start({"--only=E9", "--seeds=2"});
  const std::string log = Path("work/paper/ql-ot-os/seed-1/evaluations.jsonl");
  const Instant deadline = Instant::Now() + absl::Minutes(2);
  std::error_code error;
  while (Instant::Now() < deadline &&
         !(std::filesystem::exists(log, error) && std::filesystem::file_size(log, error) > 0)) {
    absl::SleepFor(absl::Milliseconds(10));
  }
  child.Signal(SIGINT);
  EXPECT_THAT(Finish(child, 130), HasSubstr("interrupted; the same command goes on"));
  EXPECT_FALSE(std::filesystem::exists(Path("page/p.md")));
  // Told to end, a trainer writes how far it came.
  const nlohmann::json report = nlohmann::json::parse(Read(Path("work/paper/ql-ot-os/seed-1/report.json")));
  EXPECT_EQ(report["goal_reached"], false);
}

TEST_F(ReproduceTest, RefusesBadUsageBeforeAnythingStarts) {
  EXPECT_THAT(Reproduce({"--seeds=0"}, 2), HasSubstr("--seeds '0', want 1..100"));
  EXPECT_THAT(Reproduce({"--scale=2"}, 2), HasSubstr("--scale '2', want above 0, at most 1"));
  EXPECT_THAT(Reproduce({"--only=nothing"}, 2), HasSubstr("--only 'nothing': no such experiment"));
  EXPECT_THAT(Reproduce({"--out=page"}, 2), HasSubstr("want a name that ends in .md"));
  EXPECT_THAT(Reproduce({"dqn"}, 2), HasSubstr("reproduce 'slateq dqn', want slateq"));
  EXPECT_THAT(Reproduce({"--only=E10"}, 2), HasSubstr("experiment paper/fsq: "));
  EXPECT_FALSE(std::filesystem::exists(Path("work")));
}

TEST_F(ReproduceTest, ListsExperiments) {
  EXPECT_THAT(Reproduce({"--list"}, 0),
              HasSubstr("\npaper/ql-ot-os  interest_evolution_paper algorithm.slate_q.serving="));
}

}  // namespace
}  // namespace recbots
