#include "actor/loop/evaluator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "actor/client/make_scenario.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> NamesOf(const std::vector<v1::ReferenceValue>& values) {
  std::vector<std::string> names;
  for (const v1::ReferenceValue& value : values) names.push_back(value.name());
  return names;
}

// Shows document 1 to everybody, and notes how many it saw at once.
class OneUserPolicy final : public Policy {
 public:
  bool learns() const override { return does_learn; }
  bool stationary() const override { return true; }
  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    most_users = std::max(most_users, input.positions.size());
    std::fill(output.slates.begin(), output.slates.end(), 1);
    std::fill(output.behaviour_probability.begin(), output.behaviour_probability.end(), 1.0f);
  }

  bool does_learn = true;
  size_t most_users = 0;
};

std::unique_ptr<Scenario> MakeBrowsing() {
  v1::EnvironmentConfig config;
  config.mutable_document_browsing()->set_matrix_seed(3);
  return *MakeScenario(config, /*seed=*/11);
}

TEST(EvaluatorTest, ExactAndPlayedValuesAgree) {
  const std::unique_ptr<Scenario> scenario = MakeBrowsing();
  const Evaluator exact(*scenario, {});
  const Evaluator played(*scenario, {.episodes = 40'000, .exact = false, .users = 1000});
  for (ReferencePolicy& reference : scenario->MakeReferencePolicies()) {
    const PolicyValue by_play = *played.Evaluate(*reference.policy);
    EXPECT_GE(by_play.episodes, 40'000);
    EXPECT_GT(by_play.ci95, 0);
    // 5 standard errors; one is ci95 / 1.96.
    const double tolerance = 5 * by_play.ci95 / 1.96;
    const double value =
        reference.name == "random" ? *scenario->RandomValue() : exact.Evaluate(*reference.policy)->value;
    EXPECT_NEAR(by_play.value, value, tolerance) << reference.name;
  }
}

TEST(EvaluatorTest, ReferencesAreExactWhereTheScenarioKnows) {
  const std::unique_ptr<Scenario> scenario = MakeBrowsing();
  const Evaluator exact(*scenario, {});
  const std::vector<v1::ReferenceValue> values = *exact.EvaluateReferences();
  std::vector<ReferencePolicy> policies = scenario->MakeReferencePolicies();
  EXPECT_THAT(NamesOf(values), ElementsAre("random", "row_argmax", "optimal"));
  EXPECT_EQ(values[0].value(), *scenario->RandomValue());
  EXPECT_EQ(values[1].value(), exact.Evaluate(*policies[1].policy)->value);
  EXPECT_EQ(values[2].value(), *scenario->OptimalValue());
  EXPECT_NEAR(exact.Evaluate(*policies[2].policy)->value, *scenario->OptimalValue(), 1e-9);
  for (const v1::ReferenceValue& value : values) EXPECT_EQ(value.value_ci95(), 0) << value.name();
}

TEST(EvaluatorTest, ReferencesArePlayedOtherwise) {
  const std::unique_ptr<Scenario> scenario = MakeBrowsing();
  const std::vector<v1::ReferenceValue> exact = *Evaluator(*scenario, {}).EvaluateReferences();
  const Evaluator played(*scenario, {.episodes = 20'000, .exact = false, .users = 512});
  const std::vector<v1::ReferenceValue> values = *played.EvaluateReferences();
  ASSERT_EQ(NamesOf(values), NamesOf(exact));
  std::vector<ReferencePolicy> policies = scenario->MakeReferencePolicies();
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_GT(values[i].value_ci95(), 0) << values[i].name();
    EXPECT_NEAR(values[i].value(), exact[i].value(), 5 * values[i].value_ci95() / 1.96) << values[i].name();
    EXPECT_EQ(values[i].value(), played.Evaluate(*policies[i].policy)->value) << "the same episodes";
  }
}

// Another scenario whose exact optimum is not known.
class WithoutOptimum final : public Scenario {
 public:
  explicit WithoutOptimum(std::unique_ptr<Scenario> inner) : inner_(std::move(inner)) {}

  const EnvironmentSpec& spec() const override { return inner_->spec(); }
  std::unique_ptr<Environment> MakeEnvironment(int num_users, uint32_t first_stream) const override {
    return inner_->MakeEnvironment(num_users, first_stream);
  }
  std::vector<ReferencePolicy> MakeReferencePolicies() const override { return inner_->MakeReferencePolicies(); }
  absl::Span<const float> AllObservations() const override { return inner_->AllObservations(); }
  absl::StatusOr<double> ExactValue(absl::Span<const int32_t> slates, const StopQuestion& stop) const override {
    return inner_->ExactValue(slates, stop);
  }

 private:
  const std::unique_ptr<Scenario> inner_;
};

std::unique_ptr<Scenario> MakeKnownQ(int users_per_session) {
  v1::EnvironmentConfig config;
  config.mutable_known_q();
  config.set_users_per_session(users_per_session);
  return *MakeScenario(config, /*seed=*/11);
}

// Its "optimal" depends on the step: its table of slates at the first one must not be taken for it.
TEST(EvaluatorTest, APolicyThatDependsOnTheStepIsNotSolved) {
  const WithoutOptimum scenario(MakeKnownQ(/*users_per_session=*/2));
  ASSERT_FALSE(scenario.OptimalValue().has_value());
  const std::vector<v1::ReferenceValue> values =
      *Evaluator(scenario, {.episodes = 200, .users = 100}).EvaluateReferences();
  EXPECT_THAT(NamesOf(values), ElementsAre("random", "myopic", "optimal"));
  EXPECT_GT(values[2].value_ci95(), 0);
}

// Where no candidates are drawn, users of a session share nothing: what is known of one is known of all.
TEST(EvaluatorTest, UsersOfASessionAreAsGoodAsAloneWhereNothingIsDrawnForThem) {
  const std::unique_ptr<Scenario> alone = MakeKnownQ(1), session = MakeKnownQ(3);
  ASSERT_TRUE(session->OptimalValue().has_value());
  EXPECT_EQ(session->OptimalValue(), alone->OptimalValue());
  const PolicyValue played = *Evaluator(*session, {.episodes = 600, .exact = false, .users = 300})
                                  .Evaluate(*session->MakeReferencePolicies().back().policy);
  EXPECT_NEAR(played.value, *session->OptimalValue(), 5 * played.ci95 / 1.96);
}

TEST(EvaluatorTest, APolicyThatLearnsMeetsOneUserAfterTheOther) {
  const std::unique_ptr<Scenario> scenario = MakeBrowsing();
  // It never sees more than one user, and what it learns does not depend on how many the others are played with.
  OneUserPolicy few, many, together;
  const auto value = [&scenario](Policy& policy, int users) {
    return Evaluator(*scenario, {.episodes = 120, .exact = false, .users = users}).Evaluate(policy);
  };
  const PolicyValue by_user = *value(few, 40);
  EXPECT_EQ(by_user.episodes, 120);
  EXPECT_EQ(few.most_users, 1u);
  // The same policy, as if it did not learn: the same users and so the same returns.
  together.does_learn = false;
  EXPECT_EQ(value(together, 40)->value, by_user.value);
  EXPECT_EQ(together.most_users, 40u);
  EXPECT_EQ(value(many, 120)->episodes, 120);
  EXPECT_EQ(many.most_users, 1u);
}

TEST(EvaluatorTest, StopsWhenTold) {
  const std::unique_ptr<Scenario> scenario = MakeBrowsing();
  ASSERT_TRUE(scenario->Prepare(Scenario::Known::kReferences, {}).ok());
  int asked = 0;
  const Evaluator played(*scenario, {.exact = false, .should_stop = [&asked] { return ++asked > 2; }});
  EXPECT_EQ(played.EvaluateReferences().status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(asked, 3);
}

TEST(EvaluatorTest, AsksBeforeEveryStepOfALongEvaluation) {
  const std::unique_ptr<Scenario> scenario = MakeBrowsing();
  std::vector<ReferencePolicy> references = scenario->MakeReferencePolicies();
  int asked = 0;
  const Evaluator endless(
      *scenario,
      {.episodes = int64_t{1} << 40, .exact = false, .users = 10, .should_stop = [&asked] { return ++asked >= 2000; }});
  EXPECT_EQ(endless.Evaluate(*references[0].policy).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(asked, 2000);
}

TEST(EvaluatorTest, StopsWhileSomethingIsSolved) {
  v1::EnvironmentConfig config;
  v1::DocumentBrowsingConfig& browsing = *config.mutable_document_browsing();
  browsing.set_num_documents(300);
  browsing.set_exit_probability_accepted(0);
  browsing.set_exit_probability_refused(0);
  browsing.set_max_episode_steps(1000000);
  const std::unique_ptr<Scenario> scenario = *MakeScenario(config, /*seed=*/11);
  int asked = 0;
  const StopQuestion stop = [&asked] { return ++asked >= 100; };
  const Evaluator exact(*scenario, {.should_stop = stop});
  EXPECT_EQ(exact.EvaluateReferences().status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(asked, 100);
  asked = 0;
  OneUserPolicy policy;
  EXPECT_EQ(exact.Evaluate(policy).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(asked, 100);
}

TEST(MakeEvaluationTest, PutsRandomAndTheOptimumBesideTheReferences) {
  v1::WeightsHeader version;
  version.set_version(3);
  version.set_incarnation(7);
  version.set_updates(60);
  version.set_env_steps(900);
  std::vector<v1::ReferenceValue> references(3);
  for (const auto& [i, name, value] : {std::tuple{0, "random", 1.0}, {1, "myopic", 2.0}, {2, "best", 3.0}}) {
    references[static_cast<size_t>(i)].set_name(name);
    references[static_cast<size_t>(i)].set_value(value);
    references[static_cast<size_t>(i)].set_value_ci95(value / 10);
  }
  v1::Evaluation evaluation = MakeEvaluation(version, {2.5, 0.25, 100}, references);
  EXPECT_EQ(evaluation.weights_version(), 3);
  EXPECT_EQ(evaluation.incarnation(), 7u);
  EXPECT_EQ(evaluation.updates(), 60);
  EXPECT_EQ(evaluation.env_steps(), 900);
  EXPECT_EQ(evaluation.value(), 2.5);
  EXPECT_EQ(evaluation.value_ci95(), 0.25);
  EXPECT_EQ(evaluation.episodes(), 100);
  EXPECT_EQ(evaluation.references_size(), 3);
  EXPECT_EQ(evaluation.random_value(), 1);
  EXPECT_EQ(evaluation.random_value_ci95(), 0.1);
  EXPECT_FALSE(evaluation.has_optimum()) << "the best known one need not be optimal";
  references[2].set_name("optimal");
  evaluation = MakeEvaluation(version, {2.5, 0.25, 100}, references);
  EXPECT_EQ(evaluation.optimum(), 3);
  EXPECT_EQ(evaluation.optimum_ci95(), 0.3);
}

TEST(EvaluatorTest, MeetsTheSameUsersEveryTime) {
  const std::unique_ptr<Scenario> scenario = MakeBrowsing();
  const Evaluator played(*scenario, {.episodes = 2000, .exact = false, .users = 100});
  std::vector<ReferencePolicy> references = scenario->MakeReferencePolicies();
  EXPECT_EQ(played.Evaluate(*references[0].policy)->value, played.Evaluate(*references[0].policy)->value);
}

}  // namespace
}  // namespace recbots
