#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "actor/client/experiment_identity.h"
#include "actor/client/make_scenario.h"
#include "actor/external/command_words.h"
#include "actor/external/messages.h"
#include "actor/scenarios/external/check_columns.h"
#include "actor/scenarios/external/restart_budget.h"
#include "common/rl/step_buffer.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(CommandWordsTest, PartsAsAShellDoes) {
  EXPECT_THAT(CommandWords("python3 -m my_world").value(), ElementsAre("python3", "-m", "my_world"));
  EXPECT_THAT(CommandWords("  a  'b c' \"d \\\" e\" f\\ g '' ").value(), ElementsAre("a", "b c", "d \" e", "f g", ""));
  EXPECT_THAT(CommandWords("a'b'\"c\"d").value(), ElementsAre("abcd"));
  EXPECT_THAT(CommandWords("'\\'").value(), ElementsAre("\\")) << "nothing means anything within '...'";
}

TEST(CommandWordsTest, RefusesWhatIsOpen) {
  EXPECT_THAT(std::string(CommandWords("a 'b").status().message()), HasSubstr("command has an open '"));
  EXPECT_THAT(std::string(CommandWords("a \"b").status().message()), HasSubstr("command has an open \""));
  EXPECT_THAT(std::string(CommandWords("a\\").status().message()), HasSubstr("command ends with \\"));
  EXPECT_THAT(std::string(CommandWords(" ").status().message()), HasSubstr("command has no words"));
}

TEST(RestartBudgetTest, DelaysDoubleAndBeginAgainAfterProgress) {
  RestartBudget budget({.max_restarts = 100, .longest_delay = absl::Milliseconds(350)});
  Instant now = Instant::Now();
  const auto delay = [&] { return *budget.OnFailure(now); };
  EXPECT_EQ(delay(), absl::Milliseconds(100));
  EXPECT_EQ(delay(), absl::Milliseconds(200));
  EXPECT_EQ(delay(), absl::Milliseconds(350));
  EXPECT_EQ(delay(), absl::Milliseconds(350));
  now += absl::Seconds(6);
  EXPECT_EQ(delay(), absl::Milliseconds(100));
}

TEST(RestartBudgetTest, IsSpentWithinTheWindowOnly) {
  RestartBudget budget({.max_restarts = 2, .window = absl::Minutes(1)});
  Instant now = Instant::Now();
  EXPECT_TRUE(budget.OnFailure(now).has_value());
  EXPECT_TRUE(budget.OnFailure(now).has_value());
  EXPECT_FALSE(budget.OnFailure(now).has_value());
  now += absl::Seconds(61);
  EXPECT_TRUE(budget.OnFailure(now).has_value());
}

// U = 2, N = 3, D = 1, K = 1, R = 1; two users.
constexpr int kUsers = 2;
EnvironmentSpec SmallSpec() {
  return SpecOf({.name = "small",
                 .user_features = 2,
                 .candidate_features = 1,
                 .num_candidates = 3,
                 .slate_size = 1,
                 .response = {"click"},
                 .min_reward = -1,
                 .max_reward = 1,
                 .max_episode_steps = 3});
}

struct Answer {
  std::vector<float> response = {0, 1};
  std::vector<float> reward = {0.5, 1};
  std::vector<uint8_t> terminated = {0, 0};
  std::vector<uint8_t> truncated = {0, 0};
  std::vector<float> observation = {1, 2, 3, 4};
  std::vector<float> candidates = {1, 2, 3, 4, 5, 6};
  std::vector<float> next_observation = {7, 8, 9, 10};
  std::vector<float> next_candidates = {7, 8, 9, 10, 11, 12};

  ProgramColumns columns() const {
    return {response, reward, terminated, truncated, observation, candidates, next_observation, next_candidates};
  }
};

class ColumnCheckerTest : public ::testing::Test {
 protected:
  // The first step of new episodes.
  std::string TakeFirst(const Answer& answer) {
    EXPECT_TRUE(
        checker_.TakeStart(Answer().columns(), absl::MakeSpan(out_.observation), absl::MakeSpan(out_.candidates)).ok());
    return Take(answer);
  }
  std::string Take(const Answer& answer) {
    return std::string(checker_.TakeStep(answer.columns(), out_.columns()).message());
  }
  const EnvironmentSpec spec_ = SmallSpec();
  ColumnChecker checker_{spec_, kUsers};
  StepBuffer out_{spec_, kUsers};
};

TEST_F(ColumnCheckerTest, CopiesWhatIsGood) {
  Answer answer;
  answer.terminated = {0, 1};
  EXPECT_EQ(Take(answer), "");
  EXPECT_EQ(out_.following_observation, answer.observation);
  EXPECT_THAT(out_.next_observation, ElementsAre(1, 2, 7, 8)) << "of the row that ended, what the step led to";
  EXPECT_THAT(out_.next_candidates, ElementsAre(1, 2, 3, 7, 8, 9));
  EXPECT_EQ(out_.following_candidates, answer.candidates);
  EXPECT_EQ(out_.reward, answer.reward);
  EXPECT_THAT(out_.active, ElementsAre(1, 1));
}

TEST_F(ColumnCheckerTest, RefusesWithColumnRowAndValue) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Answer answer;
  answer.observation[3] = nan;
  EXPECT_THAT(TakeFirst(answer), HasSubstr("observation of row 1, value 1 is nan"));
  answer = {};
  answer.candidates[4] = -std::numeric_limits<float>::infinity();
  EXPECT_THAT(TakeFirst(answer), HasSubstr("candidates of row 1, value 1 is -inf"));
  answer = {};
  answer.response[0] = nan;
  EXPECT_THAT(TakeFirst(answer), HasSubstr("response of row 0, value 0 is nan"));
  answer = {};
  answer.reward[1] = 1.5;
  EXPECT_THAT(TakeFirst(answer), HasSubstr("reward of row 1 is 1.5, want -1..1"));
  answer.reward[1] = nan;
  EXPECT_THAT(TakeFirst(answer), HasSubstr("reward of row 1 is nan"));
  answer = {};
  answer.terminated[0] = 2;
  EXPECT_THAT(TakeFirst(answer), HasSubstr("terminated of row 0 is 2, want 0 or 1"));
  answer = {};
  answer.terminated[1] = answer.truncated[1] = 1;
  EXPECT_THAT(TakeFirst(answer), HasSubstr("terminated and truncated of row 1 are both 1"));
  answer = {};
  answer.truncated[1] = 1;
  answer.next_observation[0] = nan;
  EXPECT_THAT(TakeFirst(answer), HasSubstr("next_observation of row 1, value 0 is nan"));
  answer = {};
  answer.truncated = {1, 1};
  answer.next_observation.resize(2);
  EXPECT_THAT(TakeFirst(answer), HasSubstr("next_observation has 2 values, want 4 for 2 rows"));
  answer = {};
  answer.reward.resize(1);
  EXPECT_THAT(TakeFirst(answer), HasSubstr("reward has 1 values, want 2"));
}

TEST_F(ColumnCheckerTest, RefusesEpisodesThatAreTooLong) {
  Answer answer;
  EXPECT_EQ(Take(answer), "");
  answer.terminated[0] = 1;
  EXPECT_EQ(Take(answer), "");
  answer = {};
  EXPECT_THAT(Take(answer),
              HasSubstr("truncated of row 1 is 0 in step 3 of the episode, want 1: max_episode_steps is 3"));
}

TEST_F(ColumnCheckerTest, ChecksTheFirstObservations) {
  Answer answer;
  std::vector<float> observation(4);
  std::vector<float> candidates(6);
  EXPECT_TRUE(checker_.TakeStart(answer.columns(), absl::MakeSpan(observation), absl::MakeSpan(candidates)).ok());
  EXPECT_EQ(observation, answer.observation);
  answer.observation[2] = std::nanf("");
  EXPECT_THAT(
      std::string(
          checker_.TakeStart(answer.columns(), absl::MakeSpan(observation), absl::MakeSpan(candidates)).message()),
      HasSubstr("observation of row 1, value 0 is nan"));
}

TEST(SharedLayoutTest, ColumnsLieAtMultiplesOf64) {
  const ExternalSpecOptions spec = {.user_features = 3, .candidate_features = 2, .slate_size = 2, .response = {"a"}};
  const SharedLayout layout(spec, 5);
  for (const SharedLayout::Part& part :
       {layout.slates, layout.response, layout.reward, layout.terminated, layout.truncated, layout.observation,
        layout.candidates, layout.next_observation, layout.next_candidates}) {
    EXPECT_EQ(part.offset % 64, 0u);
  }
  EXPECT_EQ(layout.num_bytes % 4096, 0u);
  EXPECT_EQ(layout.next_candidates.count, 5u * 10 * 2);
  EXPECT_LE(layout.next_candidates.offset + layout.next_candidates.count * 4, layout.num_bytes);
}

TEST(MessagesTest, SpecsGoThereAndBack) {
  const ExternalSpecOptions spec = {.name = "x", .user_features = 3, .response = {"a", "b"}, .max_reward = 7};
  EXPECT_EQ(SpecDifference(FromProto(ToProto(spec)), spec), "");
  EXPECT_EQ(SpecDifference({.name = "y", .user_features = 3, .response = {"a"}, .max_reward = 7}, spec),
            "name 'y', want 'x'; response [a], want [a, b]");
}

v1::ExperimentConfig Config(const std::string& external) {
  v1::ExperimentConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      "environment { external { " + external + " } } algorithm { dqn {} }", &config));
  return config;
}

constexpr char kSpec[] = "spec { user_features: 3 num_candidates: 4 response: 'a' }";

std::string Refusal(const std::string& external) {
  const v1::ExperimentConfig config = Config(external);
  return std::string(MakeScenario(config.environment(), 1).status().message());
}

TEST(ExternalScenarioTest, NeedsNoProgramToBeMade) {
  const v1::ExperimentConfig config = Config(std::string("command: '/no/such/program' ") + kSpec);
  const auto scenario = MakeScenario(config.environment(), 1);
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  EXPECT_EQ((*scenario)->spec().num_user_features, 3);
  EXPECT_EQ((*scenario)->MakeReferencePolicies().size(), 1u);
}

TEST(ExternalScenarioTest, RefusesWhatCannotBe) {
  const std::string program = "command: 'x' ";
  EXPECT_THAT(Refusal(kSpec), HasSubstr("environment.external.command is not given, and neither is address"));
  EXPECT_THAT(Refusal(std::string("command: 'x' address: 'a:1' ") + kSpec), HasSubstr("program is given 2 times"));
  EXPECT_THAT(Refusal(program), HasSubstr("environment.external.spec is not given"));
  EXPECT_THAT(Refusal(program + "spec { num_candidates: 4 }"), HasSubstr("environment.external.spec is not given"));
  EXPECT_THAT(Refusal(program + "spec { user_features: 1 slate_size: 5 num_candidates: 4 }"),
              HasSubstr("environment.external.spec.slate_size 5, want 1..4"));
  EXPECT_THAT(Refusal(program + "spec { user_features: 1 response: 'a' max_reward: inf }"),
              HasSubstr("max_reward inf, want a finite"));
  EXPECT_THAT(Refusal(program + "spec { user_features: 1 response: 'a' min_reward: 1 }"),
              HasSubstr("min_reward 1, want less than"));
  EXPECT_THAT(Refusal(program + "spec { user_features: 1 response: 'a' response: 'a' }"),
              HasSubstr("response[1] 'a' is a name given before"));
  EXPECT_THAT(Refusal(program + "spec { user_features: 1 }"), HasSubstr("spec.response has 0 names, want 1..256"));
  EXPECT_THAT(Refusal(program + "spec { user_features: 1 num_clusters: 2 }"), HasSubstr("num_clusters 2, want 0..0"));
  EXPECT_THAT(Refusal(std::string("command: 'x \"' ") + kSpec),
              HasSubstr("environment.external.command has an open \""));
}

TEST(ExternalScenarioTest, TheSpecAndNotTheProgramIsTheExperiment) {
  const auto identity = [](const std::string& external) { return *ExperimentIdentityOf(Config(external)); };
  const v1::ExperimentIdentity one = identity(std::string("command: 'x' step_timeout_seconds: 3 ") + kSpec);
  EXPECT_EQ(one.fingerprint(), identity(std::string("address: 'host:1' max_restarts: 7 ") + kSpec).fingerprint());
  EXPECT_NE(one.fingerprint(),
            identity("command: 'x' spec { user_features: 3 num_candidates: 5 response: 'a' }").fingerprint());
  EXPECT_NE(
      one.fingerprint(),
      identity("command: 'x' spec { user_features: 3 num_candidates: 4 response: 'a' name: 'other' }").fingerprint());
}

}  // namespace
}  // namespace recbots
