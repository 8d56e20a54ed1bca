#include "common/agents/make_agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "common/policies/feedback.h"
#include "tests/common/agents/topic_environment.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TopicEnvironment;

TopicEnvironment Topics(int num_users) { return TopicEnvironment({0.2, 0.6}, 6, 2, 20, num_users); }

// An environment with nothing that agents ask for.
EnvironmentSpec BareSpec() {
  EnvironmentSpec spec;
  spec.name = "bare";
  spec.num_user_features = 4;
  spec.num_candidates = 4;
  spec.response_fields = {"accepted"};
  return spec;
}

std::string Refusal(const std::string& name, const EnvironmentSpec& spec, const AgentOptions& options = {}) {
  return MakeAgent(name, spec, options, /*seed=*/1).status().ToString();
}

AgentOptions Layered(const AgentLayersOptions& layers) {
  AgentOptions options;
  options.layers = layers;
  return options;
}
AgentOptions WithBandit(const ClusterBanditOptions& bandit) {
  AgentOptions options;
  options.cluster_bandit = bandit;
  return options;
}
AgentOptions WithTable(const TabularQOptions& table, int aggregation_period = 1) {
  AgentOptions options = Layered({.aggregation_period = aggregation_period});
  options.tabular_q = table;
  return options;
}

// Slates of all users over some episodes, all legal; probabilities are NaN or in (0, 1].
std::vector<std::vector<int32_t>> Play(Policy& policy, TopicEnvironment environment, int num_steps) {
  StepBuffer step(environment.spec(), environment.num_users());
  step.Reset(environment);
  std::vector<std::vector<int32_t>> slates(static_cast<size_t>(environment.num_users()));
  for (int t = 0; t < num_steps; ++t) {
    policy.Act({step.observation, environment.positions(), step.candidates},
               {absl::MakeSpan(step.slates), absl::MakeSpan(step.behaviour_probability),
                absl::MakeSpan(step.position_probability)});
    for (size_t i = 0; i < slates.size(); ++i) {
      const int32_t *const first = &step.slates[2 * i], *const end = first + 2;
      EXPECT_EQ(std::set<int32_t>(first, end).size(), 2U);
      EXPECT_TRUE(std::all_of(first, end, [](int32_t item) { return item >= 0 && item < 6; }));
      slates[i].insert(slates[i].end(), first, end);
    }
    for (const auto* probabilities : {&step.behaviour_probability, &step.position_probability}) {
      for (const float p : *probabilities) EXPECT_TRUE(std::isnan(p) || (p > 0 && p <= 1)) << p;
    }
    EXPECT_TRUE(step.Step(environment).ok());
    policy.Observe(FeedbackOf(step));
    step.Advance();
  }
  return slates;
}

class EveryAgent : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryAgent, PlaysTheSameForAnyBatchUnlessItLearnsAcrossUsers) {
  const EnvironmentSpec spec = Topics(1).spec();
  for (const AgentOptions& options : {AgentOptions(), Layered({.aggregation_period = 3, .switching_cost = 0.5})}) {
    auto together = MakeAgent(GetParam(), spec, options, /*seed=*/1);
    ASSERT_TRUE(together.ok()) << together.status();
    const auto slates = Play(**together, Topics(5), 60);
    auto alone = MakeAgent(GetParam(), spec, options, /*seed=*/1);
    ASSERT_TRUE(alone.ok()) << alone.status();
    const auto first = Play(**alone, Topics(1), 60);
    EXPECT_EQ((*together)->learns(), GetParam() == "tabular_q");
    if (!(*together)->learns()) {
      EXPECT_EQ(first[0], slates[0]);
    }
  }
}

TEST_P(EveryAgent, NamesItselfWhereSomethingIsMissing) {
  EnvironmentSpec spec = BareSpec();
  spec.num_candidates = 1000;  // Too many slates for a table.
  spec.slate_size = 4;
  const std::string refusal = Refusal(GetParam(), spec);
  if (GetParam() == "random") {
    EXPECT_EQ(refusal, "OK");
  } else {
    EXPECT_THAT(refusal, HasSubstr("INVALID_ARGUMENT: agent " + GetParam() + ": "));
  }
}

INSTANTIATE_TEST_SUITE_P(Agents, EveryAgent, ::testing::ValuesIn(AgentNames()));

TEST(MakeAgentTest, ListsAgents) {
  EXPECT_THAT(AgentNames(),
              ElementsAre("glm_ts", "kl_ucb", "kl_ucb_legacy", "random", "tabular_q", "thompson", "ucb1", "ucb_glm"));
  EXPECT_THAT(AgentSettingNames("ucb1"),
              ElementsAre("cluster_bandit.optimism_scaling", "cluster_bandit.ties", "cluster_bandit.legacy_first_step",
                          "layers.epsilon", "layers.aggregation_period", "layers.switching_cost"));
  EXPECT_THAT(AgentSettingNames("random"),
              ElementsAre("layers.epsilon", "layers.aggregation_period", "layers.switching_cost"));
  EXPECT_THAT(AgentSettingNames("nobody"), IsEmpty());
  EXPECT_THAT(Refusal("nobody", BareSpec()),
              HasSubstr("agent 'nobody' is unknown, want one of glm_ts, kl_ucb, kl_ucb_legacy, random, tabular_q"));
}

TEST(MakeAgentTest, SaysWhatIsNeededAndWhatThereIs) {
  EXPECT_THAT(Refusal("ucb1", BareSpec()), HasSubstr("agent ucb1: needs num_clusters >= 2, and bare has 0"));
  EXPECT_THAT(Refusal("ucb_glm", BareSpec()),
              HasSubstr("agent ucb_glm: needs num_candidate_features >= 1, and bare has 0"));
  EnvironmentSpec spec = Topics(1).spec();
  spec.response_fields = {"click", "engagement"};
  EXPECT_THAT(Refusal("thompson", spec),
              HasSubstr("agent thompson: needs the response field cluster_id, and topics has click, engagement"));
}

TEST(MakeAgentTest, RefusesSettingsThatAreOutOfBounds) {
  const EnvironmentSpec spec = Topics(1).spec();
  EXPECT_THAT(Refusal("ucb1", spec, WithBandit({.optimism_scaling = -1})),
              HasSubstr("agent ucb1: optimism_scaling -1, want 0.."));
  EXPECT_THAT(Refusal("thompson", spec, WithBandit({.optimism_scaling = 0})), HasSubstr("want >= 1e-6 for Thompson"));
  EXPECT_THAT(Refusal("ucb1", spec, WithBandit({.ties = static_cast<ArmTies>(4)})), HasSubstr("ties 4, want 1..3"));
  EXPECT_THAT(Refusal("ucb1", spec, Layered({.epsilon = 2})), HasSubstr("agent ucb1: epsilon 2, want 0..1"));
  EXPECT_THAT(Refusal("ucb1", spec, Layered({.aggregation_period = 0})), HasSubstr("aggregation_period 0, want 1.."));
  EXPECT_THAT(Refusal("ucb1", spec, Layered({.switching_cost = -1})), HasSubstr("switching_cost -1, want 0.."));
  EXPECT_THAT(Refusal("glm_ts", spec, Layered({.epsilon = 0.1})), HasSubstr("agent glm_ts: epsilon 0.1, want 0"));
  EXPECT_THAT(Refusal("tabular_q", spec, WithTable({.gamma = 3}, 2)), HasSubstr("gamma 3, want 0..1"));
  EXPECT_THAT(Refusal("tabular_q", spec, WithTable({.gamma = 3})), HasSubstr("agent tabular_q: gamma 3"));
  EXPECT_EQ(Refusal("random", spec, WithTable({.gamma = 3})), "OK") << "it has no such setting";
}

TEST(MakeAgentTest, SettingsTakeEffect) {
  const EnvironmentSpec spec = Topics(1).spec();
  const auto play = [&](const std::string& name, const AgentOptions& options) {
    auto agent = MakeAgent(name, spec, options, /*seed=*/1);
    EXPECT_TRUE(agent.ok()) << agent.status();
    return Play(**agent, Topics(4), 40);
  };
  const auto plain = play("ucb1", {});
  EXPECT_EQ(plain, play("ucb1", Layered({.epsilon = 0, .aggregation_period = 1})));
  EXPECT_NE(plain, play("ucb1", WithBandit({.optimism_scaling = 0.1})));
  EXPECT_NE(plain, play("ucb1", WithBandit({.ties = ArmTies::kLowerArm})));
  EXPECT_NE(plain, play("ucb1", Layered({.epsilon = 0.5})));
  // All arms are tied at the first step only.
  EXPECT_EQ(play("ucb1", WithBandit({.ties = ArmTies::kLowerArm, .legacy_first_step = true})),
            play("ucb1", WithBandit({.ties = ArmTies::kLowerArm})));
  EXPECT_NE(play("kl_ucb", {}), play("kl_ucb_legacy", {}));
}

TEST(MakeAgentTest, AggregationHoldsSlatesOfDocumentsThatStay) {
  const TopicEnvironment environment({0.2, 0.6}, 6, 2, 20, 4, /*fixed_documents=*/true);
  auto agent = MakeAgent("random", environment.spec(), Layered({.aggregation_period = 7}), /*seed=*/1);
  ASSERT_TRUE(agent.ok()) << agent.status();
  for (const auto& slates : Play(**agent, environment, 20)) {
    for (size_t t = 0; t < 20; ++t) {
      for (size_t k = 0; k < 2; ++k) EXPECT_EQ(slates[2 * t + k], slates[2 * (t / 7 * 7) + k]);
    }
  }
}

}  // namespace
}  // namespace recbots
