#include "deploy/cli/simulate/experiment_policy.h"

#include <algorithm>
#include <iostream>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "actor/client/experiment_identity.h"
#include "actor/client/fill_options.h"
#include "actor/client/make_scenario.h"
#include "actor/external/remote_program.h"
#include "common/agents/make_agent.h"
#include "common/algorithms/trained_policy.h"
#include "common/base/status_macros.h"
#include "common/policies/softmax_policy.h"
#include "common/role/role.h"

namespace recbots {
namespace {

// `request` must stay where it is.
void ReadAgents(ExperimentPolicy& request) {
  FillOptions(request.config.agents(), request.agent_options);
  request.agents = {AgentNames(), [&request](const std::string& name) {
                      return MakeAgent(name, request.scenario->spec(), request.agent_options, request.config.seed());
                    }};
}

// Refuses --set of an agent's setting that the policy does not have; `names` are those that it has. A file may have
// settings of any agent.
absl::Status CheckAgentSettings(const CommandLine& flags, const std::string& policy,
                                const std::vector<std::string>& names) {
  for (const std::string& text : flags.values("set")) {
    absl::string_view path = absl::StripAsciiWhitespace(absl::string_view(text).substr(0, text.find('=')));
    if (!absl::ConsumePrefix(&path, "agents.")) continue;
    const auto covers = [path](const std::string& name) {
      return name == path || absl::StartsWith(name, absl::StrCat(path, "."));
    };
    if (std::any_of(names.begin(), names.end(), covers)) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("--set '", text, "': policy '", policy, "' has no such setting, ",
                     names.empty() ? "only agents have settings" : absl::StrCat("only ", absl::StrJoin(names, ", "))));
  }
  return absl::OkStatus();
}

// Checks that the weights were trained for this experiment: in another environment they would play, but mean little.
absl::Status CheckExperiment(const CommandLine& flags, const ExperimentPolicy& request, const std::string& weights) {
  RECBOTS_ASSIGN_OR_RETURN(const v1::ExperimentIdentity identity,
                           ExperimentIdentityOf(request.config, *request.scenario));
  std::string warning;
  absl::Status status = CheckTrainedFor(weights, identity, &warning);
  if (absl::IsFailedPrecondition(status) && flags.has(kAllowOtherExperiment)) {
    warning = std::string(status.message());
    status = absl::OkStatus();
  }
  if (!status.ok()) {
    return absl::Status(status.code(),
                        absl::StrCat("--weights '", flags.value("weights"), "': ", status.message(),
                                     ". Play them in the configuration of their run (config.textproto beside them), or "
                                     "give --",
                                     kAllowOtherExperiment));
  }
  if (!warning.empty()) {
    std::cerr << "recbots: warning: --weights '" << flags.value("weights") << "': " << warning << "\n";
  }
  return absl::OkStatus();
}

// Reads the policy of --weights, which the configuration's algorithm has learnt.
absl::Status ReadTrainedPolicy(const CommandLine& flags, int users_at_once, ExperimentPolicy& request) {
  request.policy = kTrained;
  if (flags.has("policy") && flags.value("policy") != kTrained) {
    return absl::InvalidArgumentError(absl::StrCat("--weights with --policy '", flags.value("policy"), "', want '",
                                                   kTrained, "' or none; --compare plays the references too"));
  }
  if (!flags.has("weights"))
    return absl::InvalidArgumentError("--policy 'trained' without --weights, want --weights=FILE");
  RECBOTS_RETURN_IF_ERROR(CheckAgentSettings(flags, kTrained, {}));
  const std::string& path = flags.value("weights");
  absl::StatusOr<std::string> weights = ReadWeightsFile(path);
  if (!weights.ok()) return absl::InvalidArgumentError(absl::StrCat("--weights: ", weights.status().message()));
  RECBOTS_RETURN_IF_ERROR(CheckExperiment(flags, request, *weights));
  const int users = std::max(users_at_once, request.scenario->spec().users_per_session);
  request.make_policy = [&request, users, encoded = *std::move(weights)]() -> absl::StatusOr<std::unique_ptr<Policy>> {
    return MakeTrainedPolicy(request.config.algorithm(), request.scenario->spec(), users, encoded);
  };
  const absl::Status status = request.make_policy().status();
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat("--weights '", path, "' do not fit ", flags.positional()[0], ": ",
                                                 status.message(), " (a run's own is config.textproto beside them)"));
}

// Softens the policy that was chosen.
absl::Status Soften(const CommandLine& flags, ExperimentPolicy& request) {
  if (!flags.has("softmax")) return absl::OkStatus();
  RECBOTS_ASSIGN_OR_RETURN(const double temperature,
                           flags.Number("softmax", SoftmaxPolicy::kMinTemperature, SoftmaxPolicy::kMaxTemperature));
  const EnvironmentSpec& spec = request.scenario->spec();
  request.policy = absl::StrFormat("%s, softmax %g", request.policy, temperature);
  request.make_policy = [base = request.make_policy, temperature, seed = request.config.seed(), n = spec.num_candidates,
                         k = spec.slate_size]() -> absl::StatusOr<std::unique_ptr<Policy>> {
    RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<Policy> policy, base());
    return std::make_unique<SoftmaxPolicy>(std::make_unique<RankScorer>(std::move(policy), n, k), temperature, seed, n,
                                           k);
  };
  return absl::OkStatus();
}

}  // namespace

std::vector<FlagSpec> PolicyFlags() {
  return {{"policy", "NAME", "who chooses the slates; --list-policies names all", "random"},
          {"weights", "FILE", "plays the weights.bin of a run of CONFIG, greedily, as policy 'trained'", ""},
          {"softmax", "T", "draws slates with softmax over the ranks of the policy's slate, at temperature T", ""},
          AllowOtherExperimentFlag(),
          SetFlag()};
}

absl::Status ReadExperiment(const CommandLine& flags, ExperimentPolicy& request) {
  RECBOTS_ASSIGN_OR_RETURN(request.config, LoadExperimentConfig(flags.positional()[0], flags.values("set")));
  if (flags.has("seed")) {
    uint64_t seed = 0;
    if (!absl::SimpleAtoi(flags.value("seed"), &seed)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--seed '", flags.value("seed"), "', want 0..", std::numeric_limits<uint64_t>::max()));
    }
    request.config.set_seed(seed);
  }
  const ExternalHooks hooks = {.stop = [&request] { return ShouldStop(request.should_stop); },
                               .connect = ConnectToEnvironment};
  RECBOTS_ASSIGN_OR_RETURN(request.scenario, MakeScenario(request.config.environment(), request.config.seed(), hooks));
  ReadAgents(request);
  return absl::OkStatus();
}

absl::Status ReadPolicy(const CommandLine& flags, int users, ExperimentPolicy& request) {
  if (flags.has("weights") || flags.value("policy") == kTrained) {
    RECBOTS_RETURN_IF_ERROR(ReadTrainedPolicy(flags, users, request));
    return Soften(flags, request);
  }
  request.policy = flags.value("policy");
  RECBOTS_ASSIGN_OR_RETURN(PolicyChoice choice, ChoosePolicy(*request.scenario, request.agents, request.policy));
  RECBOTS_RETURN_IF_ERROR(CheckAgentSettings(
      flags, request.policy, choice.is_reference ? std::vector<std::string>() : AgentSettingNames(request.policy)));
  request.is_reference = choice.is_reference;
  request.make_policy = std::move(choice.make);
  // Make the policy once, so that a wrong setting is refused before anything starts.
  RECBOTS_RETURN_IF_ERROR(Soften(flags, request));
  return request.make_policy().status();
}

std::string PolicyList(const ExperimentPolicy& request) {
  const std::vector<std::string> references = ReferenceNames(*request.scenario);
  std::string list =
      absl::StrCat("references of ", request.scenario->spec().name, ": ", absl::StrJoin(references, ", "),
                   "\nagents and their settings (--set=agents.NAME=VALUE):\n");
  for (const std::string& name : request.agents.names) {
    if (std::find(references.begin(), references.end(), name) != references.end()) continue;
    const absl::Status status = request.agents.make(name).status();
    absl::string_view reason = status.message();
    absl::ConsumePrefix(&reason, absl::StrCat("agent ", name, ": "));
    absl::StrAppendFormat(
        &list, "  %-14s %s\n", name,
        status.ok() ? absl::StrJoin(AgentSettingNames(name), ", ") : absl::StrCat("(not here: ", reason, ")"));
  }
  return list + "trained: what a run has learnt, with --weights=FILE\n";
}

}  // namespace recbots
