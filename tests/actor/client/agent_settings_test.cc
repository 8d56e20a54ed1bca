// Every setting of an agent is said twice: in AgentOptions and, for people, in the message of the configuration.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "actor/client/fill_options.h"
#include "common/agents/agent_options.h"
#include "common/agents/make_agent.h"
#include "common/config/config.h"
#include "tests/support/compare_settings.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<AgentOptions> Filled(const std::vector<std::string>& overrides) {
  v1::ExperimentConfig config;
  config.mutable_environment()->mutable_document_browsing();
  for (const std::string& text : overrides) {
    if (const absl::Status status = ApplyOverride(text, config); !status.ok()) return status;
  }
  if (const absl::Status status = ValidateExperimentConfig(config); !status.ok()) return status;
  AgentOptions options;
  FillOptions(config.agents(), options);
  return options;
}

TEST(AgentSettingsTest, AreThoseOfTheMessages) { testing::Compare<AgentOptions>(*v1::AgentsConfig::descriptor()); }

TEST(AgentSettingsTest, EveryOneBelongsToAnAgent) {
  std::set<std::string> named;
  for (const std::string& agent : AgentNames()) {
    for (const std::string& name : AgentSettingNames(agent)) named.insert(name);
  }
  std::set<std::string> all;
  AgentOptions options;
  options.ForEachField([&all](const std::string& section, auto& settings, const Range&) {
    settings.ForEachField([&](const char* name, auto&, const Range&) { all.insert(section + "." + name); });
  });
  EXPECT_EQ(named, all);
}

TEST(AgentSettingsTest, ComeFromTheConfiguration) {
  const AgentOptions options =
      Filled({"agents.tabular_q.gamma=0.5", "agents.tabular_q.exploration=MIN_COUNT",
              "agents.tabular_q.discretization_bounds=-1,2.5", "agents.cluster_bandit.ties=HIGHER_ARM",
              "agents.glm.max_history=20", "agents.layers.epsilon=0.25"})
          .value();
  EXPECT_EQ(options.tabular_q.gamma, 0.5);
  EXPECT_EQ(options.tabular_q.exploration, TabularExploration::kMinCount);
  EXPECT_THAT(options.tabular_q.discretization_bounds, ElementsAre(-1, 2.5));
  EXPECT_EQ(options.tabular_q.number_bins, 100) << "the default";
  EXPECT_EQ(options.cluster_bandit.ties, ArmTies::kHigherArm);
  EXPECT_EQ(options.glm.max_history, 20);
  EXPECT_EQ(options.layers.epsilon, 0.25);
  EXPECT_THAT(Filled({})->tabular_q.discretization_bounds, ElementsAre(0, 10));
}

TEST(AgentSettingsTest, AreRefusedWithPathValueAndBound) {
  const auto refusal = [](const std::string& text) { return std::string(Filled({text}).status().message()); };
  EXPECT_THAT(refusal("agents.layers.epsilon=2"), HasSubstr("agents.layers.epsilon 2, want 0..1"));
  EXPECT_THAT(refusal("agents.layers.epsilom=0.1"), HasSubstr("epsilon"));
  EXPECT_THAT(refusal("agents.layers.aggregation_period=0"), HasSubstr("aggregation_period 0, want 1.."));
  EXPECT_THAT(refusal("agents.layers.aggregation_period=1.5"), HasSubstr("1.5"));
  EXPECT_THAT(refusal("agents.cluster_bandit.ties=EVEN"), HasSubstr("HIGHER_ARM"));
  EXPECT_THAT(refusal("agents.tabular_q.discretization_bounds=1,,2"), HasSubstr("discretization_bounds"));
}

}  // namespace
}  // namespace recbots
