#include "actor/client/experiment_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "actor/client/make_scenario.h"
#include "common/base/file.h"
#include "common/config/config.h"
#include "common/wire/experiment_identity.h"
#include "tests/support/source_dir.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

v1::ExperimentConfig Config(const std::string& name, const std::vector<std::string>& overrides = {}) {
  auto config =
      LoadExperimentConfig(absl::StrCat(testing::SourceDir(), "/deploy/config/", name, ".textproto"), overrides);
  EXPECT_TRUE(config.ok()) << config.status();
  return *std::move(config);
}

v1::ExperimentIdentity Identity(const std::string& name, const std::vector<std::string>& overrides = {}) {
  auto identity = ExperimentIdentityOf(Config(name, overrides));
  EXPECT_TRUE(identity.ok()) << identity.status();
  return *std::move(identity);
}

v1::ExperimentIdentity Shared(const std::string& name, const std::vector<std::string>& overrides = {}) {
  const v1::ExperimentConfig config = Config(name, overrides);
  const auto scenario = MakeScenario(config.environment(), config.seed());
  EXPECT_TRUE(scenario.ok()) << scenario.status();
  auto shared = SharedConfigurationOf(config, **scenario);
  EXPECT_TRUE(shared.ok()) << shared.status();
  return *std::move(shared);
}

// What an override changes; "": nothing.
std::string Change(const std::string& name, const std::vector<std::string>& overrides) {
  return IdentityDifference(Identity(name, overrides), "there", Identity(name), "here");
}
std::string SharedChange(const std::string& name, const std::vector<std::string>& overrides) {
  return IdentityDifference(Shared(name, overrides), "there", Shared(name), "here");
}

class ExperimentIdentityTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = folder_.Path(name);
    EXPECT_TRUE(WriteFile(path, content).ok());
    return path;
  }
  testing::TempFolder folder_;
};

TEST_F(ExperimentIdentityTest, IsWhatRowsMean) {
  EXPECT_EQ(Change("browse", {"environment.document_browsing.matrix_seed=7"}),
            "environment.document_browsing.matrix_seed: 7 there, 42 here");
  EXPECT_EQ(Change("browse", {"environment.document_browsing.exit_probability_refused=0.25"}),
            "environment.document_browsing.exit_probability_refused: 0.25 there, 0.2 here");
  EXPECT_EQ(Change("browse", {"algorithm.wolpertinger.discount=0.9"}), "transition.discount: 0.9 there, 0.99 here");
  EXPECT_EQ(Change("browse", {"algorithm.wolpertinger.n_step=3"}), "transition.n_step: 3 there, 1 here");
  EXPECT_EQ(Change("browse", {"environment.users_per_session=2"}), "environment.users_per_session: 2 there, 1 here");
  EXPECT_EQ(Change("browse", {"environment.history.clock=4"}),
            "environment.history.clock: 4 there, 0 here; transition.columns.next_observation: float32 [14] there, "
            "float32 [10] here; transition.columns.observation: float32 [14] there, float32 [10] here");
  EXPECT_EQ(Change("interest_evolution", {"algorithm.slate_q.q.n_step=3"}), "transition.n_step: 3 there, 1 here");
  EXPECT_EQ(Change("interest_evolution", {"algorithm.slate_q.target=SARSA"}),
            "transition.columns.next_slate: int32 [3] there, not set here");
  EXPECT_EQ(Change("interest_evolution", {"environment.interest_evolution.reward=CLICKS"}),
            "environment.interest_evolution.reward: CLICKS there, WATCH_TIME here");
  EXPECT_EQ(Change("interest_evolution", {"environment.interest_evolution.choice.no_click_mass=2"}),
            "environment.interest_evolution.choice.no_click_mass: 2 there, 1 here");
}

TEST_F(ExperimentIdentityTest, IsNotHowRowsAreMadeKeptAndLearntFrom) {
  for (const char* text :
       {"name=other", "seed=2", "algorithm.wolpertinger.k=4", "algorithm.wolpertinger.learning_rate=0.01",
        "actor.users=2", "actor.policy_share_min=0.1", "learner.batch_size=64", "replay.table.capacity_rows=50000",
        "replay.table.sampler=PRIORITIZED", "replay.durable_writers=true", "evaluator.episodes=10",
        "goal.share_of_optimum=0.5", "agents.layers.epsilon=0.1", "agents.tabular_q.gamma=0.5"}) {
    EXPECT_EQ(Change("browse", {text}), "") << text;
  }
  EXPECT_EQ(Change("interest_evolution", {"environment.interest_evolution.fractional_rho=2"}), "")
      << "only a policy to compare with depends on it";
}

// Other algorithms may learn from the same rows.
TEST_F(ExperimentIdentityTest, DoesNotDependOnWhichAlgorithmItIs) {
  const v1::ExperimentIdentity slate_q = Identity("interest_evolution", {"algorithm.slate_q.q.discount=0.9"});
  const v1::ExperimentIdentity full_slate_q =
      Identity("interest_evolution", {"algorithm.full_slate_q={}", "algorithm.full_slate_q.q.discount=0.9"});
  EXPECT_EQ(IdentityDifference(slate_q, "", full_slate_q, ""), "");
}

TEST_F(ExperimentIdentityTest, ADefaultCountsTheSameSaidOrLeftOut) {
  EXPECT_EQ(Change("browse", {"environment.document_browsing.matrix_seed=42", "algorithm.wolpertinger.discount=0.99",
                              "environment.users_per_session=1", "environment.history.length=0"}),
            "");
  // Defaults that are the scenario's and not the message's.
  EXPECT_EQ(Change("interest_evolution", {"environment.interest_evolution.choice.kind=MULTINOMIAL_PROPORTIONAL",
                                          "environment.interest_evolution.choice.no_click_mass=1",
                                          "environment.interest_evolution.choice.attention_prob=0.65"}),
            "");
  EXPECT_EQ(Change("interest_exploration", {"environment.interest_exploration.user_type_distribution=0.3,0.7",
                                            "environment.interest_exploration.topic_distribution=0.2,0.8"}),
            "");
}

TEST_F(ExperimentIdentityTest, AFileCountsByWhatItHolds) {
  const std::string small = "environment.document_browsing.num_documents=2";
  const std::string k = "algorithm.wolpertinger.k=2";
  const auto with = [&](const std::string& setting) {
    return Identity("browse", {small, k, "environment.document_browsing." + setting});
  };
  const auto here = with("matrix_file=" + Write("w1.json", R"({"W": [[0.1, 0.9], [0.8, 0.2]]})"));
  const auto there = with("matrix_file=" + Write("w2.json", R"({"other": 1, "W": [[0.10, 9e-1], [0.8, 0.2]]})"));
  const auto listed = with("acceptance=0.1,0.9,0.8,0.2");
  const auto other = with("matrix_file=" + Write("w3.json", R"({"W": [[0.1, 0.9], [0.8, 0.3]]})"));
  EXPECT_EQ(IdentityDifference(here, "", there, ""), "");
  EXPECT_EQ(IdentityDifference(here, "", listed, ""), "");
  EXPECT_EQ(IdentityDifference(other, "there", here, "here"),
            "environment.document_browsing.acceptance: 0.1 0.9 0.8 0.3 there, 0.1 0.9 0.8 0.2 here");
  // A hundred numbers are named by their checksum.
  const std::string golden =
      absl::StrCat("environment.document_browsing.matrix_file=", testing::SourceDir(), "/tests/golden/browse/W_0.json");
  EXPECT_THAT(Change("browse", {golden}),
              AllOf(HasSubstr("environment.document_browsing.acceptance: 100 numbers, FNV-1a "),
                    HasSubstr("environment.document_browsing.matrix_seed: not set there, 42 here")));
  v1::ExperimentConfig gone = Config("browse");
  gone.mutable_environment()->mutable_document_browsing()->set_matrix_file("/no/such/file");
  EXPECT_EQ(ExperimentIdentityOf(gone).status().code(), absl::StatusCode::kInvalidArgument);
}

// Candidates that are drawn once, with the seed, are a part of the environment like a matrix.
TEST_F(ExperimentIdentityTest, TheSeedCountsWhereItDecidesWhatIsOffered) {
  for (const char* name : {"interest_evolution", "interest_exploration_x1", "long_term_satisfaction"}) {
    const std::string scenario = absl::StartsWith(name, "interest_exploration") ? "interest_exploration" : name;
    const std::string never = absl::StrCat("environment.", scenario, ".candidate_refresh=NEVER");
    const v1::ExperimentIdentity one = Identity(name, {never, "seed=1"});
    const std::string difference = IdentityDifference(Identity(name, {never, "seed=2"}), "there", one, "here");
    EXPECT_THAT(difference, HasSubstr("seed: 2 there, 1 here"));
    EXPECT_THAT(difference, ContainsRegex("catalogue: [0-9]+ items of [0-9]+ features, crc32c [0-9a-f]{8} there, "));
    const std::string clock = "environment.history.clock=5";
    EXPECT_EQ(IdentityDifference(Identity(name, {never, "seed=2", clock}), "there",
                                 Identity(name, {never, "seed=1", clock}), "here"),
              difference);
    const std::string every = absl::StrCat("environment.", scenario, ".candidate_refresh=EVERY_EPISODE");
    EXPECT_EQ(IdentityDifference(Identity(name, {every, "seed=2"}), "", Identity(name, {every}), ""), "") << name;
  }
}

TEST_F(ExperimentIdentityTest, EveryShippedConfigurationHasOneThatMayTravel) {
  int checked = 0;
  for (const auto& file : std::filesystem::directory_iterator(testing::SourceDir() + "/deploy/config")) {
    if (file.path().extension() != ".textproto") continue;
    const v1::ExperimentConfig config = Config(file.path().stem());
    const auto scenario = MakeScenario(config.environment(), config.seed());
    ASSERT_TRUE(scenario.ok()) << scenario.status();
    for (const auto& identity : {ExperimentIdentityOf(config, **scenario), SharedConfigurationOf(config, **scenario)}) {
      ASSERT_TRUE(identity.ok()) << file.path();
      EXPECT_TRUE(Says(*identity));
      EXPECT_TRUE(CheckIdentity(*identity).ok()) << file.path() << CheckIdentity(*identity);
      EXPECT_LT(identity->ByteSizeLong(), 16'000u) << file.path();
    }
    ++checked;
  }
  EXPECT_GE(checked, 10);
}

TEST_F(ExperimentIdentityTest, TheSharedConfigurationIsAlsoAlgorithmAndSeed) {
  EXPECT_EQ(SharedChange("browse", {"seed=2"}), "seed: 2 there, 42 here");
  EXPECT_EQ(SharedChange("browse", {"algorithm.wolpertinger.k=4"}), "algorithm.wolpertinger.k: 4 there, 3 here");
  EXPECT_EQ(SharedChange("browse", {"algorithm.wolpertinger.learning_rate=0.0010000001"}),
            "algorithm.wolpertinger.learning_rate: 0.0010000001 there, 0.001 here");
  EXPECT_EQ(SharedChange("browse", {"algorithm.wolpertinger.search_space=RAW"}),
            "algorithm.wolpertinger.search_space: RAW there, UNIT here");
  EXPECT_EQ(SharedChange("browse", {"environment.document_browsing.matrix_seed=7"}),
            "environment.document_browsing.matrix_seed: 7 there, 42 here");
  EXPECT_EQ(SharedChange("interest_evolution", {"environment.interest_evolution.fractional_rho=2"}),
            "environment.interest_evolution.fractional_rho: 2 there, 1.4 here")
      << "the evaluator's references";
  for (const char* text : {"name=other", "actor.users=1", "learner.batch_size=64", "replay.table.capacity_rows=50000",
                           "replay.table.sampler=PRIORITIZED", "replay.durable_writers=true", "evaluator.episodes=10",
                           "goal.share_of_optimum=0.5", "algorithm.wolpertinger.tau=0.01"}) {
    EXPECT_EQ(SharedChange("browse", {text}), "") << text;
  }
}

// "proposal {}" retrieves candidates, none considers all.
TEST_F(ExperimentIdentityTest, AMessageWhosePresenceMeansSomethingIsNotTheSameAsItsDefaults) {
  v1::ExperimentConfig without = Config("interest_evolution");
  without.mutable_algorithm()->mutable_slate_q()->clear_proposal();
  v1::ExperimentConfig with = without;
  with.mutable_algorithm()->mutable_slate_q()->mutable_proposal();
  const auto scenario = MakeScenario(with.environment(), with.seed());
  EXPECT_THAT(IdentityDifference(*SharedConfigurationOf(with, **scenario), "there",
                                 *SharedConfigurationOf(without, **scenario), "here"),
              HasSubstr("algorithm.slate_q.proposal: given there, not set here"));
  v1::ExperimentConfig said = without;
  said.mutable_algorithm()->mutable_slate_q()->mutable_q();
  EXPECT_EQ(SharedConfigurationOf(said, **scenario)->fingerprint(),
            SharedConfigurationOf(without, **scenario)->fingerprint());
}

TEST_F(ExperimentIdentityTest, ARunDirectoryIsOfOneExperiment) {
  const std::string& run_dir = folder_.path();
  const v1::ExperimentIdentity browse = Identity("browse");
  EXPECT_TRUE(CheckRunDirectory("", browse, false).ok());
  EXPECT_TRUE(CheckRunDirectory(run_dir, browse, false).ok()) << "nothing there";
  Write("config.textproto", PrintExperimentConfig(Config("browse", {"seed=5", "learner.batch_size=64"})));
  EXPECT_TRUE(CheckRunDirectory(run_dir, browse, false).ok()) << "rows mean the same";
  Write("config.textproto", PrintExperimentConfig(Config("browse", {"environment.document_browsing.matrix_seed=7"})));
  const absl::Status refused = CheckRunDirectory(run_dir, browse, false);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(refused.message(),
            absl::StrCat("--run_dir '", run_dir, "' holds a run of another experiment: ",
                         "environment.document_browsing.matrix_seed: 7 there, 42 here. Give another folder, or ",
                         "--allow_other_experiment to take this one"));
  EXPECT_TRUE(CheckRunDirectory(run_dir, browse, true).ok());
  Write("config.textproto", "no: configuration");
  EXPECT_THAT(std::string(CheckRunDirectory(run_dir, browse, false).message()),
              HasSubstr("its configuration means nothing any more: "));
  EXPECT_TRUE(CheckRunDirectory(run_dir, browse, true).ok());
}

}  // namespace
}  // namespace recbots
