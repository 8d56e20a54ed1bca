// A run of `recbots train` that is stopped and goes on gives the bytes of the run that was never stopped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/random.h"
#include "common/config/config.h"
#include "common/role/run_directory.h"
#include "deploy/cli/train/trainer.h"
#include "tests/support/source_dir.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int64_t kUpdates = 240;

v1::ExperimentConfig Load(const std::string& name, const std::vector<std::string>& more = {}) {
  std::vector<std::string> overrides = {"goal.share_of_optimum=0",    "goal.share_of_gap=0",
                                        "goal.max_env_steps=0",       absl::StrCat("goal.max_updates=", kUpdates),
                                        "evaluator.episodes=50",      "evaluator.users=50",
                                        "evaluator.every_updates=80", "learner.checkpoint.interval_seconds=0"};
  overrides.insert(overrides.end(), more.begin(), more.end());
  const auto config = LoadExperimentConfig(testing::SourceDir() + "/deploy/config/" + name + ".textproto", overrides);
  EXPECT_TRUE(config.ok()) << config.status();
  return config.value_or(v1::ExperimentConfig());
}

// Trains until told to stop, which is after `questions` questions; returns the weights.
std::string Train(const v1::ExperimentConfig& config, const std::string& run_dir, int64_t questions,
                  std::vector<double>* values = nullptr) {
  auto trainer = Trainer::Create(config, run_dir);
  EXPECT_TRUE(trainer.ok()) << trainer.status();
  if (!trainer.ok()) return "";
  if ((*trainer)->ended().has_value()) return (*trainer)->EncodeWeights();
  const auto note = [values](const v1::Evaluation& evaluation) {
    if (values != nullptr) values->push_back(evaluation.value());
  };
  const absl::Status status =
      (*trainer)->Run([&questions] { return questions-- <= 0; }, [](const std::string&) {}, note);
  EXPECT_TRUE(status.ok()) << status;
  return (*trainer)->EncodeWeights();
}

constexpr int64_t kNever = int64_t{1} << 60;

class TrainResumeTest : public ::testing::TestWithParam<const char*> {};

void ExpectTheSameBytes(const v1::ExperimentConfig& config) {
  std::vector<double> values;
  const std::string whole = Train(config, "", kNever, &values);
  // Questions are asked at every update, every step, and every step of an evaluation, so that stops fall everywhere.
  Rng draws(2026, Purpose::kTest, {0, 0, 0});
  for (int round = 0; round < 3; ++round) {
    const testing::TempFolder folder;
    std::vector<double> pieces;
    std::string stops;
    for (int stop = 0; stop < 4; ++stop) {
      const auto questions = static_cast<int64_t>(draws.Index(500));
      absl::StrAppend(&stops, " ", questions);
      Train(config, folder.path(), questions, &pieces);
    }
    const std::string weights = Train(config, folder.path(), kNever, &pieces);
    EXPECT_EQ(weights, whole) << "stops after" << stops << " questions";
    EXPECT_EQ(pieces, values) << "stops after" << stops << " questions";
  }
}

TEST_P(TrainResumeTest, StoppedAnywhereItGivesTheSameBytes) { ExpectTheSameBytes(Load(GetParam())); }

// What a learner does beside plain updates, all at once.
TEST_P(TrainResumeTest, StoppedAnywhereItGivesTheSameBytesWithEveryOption) {
  const std::string name = GetParam();
  if (name == "interest_evolution_fsq" || name == "long_term_satisfaction_hard") GTEST_SKIP() << "the others do";
  ExpectTheSameBytes(
      Load(name, {"learner.updates_per_batch=3", "learner.weights_averaging=0.9", "learner.publish_updates=7",
                  "algorithm.optimizer.clip_norm=1", "algorithm.optimizer.weight_decay=0.01",
                  "algorithm.optimizer.schedule=COSINE", "algorithm.optimizer.warmup_steps=50",
                  "algorithm.optimizer.decay_steps=150", "algorithm.optimizer.final_share=0.1"}));
}

INSTANTIATE_TEST_SUITE_P(Configurations, TrainResumeTest,
                         ::testing::Values("browse", "browse_prioritized", "interest_evolution",
                                           "interest_evolution_learned_clicks", "interest_evolution_proposal",
                                           "interest_evolution_fsq", "long_term_satisfaction_hard"),
                         [](const auto& test) { return std::string(test.param); });

TEST(ResumedRunTest, ARunThatHasEndedStaysAsItIs) {
  const testing::TempFolder folder;
  const v1::ExperimentConfig config = Load("browse");
  const std::string weights = Train(config, folder.path(), kNever);
  const std::string report = *ReadFile(folder.Path(kReportFile));
  auto again = Trainer::Create(config, folder.path());
  ASSERT_TRUE(again.ok()) << again.status();
  ASSERT_TRUE((*again)->ended().has_value());
  EXPECT_TRUE((*again)->ended()->goal_reached);
  EXPECT_EQ(*ReadFile(folder.Path(kReportFile)), report);
}

TEST(ResumedRunTest, ALargerGoalGoesOn) {
  const testing::TempFolder folder;
  Train(Load("browse"), folder.path(), kNever);
  const v1::ExperimentConfig larger = Load("browse", {absl::StrCat("goal.max_updates=", 2 * kUpdates)});
  auto trainer = Trainer::Create(larger, folder.path());
  ASSERT_TRUE(trainer.ok()) << trainer.status();
  ASSERT_TRUE((*trainer)->resumed().has_value());
  EXPECT_FALSE((*trainer)->ended().has_value());
  EXPECT_FALSE(fs::exists(folder.Path(kReportFile))) << "it does not pass for a run that has ended";
  ASSERT_TRUE((*trainer)->Run([] { return false; }, [](const std::string&) {}).ok());
  EXPECT_EQ((*trainer)->report().end.updates, 2 * kUpdates);
}

TEST(ResumedRunTest, OtherSettingsAreRefusedByNameAndFreshPutsTheRunAside) {
  const testing::TempFolder folder;
  Train(Load("browse"), folder.path(), 300);
  const v1::ExperimentConfig other = Load("browse", {"actor.users=16", "seed=7"});
  const absl::Status refused = Trainer::Create(other, folder.path()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(
      std::string(refused.message()),
      AllOf(HasSubstr("actor.users: "), HasSubstr(" there, 16 here; seed: 42 there, 7 here. "), HasSubstr("--fresh")));
  EXPECT_TRUE(fs::exists(folder.Path("checkpoints/00000001.manifest"))) << "nothing was touched";
  const auto fresh = Trainer::Create(other, folder.path(), nullptr, /*fresh=*/true);
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_FALSE((*fresh)->resumed().has_value());
  EXPECT_TRUE(fs::exists(folder.Path("previous/checkpoints/00000001.manifest")));
  EXPECT_TRUE(fs::exists(folder.Path("previous/replay")));
}

TEST(ResumedRunTest, NetworksOfAnotherRunAreTakenAsFarAsTheyFit) {
  const testing::TempFolder other;
  Train(Load("browse"), other.path(), kNever);
  const v1::ExperimentConfig next = Load("browse", {"environment.document_browsing.matrix_seed=7"});
  auto trainer = Trainer::Create(next, "", nullptr, /*fresh=*/false, other.path());
  ASSERT_TRUE(trainer.ok()) << trainer.status();
  EXPECT_EQ((*trainer)->taken_over(),
            absl::StrCat("begins with the networks of '", other.path(), "' at update ", kUpdates));
  const std::string before = (*trainer)->EncodeWeights();
  EXPECT_NE(before, Trainer::Create(next).value()->EncodeWeights());
  ASSERT_TRUE((*trainer)->Run([] { return false; }, [](const std::string&) {}).ok());
  EXPECT_EQ((*trainer)->report().end.updates, kUpdates) << "it counts from 0";
  const v1::ExperimentConfig smaller = Load("browse", {"environment.document_browsing.num_documents=8"});
  const auto partly = Trainer::Create(smaller, "", nullptr, false, other.path());
  ASSERT_TRUE(partly.ok()) << partly.status();
  EXPECT_THAT((*partly)->taken_over(), HasSubstr("; not taken: '"));
  EXPECT_EQ(Trainer::Create(next, "", nullptr, false, other.Path("none")).status().code(), absl::StatusCode::kNotFound);
}

// The rows of the newest checkpoint are damaged: the one before has rows of its own.
TEST(ResumedRunTest, StateAndRowsOfOneMomentAreTaken) {
  const v1::ExperimentConfig config = Load("browse");
  const std::string whole = Train(config, "", kNever);
  const testing::TempFolder folder;
  for (const int64_t updates : {100, 170}) {
    auto part = Trainer::Create(config, folder.path());
    ASSERT_TRUE(part.ok()) << part.status();
    ASSERT_TRUE((*part)->Run([&] { return (*part)->updates() >= updates; }, [](const std::string&) {}).ok());
  }
  const std::string newest = folder.Path("replay/shard-0/manifest-000000000002");
  ASSERT_TRUE(fs::exists(newest)) << "both stops have rows of their own";
  ASSERT_TRUE(WriteFile(newest, "cut").ok());
  auto trainer = Trainer::Create(config, folder.path());
  ASSERT_TRUE(trainer.ok()) << trainer.status();
  EXPECT_EQ((*trainer)->resumed()->manifest.sequence(), 1);
  ASSERT_TRUE((*trainer)->Run([] { return false; }, [](const std::string&) {}).ok());
  EXPECT_EQ((*trainer)->EncodeWeights(), whole);
  // Nothing is lost where nothing is whole: it says so.
  for (const auto& entry : fs::directory_iterator(folder.Path("checkpoints"))) {
    ASSERT_TRUE(WriteFile(entry.path(), "cut").ok());
  }
  trainer->reset();
  EXPECT_EQ(Trainer::Create(config, folder.path()).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace recbots
