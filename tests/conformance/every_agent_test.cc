// Every agent with every layer, every reference policy and every trained policy, in every configuration that ships,
// with histories and without: each plays, or is refused in words. What is refused follows here from the spec, so that
// nothing is refused by accident.
//
// All names are found: agents and layers in make_agent.h, configurations in deploy/config, references in the scenario.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "actor/client/make_scenario.h"
#include "actor/loop/evaluator.h"
#include "actor/simulate/policy_choice.h"
#include "actor/simulate/simulate.h"
#include "common/agents/make_agent.h"
#include "common/algorithms/make_policy.h"
#include "common/config/config.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

constexpr int kEpisodes = 3;
constexpr int kUsers = 2;

std::vector<std::string> Configurations() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(testing::SourceDir() + "/deploy/config")) {
    if (entry.path().extension() == ".textproto") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

v1::ExperimentConfig Load(const std::string& name) {
  return LoadExperimentConfig(absl::StrCat(testing::SourceDir() + "/deploy/config/", name, ".textproto"), {}).value();
}

// As it ships, without a history, and with observations that remember all that there is.
std::vector<std::pair<std::string, v1::EnvironmentConfig>> Environments(const v1::ExperimentConfig& config) {
  v1::EnvironmentConfig plain = config.environment(), history = config.environment();
  plain.clear_history();
  v1::HistoryConfig& everything = *history.mutable_history();
  everything.Clear();
  everything.set_length(2);
  everything.set_remember_user(true);
  everything.set_remember_candidates(true);
  everything.add_trace_decay(0.9);
  everything.add_trace_decay(1);
  everything.set_clock(5);
  return {{"as it ships", config.environment()}, {"without history", plain}, {"with history", history}};
}

// Gives the layer that is named `name` (all layers, if it is empty) another value than its default.
struct LayerSetter {
  std::string wanted;

  template <typename T>
  void operator()(const std::string& name, T& member, const Range&) {
    if (wanted.empty() || wanted == name) member = std::is_same_v<T, int> ? T{3} : static_cast<T>(0.5);
  }
};

// No layer, each by itself, and all of them; a layer is named after the setting that puts it there.
std::map<std::string, AgentOptions> Layers() {
  std::map<std::string, AgentOptions> layers;
  layers["plain"];
  layers["all layers"].layers.ForEachField(LayerSetter{});
  AgentLayersOptions().ForEachField(
      [&](const char* name, const auto&, const Range&) { layers[name].layers.ForEachField(LayerSetter{name}); });
  return layers;
}

// Episodes by `simulate`, in two batches of different sizes, and by the evaluator, all users at once.
void ExpectPlays(const Scenario& scenario, const PolicyFactory& make) {
  const absl::StatusOr<SimulationResult> result =
      Simulate(scenario, make, {.episodes = kEpisodes, .threads = 1, .users = kUsers}, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->episodes, kEpisodes);
  const Evaluator evaluator(scenario, {.episodes = kUsers, .exact = false, .users = kUsers});
  const absl::StatusOr<PolicyValue> value = evaluator.Evaluate(**make());
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_GE(value->episodes, kUsers);
}

// Why not, without the names of the agent and of the scenario.
std::string Reason(const absl::Status& status, const std::string& agent, const std::string& scenario) {
  absl::string_view text = status.message();
  absl::ConsumePrefix(&text, absl::StrCat("agent ", agent, ": "));
  return std::string(text.substr(0, text.find(absl::StrCat(", and ", scenario))));
}

// Plays everybody; who was refused, by agent and layer, with the reason.
std::map<std::string, std::string> PlayAll(const v1::ExperimentConfig& config, const Scenario& scenario) {
  std::map<std::string, std::string> refusals;
  const EnvironmentSpec& spec = scenario.spec();
  const auto play = [&](const std::string& name, const PolicyFactory& make) {
    SCOPED_TRACE(name);
    const absl::Status status = make().status();
    if (status.ok()) return ExpectPlays(scenario, make);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    refusals[name] = Reason(status, name.substr(0, name.find(", ")), spec.name);
  };
  for (const std::string& agent : AgentNames()) {
    for (const auto& [layer, options] : Layers()) {
      play(absl::StrCat(agent, ", ", layer), [&, &with = options] { return MakeAgent(agent, spec, with, /*seed=*/1); });
    }
  }
  const AgentCatalogue none;
  for (const std::string& reference : ReferenceNames(scenario)) {
    play(absl::StrCat("reference ", reference), ChoosePolicy(scenario, none, reference).value().make);
  }
  play("trained", [&]() -> absl::StatusOr<std::unique_ptr<Policy>> {
    return MakePolicy(config.algorithm(), spec, std::max(kUsers, spec.users_per_session), config.seed());
  });
  return refusals;
}

// Lines "agent, layers: reason"; an agent that is refused whatever its layers has one line.
std::string Lines(const std::map<std::string, std::string>& refusals) {
  std::map<std::string, std::map<std::string, std::vector<std::string>>> layers;  // By agent and reason.
  for (const auto& [name, reason] : refusals) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(name, absl::MaxSplits(", ", 1));
    layers[parts.first][reason].push_back(parts.second);
  }
  std::string lines;
  for (const auto& [agent, by_reason] : layers) {
    for (const auto& [reason, refused] : by_reason) {
      const bool always = refused.size() == Layers().size() || agent == "trained";
      absl::StrAppend(&lines, "  ", agent, always ? "" : absl::StrCat(" with ", absl::StrJoin(refused, " or ")), ": ",
                      reason, "\n");
    }
  }
  return lines;
}

// Slates of any order.
double NumSlates(const EnvironmentSpec& spec) {
  double slates = 1;
  for (int k = 0; k < spec.slate_size; ++k) slates *= static_cast<double>(spec.num_candidates - k) / (k + 1);
  return std::round(slates);
}

// Who is refused, and why: the scenario lacks what an agent needs, or the agent cannot have a layer.
std::string ExpectedRefusals(const v1::ExperimentConfig& config, const EnvironmentSpec& spec) {
  std::map<std::string, std::string> refused;
  for (const char* agent : {"glm_ts", "ucb_glm"}) {
    refused[agent] = spec.num_candidate_features < 1
                         ? ": needs num_candidate_features >= 1"
                         : " with all layers or epsilon: epsilon 0.5, want 0: it learns from its own slates only";
  }
  for (const char* agent : {"kl_ucb", "kl_ucb_legacy", "thompson", "ucb1"}) {
    if (spec.num_clusters < 2) refused[agent] = ": needs num_clusters >= 2";
  }
  if (NumSlates(spec) > 100000) {
    refused["tabular_q"] = absl::StrCat(": num_candidates ", spec.num_candidates, " and slate_size ", spec.slate_size,
                                        " make ", NumSlates(spec), " slates per state, want at most 100000");
  }
  if (config.algorithm().algorithm_case() == v1::AlgorithmConfig::ALGORITHM_NOT_SET) {
    refused["trained"] = ": algorithm: none chosen, want wolpertinger, slate_q, full_slate_q or dqn";
  }
  std::string lines;
  for (const auto& [agent, why] : refused) absl::StrAppend(&lines, "  ", agent, why, "\n");
  return lines;
}

TEST(EveryAgentTest, PlaysEveryShippedConfigurationOrIsRefusedInWords) {
  const std::vector<std::string> names = Configurations();
  EXPECT_GE(names.size(), 10u);
  for (const std::string& name : names) {
    const v1::ExperimentConfig config = Load(name);
    for (const auto& [what, environment] : Environments(config)) {
      SCOPED_TRACE(absl::StrCat(name, " ", what));
      const auto scenario = MakeScenario(environment, config.seed());
      ASSERT_TRUE(scenario.ok()) << scenario.status();
      EXPECT_EQ(Lines(PlayAll(config, **scenario)), ExpectedRefusals(config, (*scenario)->spec()));
    }
  }
}

// What a policy asks for costs every step of every simulation the time to write it: nobody asks without a reason.
TEST(EveryAgentTest, AsksForNoMoreThanItReads) {
  for (const std::string& name : Configurations()) {
    SCOPED_TRACE(name);
    const v1::ExperimentConfig config = Load(name);
    const auto scenario = MakeScenario(config.environment(), config.seed()).value();
    const EnvironmentSpec& spec = scenario->spec();
    for (const ReferencePolicy& reference : scenario->MakeReferencePolicies()) {
      EXPECT_EQ(reference.policy->feedback_needs(), FeedbackNeeds::None()) << reference.name;
    }
    if (config.has_algorithm()) {
      EXPECT_EQ((*MakePolicy(config.algorithm(), spec, 1, 1))->feedback_needs(), FeedbackNeeds::None());
    }
    // To know whether a slate can be held, where what is offered changes.
    const FeedbackNeeds to_hold = {false, spec.num_candidate_features > 0 && !spec.fixed_catalogue};
    for (const std::string& agent : AgentNames()) {
      for (const auto& [layer, options] : Layers()) {
        const auto policy = MakeAgent(agent, spec, options, /*seed=*/1);
        if (!policy.ok()) continue;
        const bool holds = options.layers.aggregation_period > 1;
        const FeedbackNeeds own = agent == "tabular_q" ? FeedbackNeeds{} : FeedbackNeeds::None();
        EXPECT_EQ((*policy)->feedback_needs(), holds ? own | to_hold : own) << agent << ", " << layer;
      }
    }
  }
}

}  // namespace
}  // namespace recbots
