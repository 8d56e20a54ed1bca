// recbots train with the Q-learners: what they reach in little time, determinism, and what fits which scenario.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include "actor/client/make_scenario.h"
#include "common/config/config.h"
#include "deploy/cli/train/trainer.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

absl::StatusOr<v1::ExperimentConfig> Load(const std::string& name, const std::vector<std::string>& overrides) {
  return LoadExperimentConfig(testing::SourceDir() + "/deploy/config/" + name + ".textproto", overrides);
}

std::unique_ptr<Trainer> Train(const std::string& name, const std::vector<std::string>& overrides) {
  const auto config = Load(name, overrides);
  EXPECT_TRUE(config.ok()) << config.status();
  auto trainer = config.ok() ? Trainer::Create(*config) : config.status();
  EXPECT_TRUE(trainer.ok()) << trainer.status();
  if (!trainer.ok()) return nullptr;
  const absl::Status status = (*trainer)->Run([] { return false; }, [](const std::string&) {});
  EXPECT_TRUE(status.ok()) << status;
  return *std::move(trainer);
}

std::vector<std::string> With(std::vector<std::string> overrides, const std::vector<std::string>& more) {
  overrides.insert(overrides.end(), more.begin(), more.end());
  return overrides;
}

// Values of the scenario's reference policies, by name, on the users that evaluations meet.
std::map<std::string, double> References(const std::string& name, const std::vector<std::string>& overrides) {
  const v1::ExperimentConfig config = Load(name, overrides).value();
  const std::unique_ptr<Scenario> scenario = MakeTrainingScenario(config).value();
  const Evaluator evaluator(*scenario, {config.evaluator().episodes(), config.evaluator().exact(), 1024});
  std::map<std::string, double> values;
  for (const ReferencePolicy& reference : scenario->MakeReferencePolicies()) {
    values[reference.name] = evaluator.Evaluate(*reference.policy).value().value;
    std::printf("%s: %s %.4g\n", name.c_str(), reference.name.c_str(), values[reference.name]);
  }
  return values;
}

const std::vector<std::string> kDqn = {"algorithm.dqn.q.discount=0.99", "goal.max_updates=3000",
                                       "evaluator.every_updates=100000"};
const std::vector<std::string> kSlateQ = {"algorithm.slate_q.q.discount=1", "algorithm.slate_q.q.value_scale=50",
                                          "goal.max_updates=8000",          "evaluator.every_updates=100000",
                                          "evaluator.episodes=2000",        "learner.publish_updates=50",
                                          "actor.policy_share_min=0.8",     "actor.policy_share_max=0.8"};

// These seeds all reach 99.15 %, which is what a discount of 0.99 leaves. Random: -92 %.
TEST(QTrainTest, DqnComesNearTheOptimumOfKnownQ) {
  for (const std::string seed : {"seed=1", "seed=2", "seed=3"}) {
    const std::unique_ptr<Trainer> trainer = Train("known_q", With(kDqn, {seed}));
    ASSERT_NE(trainer, nullptr);
    std::printf("%s: %s\n", seed.c_str(), FormatVerdict(trainer->report(), trainer->goal()).c_str());
    EXPECT_GE(*ShareOfOptimum(*trainer->goal().newest()), 0.95) << seed;
  }
}

// Rows name the items of a fixed catalogue, and SlateQ learns from their features: the learner has the catalogue. With
// this many items a row that held them would be refused.
TEST(QTrainTest, SlateQLearnsFromACatalogueThatRowsDoNotHold) {
  const std::unique_ptr<Trainer> trainer =
      Train("interest_evolution", {"environment.interest_evolution.candidate_refresh=NEVER",
                                   "environment.interest_evolution.num_candidates=7000", "goal.share_of_gap=0",
                                   "goal.max_updates=3", "learner.batch_size=8", "evaluator.episodes=4",
                                   "evaluator.users=4", "replay.table.rate_limiter.min_size=64"});
  ASSERT_NE(trainer, nullptr);
  EXPECT_EQ(trainer->report().end.updates, 3);
}

// Seeds 1 to 5: 200 to 230; random 160, myopic 167, best known 281. A value is known within about 1.
TEST(QTrainTest, SlateQBeatsRandomAndMyopicSlates) {
  const std::map<std::string, double> reference = References("interest_evolution", kSlateQ);
  for (const std::string seed : {"seed=1", "seed=2"}) {
    const std::unique_ptr<Trainer> trainer = Train("interest_evolution", With(kSlateQ, {seed}));
    ASSERT_NE(trainer, nullptr);
    std::printf("%s: %s\n", seed.c_str(), FormatVerdict(trainer->report(), trainer->goal()).c_str());
    const double value = trainer->goal().newest()->value();
    EXPECT_GE(value, reference.at("random") + 20) << seed;
    EXPECT_GE(value, reference.at("myopic") + 15) << seed;
  }
}

// Three layers with normalisation and SiLU, for every network of every algorithm. Of slates from five candidates little
// can be gained: they reach 6 to 8 more than random play, whose value is known within 1.4, in this little time.
TEST(QTrainTest, DeepNetworksOfEveryAlgorithmLearn) {
  const std::vector<std::string> deep = {"algorithm.network.hidden_layers=32,32,32",
                                         "algorithm.network.activation=SILU", "algorithm.network.layer_norm=true",
                                         "evaluator.every_updates=100000"};
  const std::unique_ptr<Trainer> wolpertinger =
      Train("browse", With(deep, {"goal.max_updates=800", "goal.share_of_optimum=0"}));
  ASSERT_NE(wolpertinger, nullptr);
  EXPECT_GE(*ShareOfOptimum(*wolpertinger->goal().newest()), 0.9);
  const std::unique_ptr<Trainer> dqn = Train("known_q", With(With(kDqn, deep), {"goal.max_updates=1500"}));
  ASSERT_NE(dqn, nullptr);
  EXPECT_GE(*ShareOfOptimum(*dqn->goal().newest()), 0.9);
  const std::vector<std::string> brief = {"goal.max_env_steps=0", "goal.max_updates=1000", "evaluator.episodes=500",
                                          "environment.interest_evolution.num_candidates=5"};
  const double random = References("interest_evolution", brief).at("random");
  for (const std::string name :
       {"interest_evolution_proposal", "interest_evolution_learned_clicks", "interest_evolution_fsq"}) {
    std::vector<std::string> overrides = With(deep, brief);
    if (name == "interest_evolution_proposal") overrides.push_back("algorithm.slate_q.proposal.k=4");
    const std::unique_ptr<Trainer> slates = Train(name, overrides);
    ASSERT_NE(slates, nullptr);
    std::printf("%s: %.4g\n", name.c_str(), slates->goal().newest()->value());
    EXPECT_GE(slates->goal().newest()->value(), random + 3) << name;
  }
}

// Heads of quantiles and bins, with double Q, dueling networks, rows of several steps and priorities.
TEST(QTrainTest, ValueHeadsLearn) {
  for (const std::string head : {"QUANTILE", "TWO_HOT"}) {
    const std::unique_ptr<Trainer> trainer =
        Train("known_q", With(kDqn, {"algorithm.dqn.q.value_head=" + head, "algorithm.dqn.q.value_atoms=25",
                                     "algorithm.dqn.q.dueling=true", "algorithm.dqn.q.n_step=2",
                                     "replay.table.sampler=PRIORITIZED", "goal.max_updates=2000"}));
    ASSERT_NE(trainer, nullptr);
    std::printf("%s: %s\n", head.c_str(), FormatVerdict(trainer->report(), trainer->goal()).c_str());
    EXPECT_GE(*ShareOfOptimum(*trainer->goal().newest()), 0.9) << head;
  }
}

// Every kind of it, bit for bit.
TEST(QTrainTest, SameSeedGivesTheSameBytes) {
  const std::vector<std::string> brief = {"goal.max_updates=120", "evaluator.episodes=10", "evaluator.users=10",
                                          "replay.table.rate_limiter.min_size=200"};
  const std::vector<std::string> prioritized = {"replay.table.sampler=PRIORITIZED"};
  const std::vector<std::pair<std::string, std::vector<std::string>>> runs = {
      {"known_q", {"algorithm.dqn.q.dueling=true"}},
      {"interest_evolution",
       {"algorithm.full_slate_q={}", "algorithm.full_slate_q.q.n_step=3",
        "environment.interest_evolution.num_candidates=5"}},
      {"interest_evolution", {"algorithm.slate_q.q.n_step=1"}},
      {"interest_evolution", {"algorithm.slate_q.target=SARSA", "algorithm.slate_q.q.n_step=3"}},
      {"interest_evolution",
       {"algorithm.slate_q.click_model.learned=true", "algorithm.slate_q.proposal={}",
        "algorithm.slate_q.proposal.k=4"}},
      {"interest_exploration", {"algorithm.slate_q={}", "algorithm.slate_q.click_model.learned=true"}}};
  for (const auto& [name, algorithm] : runs) {
    for (const std::vector<std::string>& replay : {std::vector<std::string>(), prioritized}) {
      SCOPED_TRACE(name + " " + algorithm[0] + " " + std::to_string(replay.size()));
      const std::vector<std::string> overrides = With(With(brief, algorithm), replay);
      const std::unique_ptr<Trainer> first = Train(name, overrides), second = Train(name, overrides);
      ASSERT_TRUE(first != nullptr && second != nullptr);
      EXPECT_EQ(first->report().end.updates, 120);
      EXPECT_EQ(first->report().end.env_steps, second->report().end.env_steps);
      EXPECT_EQ(first->EncodeWeights(), second->EncodeWeights());
      EXPECT_NE(first->EncodeWeights(), Train(name, With(overrides, {"seed=43"}))->EncodeWeights());
    }
  }
}

// What does not fit is refused with a message that says why, before anything runs; what fits is not.
TEST(QTrainTest, RefusesAlgorithmsThatDoNotFitTheScenario) {
  const auto status_of = [](const std::string& name, const std::vector<std::string>& overrides) {
    const auto config = Load(name, With(overrides, {"evaluator.episodes=2", "evaluator.users=2"}));
    return config.ok() ? Trainer::Create(*config).status() : config.status();
  };
  const auto refused = [&](const std::string& name, const std::vector<std::string>& overrides, const std::string& why) {
    const absl::Status status = status_of(name, overrides);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name << " " << overrides[0];
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(why)) << name << " " << overrides[0];
  };
  const std::vector<std::string> wolpertinger = {"algorithm.wolpertinger={}", "algorithm.wolpertinger.k=3"};
  const std::vector<std::string> dqn = {"algorithm.dqn={}", "algorithm.dqn.q.n_step=1"};
  const std::vector<std::string> full = {"algorithm.full_slate_q={}", "algorithm.full_slate_q.q.n_step=1"};
  const std::vector<std::string> slate_q = {"algorithm.slate_q={}", "algorithm.slate_q.q.n_step=1"};
  const std::vector<std::string> learned = {"algorithm.slate_q={}", "algorithm.slate_q.click_model.learned=true"};
  refused("interest_evolution", wolpertinger, "wolpertinger");
  refused("interest_exploration", wolpertinger, "wolpertinger");
  refused("interest_evolution", dqn, "has slate_size 3, want 1");
  refused("interest_evolution", With(full, {"environment.interest_evolution.num_candidates=100"}),
          "100 candidates make 970200 slates of 3, want at most 100000");
  refused("interest_exploration", slate_q, "there are no affinities, want click_model { learned: true }");
  refused("known_q", slate_q, "there are no affinities");
  refused("browse", slate_q, "field 'click'");
  refused("interest_exploration", With(learned, {"algorithm.slate_q.proposal={}", "algorithm.slate_q.proposal.k=1000"}),
          "proposal");
  refused("interest_evolution", {"algorithm.slate_q.proposal={}", "algorithm.slate_q.proposal.k=2"},
          "algorithm.slate_q.proposal.k 2, want 3..10");
  for (const auto& [name, overrides] : std::map<std::string, std::vector<std::string>>{
           {"known_q", dqn}, {"interest_evolution", slate_q}, {"interest_exploration", learned}}) {
    EXPECT_TRUE(status_of(name, overrides).ok()) << name << " " << status_of(name, overrides);
  }
  EXPECT_TRUE(status_of("interest_evolution", full).ok());
  EXPECT_TRUE(status_of("long_term_satisfaction", dqn).ok()) << status_of("long_term_satisfaction", dqn);
  EXPECT_TRUE(status_of("known_q", full).ok());
  EXPECT_TRUE(status_of("known_q", wolpertinger).ok());
}

}  // namespace
}  // namespace recbots
