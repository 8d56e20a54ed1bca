#include "common/agents/make_agent.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/agents/bandits/glm_policy.h"
#include "common/agents/cluster_bandit.h"
#include "common/agents/layers/temporal_aggregation.h"
#include "common/agents/tabular_q_policy.h"
#include "common/base/status_macros.h"
#include "common/policies/epsilon_policy.h"
#include "common/policies/random_policy.h"

namespace recbots {
namespace {

using PolicyOr = absl::StatusOr<std::unique_ptr<Policy>>;

// The settings that every agent has.
struct LayerSettings {
  double epsilon = 0;
  int aggregation_period = 1;
  double switching_cost = 0;

  template <typename F>
  void ForEachField(F&& f) {
    f("epsilon", epsilon);
    f("aggregation_period", aggregation_period);
    f("switching_cost", switching_cost);
  }
  bool aggregates() const { return aggregation_period != 1 || switching_cost != 0; }
};

struct NoSettings {
  template <typename F>
  void ForEachField(F&&) {}
};

struct ClusterBanditSettings {
  double optimism_scaling = BanditOptions{}.optimism_scaling;
  ArmTies ties = ClickBanditOptions{}.ties;
  bool legacy_first_step = false;

  template <typename F>
  void ForEachField(F&& f) {
    f("optimism_scaling", optimism_scaling);
    f("ties", ties);
    f("legacy_first_step", legacy_first_step);
  }
};

// What an agent is made from; `spec` is the environment as the agent sees it.
struct Order {
  const EnvironmentSpec& spec;
  uint64_t seed;
  const LayerSettings& layers;
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

PolicyOr MakeRandom(const Order& order, const NoSettings&) {
  return std::make_unique<RandomPolicy>(order.seed, order.spec.num_candidates, order.spec.slate_size);
}

template <BanditKind kind, bool legacy_kl_ucb>
PolicyOr MakeBanditAgent(const Order& order, const ClusterBanditSettings& settings) {
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

PolicyOr MakeTabularQ(const Order& order, TabularQOptions options) {
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

// Reads the settings, and puts the layers around the agent that `make` returns.
template <typename Settings, PolicyOr (*make)(const Order&, Settings)>
PolicyOr MakeWithLayers(const EnvironmentSpec& spec, const AgentOptions& options) {
  LayerSettings layers;
  std::decay_t<Settings> settings;
  RECBOTS_RETURN_IF_ERROR(FillSettings(options.settings, layers));
  RECBOTS_RETURN_IF_ERROR(FillSettings(options.settings, settings));
  if (!(layers.epsilon >= 0 && layers.epsilon <= 1)) {
    return absl::InvalidArgumentError(absl::StrCat("epsilon ", layers.epsilon, ", want 0..1"));
  }
  TemporalAggregationOptions aggregation{.aggregation_period = layers.aggregation_period,
                                         .gamma = StepDiscount(settings),
                                         .switching_cost = layers.switching_cost};
  EnvironmentSpec seen = spec;
  if (layers.aggregates()) {
    RECBOTS_RETURN_IF_ERROR(TemporalAggregation::Validate(aggregation));
    seen = TemporalAggregation::InnerSpec(aggregation, spec);
  }
  RECBOTS_ASSIGN_OR_RETURN(auto agent, make({.spec = seen, .seed = options.seed, .layers = layers}, settings));
  if (layers.epsilon > 0) {
    agent = std::make_unique<EpsilonPolicy>(std::move(agent), layers.epsilon, options.seed, spec.num_candidates,
                                            spec.slate_size);
  }
  if (!layers.aggregates()) return agent;
  return TemporalAggregation::Create(aggregation, spec, std::move(agent));
}

template <typename Settings>
std::vector<std::string> NamesWithLayers() {
  std::vector<std::string> names = SettingNames<std::decay_t<Settings>>();
  for (std::string& name : SettingNames<LayerSettings>()) names.push_back(std::move(name));
  return names;
}

// Whether the values are of the right kind.
template <typename Settings>
absl::Status CheckWithLayers(const AgentSettings& settings) {
  LayerSettings layers;
  std::decay_t<Settings> parsed;
  RECBOTS_RETURN_IF_ERROR(FillSettings(settings, layers));
  return FillSettings(settings, parsed);
}

struct Agent {
  const char* name;
  PolicyOr (*make)(const EnvironmentSpec&, const AgentOptions&);
  std::vector<std::string> (*setting_names)();
  absl::Status (*check)(const AgentSettings&);
};

template <typename Settings, PolicyOr (*make)(const Order&, Settings)>
constexpr Agent Entry(const char* name) {
  return {name, MakeWithLayers<Settings, make>, NamesWithLayers<Settings>, CheckWithLayers<Settings>};
}

constexpr Agent kAgents[] = {
    Entry<const GlmPolicyOptions&, MakeGlm<GlmThompsonPolicy>>("glm_ts"),
    Entry<const ClusterBanditSettings&, MakeBanditAgent<BanditKind::kKlUcb, false>>("kl_ucb"),
    Entry<const ClusterBanditSettings&, MakeBanditAgent<BanditKind::kKlUcb, true>>("kl_ucb_legacy"),
    Entry<const NoSettings&, MakeRandom>("random"),
    Entry<TabularQOptions, MakeTabularQ>("tabular_q"),
    Entry<const ClusterBanditSettings&, MakeBanditAgent<BanditKind::kThompson, false>>("thompson"),
    Entry<const ClusterBanditSettings&, MakeBanditAgent<BanditKind::kUcb1, false>>("ucb1"),
    Entry<const GlmPolicyOptions&, MakeGlm<UcbGlmPolicy>>("ucb_glm"),
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

std::vector<std::string> AgentLayerSettingNames() { return SettingNames<LayerSettings>(); }

std::vector<std::string> AgentSettingNames(absl::string_view name) {
  const Agent* agent = FindAgent(name);
  return agent == nullptr ? std::vector<std::string>() : agent->setting_names();
}

absl::Status SetAgentOption(AgentOptions& options, absl::string_view key_value) {
  const size_t equals = key_value.find('=');
  if (equals == absl::string_view::npos || equals == 0) {
    return absl::InvalidArgumentError(absl::StrCat("agent setting '", key_value, "', want NAME=VALUE"));
  }
  const std::string key(key_value.substr(0, equals));
  const AgentSettings setting = {{key, std::string(key_value.substr(equals + 1))}};
  std::vector<std::string> all;
  bool known = false;
  for (const Agent& agent : kAgents) {
    for (std::string& name : agent.setting_names()) {
      known = known || name == key;
      all.push_back(std::move(name));
    }
    RECBOTS_RETURN_IF_ERROR(agent.check(setting));
  }
  if (!known) {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return absl::InvalidArgumentError(
        absl::StrCat("agent setting '", key, "' is unknown, want one of ", absl::StrJoin(all, ", ")));
  }
  options.settings[key] = setting.begin()->second;
  return absl::OkStatus();
}

PolicyOr MakeAgent(absl::string_view name, const EnvironmentSpec& spec, const AgentOptions& options) {
  const Agent* const agent = FindAgent(name);
  if (agent == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("agent '", name, "' is unknown, want one of ", absl::StrJoin(AgentNames(), ", ")));
  }
  const std::vector<std::string> names = agent->setting_names();
  for (const auto& [key, value] : options.settings) {
    if (std::find(names.begin(), names.end(), key) != names.end()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("agent ", name, ": has no setting ", key, ", only ", absl::StrJoin(names, ", ")));
  }
  PolicyOr made = agent->make(spec, options);
  if (made.ok()) return made;
  return absl::Status(made.status().code(), absl::StrCat("agent ", name, ": ", made.status().message()));
}

}  // namespace recbots
