#include "deploy/cli/reproduce/run_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/config/config.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;

class RunPlanTest : public ::testing::Test {
 protected:
  RunPlanTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    dir_ = ::testing::TempDir() + "/run_plan_" + info->name() + "_" + std::to_string(getpid());
    std::filesystem::create_directories(dir_);
    Write("small.textproto",
          "name: \"small\" environment { interest_evolution {} } algorithm { slate_q {} }\n"
          "actor { policy_share_annealing_steps: 500 }\n"
          "goal { max_env_steps: 20000 share_of_gap: 0.9 max_seconds: 5 }\n");
    experiment_.name = "some/small";
    experiment_.config = "small";
    experiment_.overrides = {"algorithm.slate_q.serving=GREEDY"};
  }
  ~RunPlanTest() override { std::filesystem::remove_all(dir_); }

  void Write(const std::string& name, const std::string& text) const { std::ofstream(dir_ + "/" + name) << text; }
  PlannedRun Plan(double scale = 1) const {
    return PlanRuns({experiment_}, {dir_, dir_ + "/work", 1, scale}).value().front();
  }
  // What a run of `recbots-train` leaves.
  static void Finish(const PlannedRun& run, const std::string& report) {
    std::ofstream(run.run_dir + "/config.textproto") << PrintExperimentConfig(run.config);
    std::ofstream(run.run_dir + "/weights.bin") << "weights";
    std::ofstream(run.run_dir + "/report.json") << report;
    std::ofstream(run.run_dir + "/evaluations.jsonl")
        << "{\"env_steps\":5,\"value\":161}\n{\"env_steps\":9,\"value\":170}\n";
  }

  std::string dir_;
  Experiment experiment_;
};

constexpr char kGoodReport[] =
    R"({"goal_reached":true,"wall_seconds":12.5,"losses":{"q_loss":0.5,"click_log_likelihood":-1.25,"bad":null}})";

TEST_F(RunPlanTest, RunsEndByEnvStepsAlone) {
  const PlannedRun run = Plan();
  EXPECT_EQ(run.name, "some/small seed 1");
  EXPECT_EQ(run.run_dir, dir_ + "/work/some/small/seed-1");
  EXPECT_EQ(run.config.goal().max_env_steps(), 20000);
  EXPECT_EQ(run.config.goal().share_of_gap(), 0);
  EXPECT_EQ(run.config.goal().max_seconds(), 0);
  EXPECT_EQ(run.config.algorithm().slate_q().serving(), v1::GREEDY);
  // The command gives the same configuration.
  EXPECT_EQ(PrintExperimentConfig(LoadExperimentConfig(run.config_path, run.overrides).value()),
            PrintExperimentConfig(run.config));
  EXPECT_THAT(CommandOf(run, "/bin"),
              AllOf(Contains("/bin/recbots-train"), Contains("--run_dir=" + run.run_dir),
                    Contains("--set=algorithm.slate_q.serving=GREEDY"), Contains("--set=seed=1")));
}

TEST_F(RunPlanTest, ScaleShortensTrainingAndWhatChangesOverIt) {
  const PlannedRun run = Plan(0.1);
  EXPECT_EQ(run.config.goal().max_env_steps(), 2000);
  EXPECT_EQ(run.config.actor().policy_share_annealing_steps(), 50);
  EXPECT_EQ(Plan(0.001).config.goal().max_env_steps(), 1000);  // min_size.
}

TEST_F(RunPlanTest, SeedsCountFromOneAndClustersHaveOne) {
  const auto runs = PlanRuns({experiment_}, {dir_, dir_, 3, 1}).value();
  ASSERT_EQ(runs.size(), 3u);
  EXPECT_EQ(runs[2].seed, 3u);
  EXPECT_EQ(runs[2].config.seed(), 3u);
  experiment_.cluster = true;
  const auto clusters = PlanRuns({experiment_}, {dir_, dir_, 3, 1}).value();
  ASSERT_EQ(clusters.size(), 1u);
  EXPECT_THAT(CommandOf(clusters[0], "/bin"), IsSupersetOf({"/bin/recbots", "cluster"}));
}

TEST_F(RunPlanTest, TheSameRunOfTwoExperimentsIsPlannedOnce) {
  Experiment twin = experiment_, other = experiment_;
  twin.name = "another/small";
  twin.overrides.push_back("goal.max_env_steps=20000");  // As it is.
  other.name = "other";
  other.overrides.push_back("goal.max_env_steps=30000");
  const auto runs = PlanRuns({experiment_, twin, other}, {dir_, dir_, 2, 1}).value();
  ASSERT_EQ(runs.size(), 6u);
  EXPECT_EQ(runs[1].same_as, std::nullopt);
  EXPECT_EQ(runs[3].same_as, 1u);
  EXPECT_EQ(runs[3].run_dir, runs[1].run_dir);
  EXPECT_EQ(runs[5].same_as, std::nullopt);
}

TEST_F(RunPlanTest, RefusesWhatCannotBeTrainedByName) {
  const auto refused = [this](const std::string& config, const std::string& says) {
    Write("small.textproto", config);
    const absl::Status status = PlanRuns({experiment_}, {dir_, dir_, 1, 1}).status();
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr("experiment some/small: "), HasSubstr(says)));
  };
  refused("environment { interest_evolution {} } algorithm { slate_q {} }", "goal.max_env_steps 0");
  refused("environment { interest_evolution {} } goal { max_env_steps: 9 speed: 1 }", "speed");
  experiment_.overrides.clear();
  refused("environment { interest_evolution {} } goal { max_env_steps: 2000 }", "algorithm");
  experiment_.config = "none";
  refused("", "none.textproto");
}

TEST_F(RunPlanTest, AReferenceNeedsNoAlgorithm) {
  Write("small.textproto", "environment { interest_evolution {} }");
  experiment_.overrides.clear();
  experiment_.reference = "random";
  EXPECT_FALSE(Plan().trains);
}

TEST_F(RunPlanTest, ARunIsFinishedWithItsConfigurationItsWeightsAndAGoodReport) {
  const PlannedRun run = Plan();
  EXPECT_FALSE(IsFinished(run));
  ASSERT_TRUE(PrepareDirectory(run).ok());
  EXPECT_FALSE(IsFinished(run));
  Finish(run, kGoodReport);
  EXPECT_TRUE(IsFinished(run));
  EXPECT_FALSE(IsFinished(Plan(0.5)));  // Other settings.
  for (const char* report : {"", "[]", "{}", R"({"goal_reached":false,"wall_seconds":3})"}) {
    Finish(run, report);  // Interrupted.
    EXPECT_FALSE(IsFinished(run)) << report;
  }
  Finish(run, kGoodReport);
  std::filesystem::remove(run.run_dir + "/weights.bin");
  EXPECT_FALSE(IsFinished(run));
  Finish(run, kGoodReport);
  ASSERT_TRUE(PrepareDirectory(run).ok());  // Takes the old results out.
  EXPECT_FALSE(IsFinished(run));
}

TEST_F(RunPlanTest, ReadsWhatARunLeft) {
  const PlannedRun run = Plan();
  ASSERT_TRUE(PrepareDirectory(run).ok());
  EXPECT_FALSE(ReadRun(run).ok());
  Finish(run, kGoodReport);
  const SeedResult result = ReadRun(run).value();
  EXPECT_EQ(result.seed, 1u);
  EXPECT_EQ(result.train_seconds, 12.5);
  EXPECT_THAT(result.losses, ElementsAre(std::pair("click_log_likelihood", -1.25), std::pair("q_loss", 0.5)));
  EXPECT_EQ(result.curve.size(), 2u);
}

TEST_F(RunPlanTest, NotesAreReadBackForTheSameNumberOfUsers) {
  const PlannedRun run = Plan();
  ASSERT_TRUE(PrepareDirectory(run).ok());
  SeedResult result, read;
  EXPECT_FALSE(ReadNotes(run, 100, read));
  result.played = {170.5, 0.25, -0.5, std::nullopt};
  result.command_seconds = 3.5;
  WriteNotes(run, 100, result);
  EXPECT_FALSE(ReadNotes(run, 200, read));
  EXPECT_EQ(read.command_seconds, 3.5);
  ASSERT_TRUE(ReadNotes(run, 100, read));
  EXPECT_EQ(read.played.reward, 170.5);
  EXPECT_EQ(read.played.reward_standard_error, 0.25);
  EXPECT_EQ(read.played.quality, -0.5);
  EXPECT_EQ(read.played.click_percent, std::nullopt);
  std::ofstream(run.run_dir + "/reproduce.json") << "damaged";
  EXPECT_FALSE(ReadNotes(run, 100, read));
}

}  // namespace
}  // namespace recbots
