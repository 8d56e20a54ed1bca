// recbots simulate CONFIG: reports what a policy earns over many episodes, and logs what it showed (docs/simulate.md).
#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/simulate/policy_choice.h"
#include "actor/simulate/report.h"
#include "actor/simulate/simulate.h"
#include "common/base/command_line.h"
#include "common/base/machine_memory.h"
#include "common/base/program.h"
#include "common/base/shutdown.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/config/memory_needs.h"
#include "common/role/role.h"
#include "deploy/cli/commands.h"
#include "deploy/cli/simulate/experiment_policy.h"
#include "deploy/cli/terminal/progress.h"

namespace recbots {
namespace {

CommandSyntax Syntax() {
  std::vector<FlagSpec> all = PolicyFlags();
  const std::vector<FlagSpec> own = {
      {"episodes", "N", "episodes to play, 1..1e9", "1000"},
      {"compare", "", "play the scenario's reference policies too, in one table", ""},
      {"threads", "T", "threads, 1..256; the result does not depend on it", "one for each processor"},
      {"users", "B", "users a thread simulates at once, 1..65536; nor on this", "64"},
      {"seed", "S", "key of all random streams", "that of the configuration"},
      {"log", "FILE", "one row per impression; .jsonl or .csv, with .gz compressed", ""},
      {"log_candidates", "", "with the features of all candidates in every row", ""},
      {"output", "FILE", "the report as JSON", ""},
      {"list_policies", "", "names of all policies for this configuration", ""}};
  all.insert(all.end(), own.begin(), own.end());
  return {"recbots simulate CONFIG [flags]", std::move(all), 1, "configurations"};
}

// The request on the command line.
struct Request : ExperimentPolicy {
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
  if (flags.has("list_policies")) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(ValidateSimulation(request.scenario->spec(), request.options));
  RECBOTS_RETURN_IF_ERROR(ReadPolicy(flags, request.options.users, request));
  RECBOTS_RETURN_IF_ERROR(CheckFits(request));
  return ReadFiles(flags, request);
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
    std::cout << PolicyList(request) << std::flush;
    return kExitOk;
  }
  request.should_stop = request.options.should_stop = [&shutdown] { return shutdown.requested(); };
  Progress progress("simulate");
  const auto wanted = static_cast<double>(request.options.episodes);
  if (progress.shown()) {
    request.options.on_episodes = [&progress, wanted](int64_t done) {
      progress.Update(static_cast<double>(done) / wanted);
    };
  }
  const absl::StatusOr<SimulationReport> report = Play(request, flags.has("compare"));
  progress.Clear();
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
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, SimulateUsers); },
          Syntax};
}

}  // namespace recbots
