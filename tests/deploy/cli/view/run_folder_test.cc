#include "deploy/cli/view/run_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/file_lock.h"
#include "deploy/cli/view/run_view.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kConfig[] =
    R"(name: "mine" seed: 7 environment { document_browsing {} } algorithm { slate_q {} } goal { max_updates: 1000 })";
constexpr char kReport[] =
    R"({"experiment": "mine", "seed": 7, "goal_reached": true, "ended_by": "all updates done", "value": 3.5, "value_ci95": 0.25,
        "share_of_gap": 0.75, "updates": 1000, "env_steps": 4000, "wall_seconds": 61.5, "evaluations": 2, "version": "9.8",
        "references": [{"name": "random", "value": 1, "value_ci95": 0.1}, {"name": "best", "value": 4, "value_ci95": 0}], "optimum": 5})";
constexpr char kCurve[] =
    R"({"env_steps": 100, "updates": 10, "wall_seconds": 1, "value": 3.75, "value_ci95": 0.5, "share_of_gap": 0.9, "share_of_optimum": null}
{"env_steps": 4000, "updates": 1000, "wall_seconds": 61, "value": 3.5, "value_ci95": 0.25, "share_of_gap": 0.75, "share_of_optimum": 0.7}
)";

class RunFolderTest : public ::testing::Test {
 protected:
  RunFolderTest()
      : root_(absl::StrCat(::testing::TempDir(), "/runs_", getpid(), "_",
                           ::testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(root_);
  }
  ~RunFolderTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    const std::string whole = root_ + "/" + path;
    std::filesystem::create_directories(std::filesystem::path(whole).parent_path());
    ASSERT_TRUE(WriteFile(whole, text).ok());
  }
  RunFolder Read(const std::string& name) {
    const absl::StatusOr<RunFolder> run = ReadRunFolder(root_ + "/" + name);
    EXPECT_TRUE(run.ok()) << run.status();
    return run.value_or(RunFolder());
  }

  const std::string root_;
};

TEST_F(RunFolderTest, ReadsARunThatHasEnded) {
  Write("a/config.textproto", kConfig);
  Write("a/report.json", kReport);
  Write("a/evaluations.jsonl", kCurve);
  Write("a/metrics.csv", "updates,env_steps,lag_p50_updates,value\n10,100,,3.75\n990,3900,12,3.5\n");
  const RunFolder run = Read("a");
  EXPECT_EQ(run.stage, RunStage::kEnded);
  EXPECT_EQ(run.experiment(), "mine");
  EXPECT_EQ(run.algorithm(), "slate_q");
  EXPECT_EQ(run.environment(), "document_browsing");
  EXPECT_EQ(run.seed(), 7U);
  EXPECT_EQ(run.Ending(), "all updates done");
  EXPECT_EQ(run.last_value(), 3.5);
  EXPECT_EQ(run.best_value(), 3.75);
  EXPECT_EQ(run.share_of_gap(), 0.75);
  EXPECT_EQ(run.updates(), 1000);
  EXPECT_EQ(run.wall_seconds(), 61.5);
  EXPECT_THAT(run.troubles, ElementsAre());
  EXPECT_GT(run.bytes, 500);

  const RunView view = ViewOfFolder(run);
  EXPECT_EQ(view.values.at("lag_updates_p50"), 12);
  ASSERT_EQ(view.references.size(), 3U);
  EXPECT_EQ(view.references[2].name, "optimum");
  EXPECT_EQ(view.share_of_gap, 0.75);
  EXPECT_EQ(view.goal_updates, 1000);
  EXPECT_THAT(view.curve_values, ElementsAre(3.75, 3.5));
  const Json json = ViewJson(view);
  EXPECT_EQ(json["stage"], "ended");
  EXPECT_EQ(json["value"], 3.5);
  EXPECT_EQ(json["share_done"], 1.0);
}

TEST_F(RunFolderTest, ReadsWhatAKilledRunHasLeft) {
  Write("a/config.textproto", kConfig);
  Write("a/evaluations.jsonl", absl::StrCat(kCurve, R"({"env_steps": 5000, "upda)"));
  Write("a/metrics.csv", "updates,env_steps\n1500,6000\n16");
  Write("a/checkpoints/00000001.manifest", "");
  Write("a/run.lock", "");  // Nobody holds it.
  const RunFolder run = Read("a");
  EXPECT_EQ(run.stage, RunStage::kBroken);
  EXPECT_THAT(run.Ending(), HasSubstr("can go on from its checkpoint"));
  EXPECT_EQ(run.curve.size(), 2U);
  EXPECT_EQ(run.updates(), 1500);
  EXPECT_EQ(run.last_value(), 3.5);
  EXPECT_THAT(run.troubles, ElementsAre("1 line(s) of evaluations.jsonl are no evaluation"));
}

TEST_F(RunFolderTest, KnowsWhetherAProcessHasIt) {
  Write("a/config.textproto", kConfig);
  {
    const absl::StatusOr<FileLock> lock = FileLock::Acquire(root_ + "/a/run.lock", "a test");
    ASSERT_TRUE(lock.ok()) << lock.status();
    const RunFolder run = Read("a");
    EXPECT_EQ(run.stage, RunStage::kRuns);
    EXPECT_THAT(run.Ending(), HasSubstr("runs: a test (process "));
  }
  EXPECT_EQ(Read("a").stage, RunStage::kBroken);
}

TEST_F(RunFolderTest, DamagedFilesAreNamedAndTheRestIsRead) {
  Write("a/config.textproto", "name: \"x\" nonsense");
  Write("a/report.json", "{\"value\": 3");
  Write("a/evaluations.jsonl", kCurve);
  const RunFolder run = Read("a");
  EXPECT_EQ(run.troubles.size(), 2U);
  EXPECT_EQ(run.last_value(), 3.5);
  EXPECT_EQ(run.algorithm(), "");
}

// Numbers of another type, as another program may write them, are no numbers.
TEST_F(RunFolderTest, WrongTypesAreLeftOut) {
  Write("a/report.json", R"({"value": "high", "updates": null, "references": {"a": 1}, "seed": -3, "ended_by": 4})");
  const RunFolder run = Read("a");
  EXPECT_FALSE(run.last_value().has_value());
  EXPECT_EQ(run.updates(), 0);
  EXPECT_EQ(run.seed(), 0U);
  EXPECT_TRUE(ViewOfFolder(run).references.empty());
}

TEST_F(RunFolderTest, FindsRunsButNotWhatTheyKeep) {
  Write("b/report.json", kReport);
  Write("a/config.textproto", kConfig);
  Write("a/previous/report.json", kReport);
  Write("deep/er/c/evaluations.jsonl", "");
  Write("none/notes.txt", "");
  std::filesystem::create_directory_symlink(root_, root_ + "/circle");
  const absl::StatusOr<std::vector<std::string>> runs = FindRuns(root_);
  ASSERT_TRUE(runs.ok()) << runs.status();
  const std::string root = std::filesystem::path(root_).lexically_normal().string();
  EXPECT_THAT(*runs, ElementsAre(root + "/a", root + "/b", root + "/deep/er/c"));
  EXPECT_TRUE(absl::IsNotFound(FindRuns(root_ + "/nowhere").status()));
  EXPECT_TRUE(absl::IsNotFound(ReadRunFolder(root_ + "/none").status()));
}

TEST(RunViewTest, ReadsThePagesOfALearner) {
  const Json status = Json::parse(
      R"({"experiment": "mine", "algorithm": "slate_q", "doing": "training", "updates": 500, "env_steps": 2000, "wall_seconds": 30,
          "goal": {"max_updates": 1000, "share_of_gap": 0, "reached": null}, "bound_by": "actors", "what_to_do": "More actors.",
          "values": {"updates_per_second": 20, "loss.q": null}, "references": [{"name": "random", "value": 1, "value_ci95": 0}],
          "new_evaluations": [{"value": 2, "value_ci95": 0.1, "share_of_gap": 0.5, "share_of_optimum": null}]})");
  const Json roles =
      Json::parse(R"({"roles": [{"role": "actor", "name": "h/1", "state": "lost", "weights": {"lag_updates": 3}}]})");
  const Json series = Json::parse(R"({"series": {"value": {"x": [10, 20], "mean": [1, 2.5]}}})");
  const RunView view = ViewOfPages("http://h:1", status, roles, series);
  EXPECT_EQ(view.value, 2);
  EXPECT_EQ(view.best_value, 2.5);
  EXPECT_EQ(view.values.size(), 1U);
  EXPECT_EQ(ShareDone(view), 0.5);
  EXPECT_EQ(view.roles.at(0).lag_updates, 3);
  EXPECT_EQ(view.ending, "training");
  // A server of somebody else: nothing is known, and nothing fails.
  EXPECT_FALSE(ViewOfPages("http://h:1", Json::parse("[1]"), Json(), Json()).value.has_value());
}

}  // namespace
}  // namespace recbots
