#include "common/agents/make_agent.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/agents/cluster_bandit.h"
#include "common/base/status_macros.h"
#include "common/policies/epsilon_policy.h"
#include "common/policies/random_policy.h"

namespace recbots {
namespace {

using PolicyOr = absl::StatusOr<std::unique_ptr<Policy>>;

// What an agent is made from; `spec` is the environment as the agent sees it.
struct Order {
  const EnvironmentSpec& spec;
  uint64_t seed;
  const AgentLayersOptions& layers;
};

absl::Status NeedField(const EnvironmentSpec& spec, const char* field) {
  if (spec.FindResponseField(field) >= 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("needs the response field ", field, ", and ", spec.name, " has ",
                                                 absl::StrJoin(spec.response_fields, ", ")));
}

absl::Status NeedAtLeast(const EnvironmentSpec& spec, const char* what, int least, int has) {
  if (has >= least) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("needs ", what, " >= ", least, ", and ", spec.name, " has ", has));
}

// An agent that has the settings of its layers only.
struct NoSettings {};

PolicyOr MakeRandom(const Order& order, const NoSettings&) {
  return std::make_unique<RandomPolicy>(order.seed, order.spec.num_candidates, order.spec.slate_size);
}

template <BanditKind kind, bool legacy_kl_ucb>
PolicyOr MakeBanditAgent(const Order& order, const ClusterBanditOptions& settings) {
  RECBOTS_RETURN_IF_ERROR(CheckSettings(settings));
  RECBOTS_RETURN_IF_ERROR(NeedAtLeast(order.spec, "num_clusters", 2, order.spec.num_clusters));
  RECBOTS_RETURN_IF_ERROR(NeedField(order.spec, "click"));
  RECBOTS_RETURN_IF_ERROR(NeedField(order.spec, "cluster_id"));
  const ClickBanditOptions options{
      .bandit = {.kind = kind, .optimism_scaling = settings.optimism_scaling, .legacy_kl_ucb = legacy_kl_ucb},
      .ties = settings.ties,
      .legacy_first_step = settings.legacy_first_step};
  return MakeClusterBandit(options, order.seed, order.spec);
}

template <typename GlmAgent>
PolicyOr MakeGlm(const Order& order, const GlmPolicyOptions& options) {
  RECBOTS_RETURN_IF_ERROR(NeedAtLeast(order.spec, "num_candidate_features", 1, order.spec.num_candidate_features));
  RECBOTS_RETURN_IF_ERROR(NeedField(order.spec, "click"));
  if (order.layers.epsilon != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("epsilon ", order.layers.epsilon, ", want 0: it learns from its own slates only"));
  }
  return GlmAgent::Create(order.spec, options, order.seed);
}

PolicyOr MakeTabularQ(const Order& order, const TabularQOptions& settings) {
  TabularQOptions options = settings;
  if (order.layers.aggregates() && options.gamma >= 0 && options.gamma <= 1) {
    options.gamma = TemporalAggregation::BaseDiscount(
        {.aggregation_period = order.layers.aggregation_period, .gamma = options.gamma});
  }
  return TabularQPolicy::Create(order.spec, options, order.seed);
}

// The discount of one step that an agent plans with.
double StepDiscount(const TabularQOptions& options) { return options.gamma; }
template <typename Options>
double StepDiscount(const Options&) {
  return 1;
}

// Puts the layers around the agent that `make` returns.
template <typename Settings, PolicyOr (*make)(const Order&, const Settings&)>
PolicyOr MakeWithLayers(const EnvironmentSpec& spec, const Settings& settings, const AgentLayersOptions& layers,
                        uint64_t seed) {
  RECBOTS_RETURN_IF_ERROR(CheckSettings(layers));
  TemporalAggregationOptions aggregation{.aggregation_period = layers.aggregation_period,
                                         .gamma = StepDiscount(settings),
                                         .switching_cost = layers.switching_cost};
  EnvironmentSpec seen = spec;
  if (layers.aggregates()) {
    RECBOTS_RETURN_IF_ERROR(TemporalAggregation::Validate(aggregation));
    seen = TemporalAggregation::InnerSpec(aggregation, spec);
  }
  RECBOTS_ASSIGN_OR_RETURN(auto agent, make({.spec = seen, .seed = seed, .layers = layers}, settings));
  if (layers.epsilon > 0) {
    agent =
        std::make_unique<EpsilonPolicy>(std::move(agent), layers.epsilon, seed, spec.num_candidates, spec.slate_size);
  }
  if (!layers.aggregates()) return agent;
  return TemporalAggregation::Create(aggregation, spec, std::move(agent));
}

constexpr char kLayers[] = "layers";

struct Agent {
  const char* name;
  const char* section;  // Of AgentOptions; empty if it has the layers only.
  PolicyOr (*make)(const EnvironmentSpec&, const AgentOptions&, uint64_t seed);
};

template <PolicyOr (*make)(const Order&, const ClusterBanditOptions&)>
constexpr Agent ClusterBandit(const char* name) {
  return {name, "cluster_bandit", [](const EnvironmentSpec& spec, const AgentOptions& options, uint64_t seed) {
            return MakeWithLayers<ClusterBanditOptions, make>(spec, options.cluster_bandit, options.layers, seed);
          }};
}

template <PolicyOr (*make)(const Order&, const GlmPolicyOptions&)>
constexpr Agent Glm(const char* name) {
  return {name, "glm", [](const EnvironmentSpec& spec, const AgentOptions& options, uint64_t seed) {
            return MakeWithLayers<GlmPolicyOptions, make>(spec, options.glm, options.layers, seed);
          }};
}

PolicyOr MakeRandomAgent(const EnvironmentSpec& spec, const AgentOptions& options, uint64_t seed) {
  return MakeWithLayers<NoSettings, MakeRandom>(spec, NoSettings(), options.layers, seed);
}

PolicyOr MakeTabularQAgent(const EnvironmentSpec& spec, const AgentOptions& options, uint64_t seed) {
  return MakeWithLayers<TabularQOptions, MakeTabularQ>(spec, options.tabular_q, options.layers, seed);
}

constexpr Agent kAgents[] = {
    Glm<MakeGlm<GlmThompsonPolicy>>("glm_ts"),
    ClusterBandit<MakeBanditAgent<BanditKind::kKlUcb, false>>("kl_ucb"),
    ClusterBandit<MakeBanditAgent<BanditKind::kKlUcb, true>>("kl_ucb_legacy"),
    {"random", "", MakeRandomAgent},
    {"tabular_q", "tabular_q", MakeTabularQAgent},
    ClusterBandit<MakeBanditAgent<BanditKind::kThompson, false>>("thompson"),
    ClusterBandit<MakeBanditAgent<BanditKind::kUcb1, false>>("ucb1"),
    Glm<MakeGlm<UcbGlmPolicy>>("ucb_glm"),
};

const Agent* FindAgent(absl::string_view name) {
  for (const Agent& agent : kAgents) {
    if (name == agent.name) return &agent;
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> AgentNames() {
  std::vector<std::string> names;
  for (const Agent& agent : kAgents) names.emplace_back(agent.name);
  return names;
}

std::vector<std::string> AgentSettingNames(absl::string_view name) {
  const Agent* const agent = FindAgent(name);
  std::vector<std::string> names;
  if (agent == nullptr) return names;
  AgentOptions options;
  options.ForEachField([&](absl::string_view section, auto& settings, const Range&) {
    if (section != agent->section && section != kLayers) return;
    settings.ForEachField(
        [&](const char* setting, auto&, const Range&) { names.push_back(absl::StrCat(section, ".", setting)); });
  });
  return names;
}

PolicyOr MakeAgent(absl::string_view name, const EnvironmentSpec& spec, const AgentOptions& options, uint64_t seed) {
  const Agent* const agent = FindAgent(name);
  if (agent == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("agent '", name, "' is unknown, want one of ", absl::StrJoin(AgentNames(), ", ")));
  }
  PolicyOr made = agent->make(spec, options, seed);
  if (made.ok()) return made;
  return absl::Status(made.status().code(), absl::StrCat("agent ", name, ": ", made.status().message()));
}

}  // namespace recbots
