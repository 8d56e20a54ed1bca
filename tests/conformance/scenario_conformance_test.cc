// Every scenario there is, with its defaults: found through the configuration, so that a new one is put through this by
// being registered.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actor/client/make_scenario.h"
#include "common/agents/make_agent.h"
#include "tests/conformance/environment_conformance.h"
#include "tests/conformance/policy_conformance.h"
#include "tests/conformance/transcript.h"
#include "tests/conformance/waits_conformance.h"

namespace recbots {
namespace {

std::vector<std::string> ScenarioNames() {
  std::vector<std::string> names;
  const auto& choice = *v1::EnvironmentConfig::descriptor()->FindOneofByName("scenario");
  for (int i = 0; i < choice.field_count(); ++i) {
    // Its users are those of another program: external_conformance_test plays one.
    if (choice.field(i)->name() != "external") names.push_back(choice.field(i)->name());
  }
  return names;
}

v1::EnvironmentConfig ConfigOf(const std::string& name, int users_per_session = 1) {
  v1::EnvironmentConfig config;
  config.GetReflection()->MutableMessage(&config, config.GetDescriptor()->FindFieldByName(name));
  config.set_users_per_session(users_per_session);
  return config;
}

absl::StatusOr<std::unique_ptr<Scenario>> Make(const std::string& name, int users_per_session = 1) {
  return MakeScenario(ConfigOf(name, users_per_session), /*seed=*/17);
}

// With observations that remember all that there is.
absl::StatusOr<std::unique_ptr<Scenario>> MakeWithHistory(const std::string& name, int users_per_session = 1) {
  v1::EnvironmentConfig config = ConfigOf(name, users_per_session);
  v1::HistoryConfig& history = *config.mutable_history();
  history.set_length(2);
  history.set_remember_user(true);
  history.set_remember_candidates(true);
  history.add_trace_decay(0.9);
  history.add_trace_decay(1);
  return MakeScenario(config, /*seed=*/17);
}

class ScenarioTest : public ::testing::TestWithParam<std::string> {
 protected:
  std::unique_ptr<Scenario> MakeOne() const { return Make(GetParam()).value(); }
};

TEST_P(ScenarioTest, IsSoundWithRandomSlates) {
  testing::ExpectSoundSteps(*MakeOne(), 1, /*num_users=*/1000, /*steps=*/100);
}

TEST_P(ScenarioTest, StandsLegalAndIllegalSlates) {
  testing::ExpectRefusesIllegalInput(*MakeOne());
  testing::ExpectStandsRandomSlates(*MakeOne(), 2, /*num_users=*/100, /*steps=*/1000);
}

TEST_P(ScenarioTest, IsTheSameInEveryBatchAndOnEveryThread) {
  testing::ExpectIndependentOfThreads(*MakeOne(), 3, /*steps=*/8);
  testing::ExpectIndependentOfTheBatch(*MakeOne(), 3, /*steps=*/8);
}

TEST_P(ScenarioTest, IsTheSameWhateverIsLeftOut) {
  testing::ExpectOptionalColumnsChangeNothing(*MakeOne(), 5, /*num_users=*/50, /*steps=*/150);
  testing::ExpectOptionalColumnsChangeNothing(*MakeWithHistory(GetParam()).value(), 5, /*num_users=*/50, /*steps=*/150);
  const auto sessions = MakeWithHistory(GetParam(), /*users_per_session=*/3);
  if (sessions.ok()) testing::ExpectOptionalColumnsChangeNothing(**sessions, 5, /*num_users=*/48, /*steps=*/150);
}

TEST_P(ScenarioTest, GoesOnFromItsState) {
  testing::ExpectGoesOnFromItsState(*MakeOne(), 6, /*num_users=*/50, /*steps=*/70);
  testing::ExpectGoesOnFromItsState(*MakeWithHistory(GetParam()).value(), 6, /*num_users=*/20, /*steps=*/30);
  const auto sessions = MakeWithHistory(GetParam(), /*users_per_session=*/3);
  if (sessions.ok()) testing::ExpectGoesOnFromItsState(**sessions, 6, /*num_users=*/24, /*steps=*/40);
}

TEST_P(ScenarioTest, LetsSomeUsersWait) {
  std::vector<std::unique_ptr<Scenario>> scenarios;
  scenarios.push_back(MakeOne());
  scenarios.push_back(MakeWithHistory(GetParam()).value());
  auto sessions = Make(GetParam(), /*users_per_session=*/3);
  if (sessions.ok()) scenarios.push_back(*std::move(sessions));
  auto sessions_with_history = MakeWithHistory(GetParam(), /*users_per_session=*/3);
  if (sessions_with_history.ok()) scenarios.push_back(*std::move(sessions_with_history));
  for (const auto& scenario : scenarios) {
    SCOPED_TRACE(::testing::Message() << "sessions of " << scenario->spec().users_per_session << ", "
                                      << scenario->spec().num_history_features << " features of history");
    // At first more than one chunk. Episodes are at most about 100 steps long.
    const int num_users = scenario == scenarios.front() ? 300 : 30;
    testing::ExpectHeldUsersStandStill(*scenario, 7, num_users, /*steps=*/150);
    testing::ExpectEndedUsersWait(*scenario, 8, num_users, /*steps=*/130);
    testing::ExpectRefusesBadMasks(*scenario);
  }
}

TEST_P(ScenarioTest, IsSoundInSessions) {
  const auto scenario = Make(GetParam(), /*users_per_session=*/3);
  if (!scenario.ok()) {
    EXPECT_NE(scenario.status().message().find("depend on the user"), absl::string_view::npos) << scenario.status();
    return;
  }
  testing::ExpectSoundSteps(**scenario, 4, /*num_users=*/300, /*steps=*/100);
  testing::ExpectIndependentOfTheBatch(**scenario, 3, /*steps=*/5);
}

TEST_P(ScenarioTest, IsSoundWithHistory) {
  const auto scenario = MakeWithHistory(GetParam()).value();
  testing::ExpectSoundSteps(*scenario, 1, /*num_users=*/300, /*steps=*/50);
  testing::ExpectRefusesIllegalInput(*scenario);
  testing::ExpectStandsRandomSlates(*scenario, 2, /*num_users=*/50, /*steps=*/100);
  testing::ExpectIndependentOfTheBatch(*scenario, 3, /*steps=*/5);
  const auto sessions = MakeWithHistory(GetParam(), /*users_per_session=*/3);
  if (!sessions.ok()) return;  // Candidates depend on the user.
  testing::ExpectSoundSteps(**sessions, 4, /*num_users=*/300, /*steps=*/50);
  testing::ExpectIndependentOfTheBatch(**sessions, 3, /*steps=*/5);
}

TEST_P(ScenarioTest, ItsReferencePoliciesAreSoundWithHistory) {
  const auto scenario = MakeWithHistory(GetParam()).value();
  const size_t num_references = scenario->MakeReferencePolicies().size();
  for (size_t i = 0; i < num_references; ++i) {
    const auto make = [&scenario, i] { return std::move(scenario->MakeReferencePolicies()[i].policy); };
    testing::ExpectSoundPolicy(*scenario, *make(), /*num_users=*/100, /*steps=*/50);
    testing::ExpectPolicyIndependentOfTheBatch(*scenario, make, /*num_users=*/39, /*steps=*/20);
    testing::ExpectPolicyReadsOnlyWhatItNeeds(*scenario, make, /*num_users=*/20, /*steps=*/70);
  }
}

TEST_P(ScenarioTest, ItsReferencePoliciesAreSound) {
  const auto scenario = MakeOne();
  const auto references = scenario->MakeReferencePolicies();
  ASSERT_FALSE(references.empty());
  EXPECT_EQ(references.front().name, "random");
  EXPECT_EQ(references.front().known, ReferencePolicy::Known::kRandomValue);
  for (size_t i = 0; i < references.size(); ++i) {
    SCOPED_TRACE(references[i].name);
    EXPECT_EQ(references[i].name == "optimal", references[i].known == ReferencePolicy::Known::kOptimalValue);
    testing::ExpectSoundPolicy(*scenario, *references[i].policy, /*num_users=*/500, /*steps=*/200);
    const auto make = [&scenario, i] { return std::move(scenario->MakeReferencePolicies()[i].policy); };
    testing::ExpectPolicyIndependentOfTheBatch(*scenario, make, /*num_users=*/78, /*steps=*/30);
    testing::ExpectPolicyReadsOnlyWhatItNeeds(*scenario, make, /*num_users=*/20, /*steps=*/70);
  }
}

// Agents refuse the scenarios that lack what they need, and say what.
TEST_P(ScenarioTest, AllAgentsAreSoundInIt) {
  const auto scenario = MakeOne();
  for (const std::string& name : AgentNames()) {
    SCOPED_TRACE(name);
    const auto agent = MakeAgent(name, scenario->spec(), {}, /*seed=*/1);
    if (!agent.ok()) {
      EXPECT_EQ(agent.status().code(), absl::StatusCode::kInvalidArgument);
      EXPECT_EQ(agent.status().message().find("agent " + name), 0U) << agent.status();
      continue;
    }
    testing::ExpectSoundPolicy(*scenario, **agent, /*num_users=*/200, /*steps=*/500);
    const auto make = [&] { return MakeAgent(name, scenario->spec(), {}, /*seed=*/1).value(); };
    testing::ExpectPolicyReadsOnlyWhatItNeeds(*scenario, make, /*num_users=*/20, /*steps=*/70);
    if ((*agent)->learns()) continue;
    testing::ExpectPolicyIndependentOfTheBatch(*scenario, make, /*num_users=*/39, /*steps=*/60);
  }
}

TEST_P(ScenarioTest, PlaysItsTranscript) {
  testing::ExpectTranscript(testing::Transcript(*MakeOne()), "transcripts/" + GetParam() + ".txt");
}

INSTANTIATE_TEST_SUITE_P(All, ScenarioTest, ::testing::ValuesIn(ScenarioNames()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace recbots
