// recbots simulate CONFIG: reports what a policy earns over many episodes, and logs what it showed (docs/simulate.md).
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>
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
#include "actor/simulate/policy_choice.h"
#include "actor/simulate/report.h"
#include "actor/simulate/simulate.h"
#include "common/agents/make_agent.h"
#include "common/algorithms/trained_policy.h"
#include "common/base/command_line.h"
#include "common/base/machine_memory.h"
#include "common/base/program.h"
#include "common/base/shutdown.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/config/memory_needs.h"
#include "common/role/role.h"
#include "deploy/cli/commands.h"

namespace recbots {
namespace {

constexpr char kTrained[] = "trained";  // The policy of --weights.

CommandSyntax Syntax() {
  return {"recbots simulate CONFIG [flags]",
          {{"policy", "NAME", "who chooses the slates; --list-policies names all", "random"},
           {"weights", "FILE", "plays the weights.bin of a run of CONFIG, greedily, as policy 'trained'", ""},
           AllowOtherExperimentFlag(),
           {"episodes", "N", "episodes to play, 1..1e9", "1000"},
           {"compare", "", "play the scenario's reference policies too, in one table", ""},
           {"threads", "T", "threads, 1..256; the result does not depend on it", "one for each processor"},
           {"users", "B", "users a thread simulates at once, 1..65536; nor on this", "64"},
           {"seed", "S", "key of all random streams", "that of the configuration"},
           SetFlag(),
           {"log", "FILE", "one row per impression; .jsonl or .csv, with .gz compressed", ""},
           {"log_candidates", "", "with the features of all candidates in every row", ""},
           {"output", "FILE", "the report as JSON", ""},
           {"list_policies", "", "names of all policies for this configuration", ""}},
          1,
          "configurations"};
}

// The request on the command line.
struct Request {
  v1::ExperimentConfig config;
  std::unique_ptr<Scenario> scenario;
  AgentOptions agent_options;
  AgentCatalogue agents;
  std::string policy;
  bool is_reference = false;  // A reference policy of the scenario.
  PolicyFactory make_policy;
  SimulationOptions options;
  std::unique_ptr<ImpressionLog> log;  // nullptr: none
  std::unique_ptr<FileWriter> output;  // nullptr: none
};

absl::StatusOr<SimulationOptions> ReadOptions(const CommandLine& flags) {
  SimulationOptions options;
  RECBOTS_ASSIGN_OR_RETURN(options.episodes, flags.WholeNumber("episodes", 1, kMaxEpisodes));
  RECBOTS_ASSIGN_OR_RETURN(options.users, flags.WholeNumber<int>("users", 1, kMaxSimulationUsers));
  const auto processors = static_cast<int>(std::thread::hardware_concurrency());  // 0: not known
  options.threads = std::clamp(processors, 1, kMaxSimulationThreads);
  if (flags.has("threads")) {
    RECBOTS_ASSIGN_OR_RETURN(options.threads, flags.WholeNumber<int>("threads", 1, kMaxSimulationThreads));
  }
  return options;
}

// Reads configuration and seed, and makes the scenario. `request` must stay where it is.
absl::Status ReadExperiment(const CommandLine& flags, Request& request) {
  RECBOTS_ASSIGN_OR_RETURN(request.config, LoadExperimentConfig(flags.positional()[0], flags.values("set")));
  if (flags.has("seed")) {
    uint64_t seed = 0;
    if (!absl::SimpleAtoi(flags.value("seed"), &seed)) {
      return absl::InvalidArgumentError(
          absl::StrCat("--seed '", flags.value("seed"), "', want 0..", std::numeric_limits<uint64_t>::max()));
    }
    request.config.set_seed(seed);
  }
  const ExternalHooks hooks = {.stop = [&request] { return ShouldStop(request.options.should_stop); },
                               .connect = ConnectToEnvironment};
  RECBOTS_ASSIGN_OR_RETURN(request.scenario, MakeScenario(request.config.environment(), request.config.seed(), hooks));
  return absl::OkStatus();
}

// `request` must stay where it is.
void ReadAgents(Request& request) {
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
absl::Status CheckExperiment(const CommandLine& flags, const Request& request, const std::string& weights) {
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
absl::Status ReadTrainedPolicy(const CommandLine& flags, Request& request) {
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
  const int users = std::max(request.options.users, request.scenario->spec().users_per_session);
  request.make_policy = [&request, users, encoded = *std::move(weights)]() -> absl::StatusOr<std::unique_ptr<Policy>> {
    return MakeTrainedPolicy(request.config.algorithm(), request.scenario->spec(), users, encoded);
  };
  const absl::Status status = request.make_policy().status();
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat("--weights '", path, "' do not fit ", flags.positional()[0], ": ",
                                                 status.message(), " (a run's own is config.textproto beside them)"));
}

absl::Status ReadPolicy(const CommandLine& flags, Request& request) {
  if (flags.has("weights") || flags.value("policy") == kTrained) return ReadTrainedPolicy(flags, request);
  request.policy = flags.value("policy");
  RECBOTS_ASSIGN_OR_RETURN(PolicyChoice choice, ChoosePolicy(*request.scenario, request.agents, request.policy));
  RECBOTS_RETURN_IF_ERROR(CheckAgentSettings(
      flags, request.policy, choice.is_reference ? std::vector<std::string>() : AgentSettingNames(request.policy)));
  request.is_reference = choice.is_reference;
  request.make_policy = std::move(choice.make);
  // Make the policy once, so that a wrong setting is refused before anything starts.
  return request.make_policy().status();
}

absl::Status ReadFiles(const CommandLine& flags, Request& request) {
  if (flags.has("log_candidates") && !flags.has("log")) {
    return absl::InvalidArgumentError("--log_candidates without --log, want --log=FILE");
  }
  if (flags.has("output")) {
    auto output = FileWriter::Create(flags.value("output"));
    if (!output.ok()) return absl::InvalidArgumentError(absl::StrCat("--output: ", output.status().message()));
    request.output = *std::move(output);
  }
  if (flags.has("log")) {
    auto log = ImpressionLog::Create(flags.value("log"), request.scenario->spec(), flags.has("log_candidates"));
    if (!log.ok()) return absl::InvalidArgumentError(absl::StrCat("--log: ", log.status().message()));
    request.log = *std::move(log);
  }
  return absl::OkStatus();
}

// Checks that the users that are simulated at once fit the memory.
absl::Status CheckFits(const Request& request) {
  const EnvironmentSpec& spec = request.scenario->spec();
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Policy> policy, request.make_policy());
  const bool one_by_one = policy->learns();
  const int64_t all = request.options.episodes * spec.users_per_session;
  const auto users =
      static_cast<int>(std::min<int64_t>(one_by_one ? spec.users_per_session : request.options.users, all));
  const int64_t threads = one_by_one ? 1 : std::min<int64_t>(request.options.threads, (all + users - 1) / users);
  return CheckMemory(
      {PlayingNeed(one_by_one ? "environment.users_per_session" : "--users", users, spec, static_cast<int>(threads))},
      MachineMemoryBytes());
}

absl::Status Read(const CommandLine& flags, Request& request) {
  RECBOTS_ASSIGN_OR_RETURN(request.options, ReadOptions(flags));
  RECBOTS_RETURN_IF_ERROR(ReadExperiment(flags, request));
  ReadAgents(request);
  if (flags.has("list_policies")) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(ValidateSimulation(request.scenario->spec(), request.options));
  RECBOTS_RETURN_IF_ERROR(ReadPolicy(flags, request));
  RECBOTS_RETURN_IF_ERROR(CheckFits(request));
  return ReadFiles(flags, request);
}

// Prints the references, and all agents with their settings or with the reason why they cannot play here.
void ListPolicies(const Request& request) {
  const std::vector<std::string> references = ReferenceNames(*request.scenario);
  std::cout << "references of " << request.scenario->spec().name << ": " << absl::StrJoin(references, ", ")
            << "\nagents and their settings (--set=agents.NAME=VALUE):\n";
  for (const std::string& name : request.agents.names) {
    if (std::find(references.begin(), references.end(), name) != references.end()) continue;
    const absl::Status status = request.agents.make(name).status();
    absl::string_view reason = status.message();
    absl::ConsumePrefix(&reason, absl::StrCat("agent ", name, ": "));
    std::cout << absl::StreamFormat(
        "  %-14s %s\n", name,
        status.ok() ? absl::StrJoin(AgentSettingNames(name), ", ") : absl::StrCat("(not here: ", reason, ")"));
  }
  std::cout << "trained: what a run has learnt, with --weights=FILE\n";
}

// Plays the references as the policy was played, until the user stops the command.
absl::Status Compare(const Request& request, SimulationReport& report) {
  const std::vector<std::string> references = ReferenceNames(*request.scenario);
  report.compared = true;
  report.best_reference = references.back();
  for (const std::string& name : references) {
    if (name == request.policy) continue;
    if (request.options.should_stop()) return absl::OkStatus();
    RECBOTS_ASSIGN_OR_RETURN(const PolicyChoice choice, ChoosePolicy(*request.scenario, request.agents, name));
    RECBOTS_ASSIGN_OR_RETURN(SimulationResult result,
                             Simulate(*request.scenario, choice.make, request.options, nullptr));
    report.runs.push_back({name, std::move(result)});
  }
  return absl::OkStatus();
}

absl::StatusOr<SimulationReport> Play(Request& request, bool compare) {
  const Scenario& scenario = *request.scenario;
  const bool references = compare || request.is_reference;
  RECBOTS_RETURN_IF_ERROR(scenario.Prepare(references ? Scenario::Known::kReferences : Scenario::Known::kValues,
                                           request.options.should_stop));
  RECBOTS_ASSIGN_OR_RETURN(SimulationResult result,
                           Simulate(scenario, request.make_policy, request.options, request.log.get()));
  SimulationReport report;
  report.experiment = request.config.name();
  report.environment = scenario.spec().name;
  report.seed = request.config.seed();
  report.users_per_session = scenario.spec().users_per_session;
  report.episodes_wanted = request.options.episodes;
  report.random_value = scenario.RandomValue();
  report.optimal_value = scenario.OptimalValue();
  if (request.log != nullptr) {
    // The log of a stopped simulation is not what was asked for, so it keeps its name PATH.partial.
    if (!result.stopped) RECBOTS_RETURN_IF_ERROR(request.log->Finish());
    report.log_path = result.stopped ? request.log->partial_path() : request.log->path();
    report.log_rows = request.log->rows();
  }
  report.runs.push_back({request.policy, std::move(result)});
  if (compare) RECBOTS_RETURN_IF_ERROR(Compare(request, report));
  return report;
}

absl::Status WriteOutput(const SimulationReport& report, FileWriter& output) {
  RECBOTS_RETURN_IF_ERROR(output.Write(ReportJson(report)));
  return output.Finish();
}

int SimulateUsers(const CommandLine& flags) {
  Shutdown shutdown;  // Made before any file is opened, because a signal must not leave a file half written.
  Request request;
  if (const absl::Status status = Read(flags, request); !status.ok()) return Fail(status, kExitBadUsage);
  if (flags.has("list_policies")) {
    ListPolicies(request);
    return kExitOk;
  }
  request.options.should_stop = [&shutdown] { return shutdown.requested(); };
  const absl::StatusOr<SimulationReport> report = Play(request, flags.has("compare"));
  if (absl::IsCancelled(report.status()) && shutdown.requested()) {
    return Fail(absl::CancelledError("interrupted before anything was played"), kExitInterrupted);
  }
  if (!report.ok()) return Fail(report.status(), kExitFailed);
  std::cout << ReportPage(*report) << std::flush;
  if (request.output != nullptr) {
    if (const absl::Status status = WriteOutput(*report, *request.output); !status.ok()) {
      return Fail(status, kExitFailed);
    }
  }
  return shutdown.requested() ? kExitInterrupted : kExitOk;
}

}  // namespace

Command SimulateCommand() {
  return {"simulate", "CONFIG [flags]", "what a policy earns over many episodes, and the log of what it showed",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, SimulateUsers); }};
}

}  // namespace recbots
