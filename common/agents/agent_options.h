// The settings of all agents (make_agent.h), each declared once. They are the fields of AgentsConfig in config.proto,
// by the same names; a test compares names, ranges and defaults.
#pragma once

#include "common/agents/bandits/bandit.h"
#include "common/agents/bandits/glm_policy.h"
#include "common/agents/click_bandit.h"
#include "common/agents/layers/temporal_aggregation.h"
#include "common/agents/tabular_q_policy.h"
#include "common/base/settings.h"

namespace recbots {

// Of a cluster bandit (cluster_bandit.h). The kind of bandit follows from the agent's name.
struct ClusterBanditOptions {
  RECBOTS_SETTINGS;
  // lambda of BanditOptions; Thompson sampling needs at least 1e-6.
  RECBOTS_SETTING(double, optimism_scaling, Between(0, 1e6), BanditOptions{}.optimism_scaling);
  RECBOTS_SETTING(ArmTies, ties, Between(1, 3), ClickBanditOptions{}.ties);
  // See ClickBanditOptions.
  RECBOTS_SETTING(bool, legacy_first_step, AnyValue(), false);
};

// Of the layers that any agent may have around it.
struct AgentLayersOptions {
  RECBOTS_SETTINGS;
  // How often the agent shows a random slate instead (common/policies/epsilon_policy.h). Only 0 for ucb_glm and glm_ts,
  // which learn from their own slates.
  RECBOTS_SETTING(double, epsilon, Between(0, 1), 0);
  // The agent decides once in this many steps (layers/temporal_aggregation.h); tabular_q still discounts with gamma per
  // step.
  RECBOTS_SETTING(int, aggregation_period, Between(1, TemporalAggregationOptions::kMaxPeriod), 1);
  // What a decision that changes the slate costs the agent.
  RECBOTS_SETTING(double, switching_cost, Between(0, 1e9), 0);

  bool aggregates() const { return aggregation_period != 1 || switching_cost != 0; }
};

struct AgentOptions {
  RECBOTS_SETTINGS;
  RECBOTS_SETTING(ClusterBanditOptions, cluster_bandit, AnyValue(), {});  // ucb1, kl_ucb, kl_ucb_legacy, thompson
  RECBOTS_SETTING(GlmPolicyOptions, glm, AnyValue(), {});                 // ucb_glm, glm_ts
  RECBOTS_SETTING(TabularQOptions, tabular_q, AnyValue(), {});
  RECBOTS_SETTING(AgentLayersOptions, layers, AnyValue(), {});  // Every agent
};

}  // namespace recbots
