// recbots cluster: replay, learner, actors and evaluator on this machine, until the goal is reached.
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "actor/client/experiment_identity.h"
#include "actor/client/make_scenario.h"
#include "common/algorithms/make_policy.h"
#include "common/base/command_line.h"
#include "common/base/file.h"
#include "common/base/host_port.h"
#include "common/base/machine_memory.h"
#include "common/base/program.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/config/memory_needs.h"
#include "common/role/role.h"
#include "common/role/run_directory.h"
#include "deploy/cli/cluster/local_cluster.h"
#include "deploy/cli/commands.h"
#include "learner/run/results.h"

namespace recbots {
namespace {

constexpr char kProgram[] = "recbots cluster";
constexpr int kMaxActors = 256;
constexpr int kMaxReplayShards = 64;

CommandSyntax Syntax() {
  return {"recbots cluster CONFIG [flags]",
          {SetFlag(),
           {"run_dir", "DIR", "where everything the run writes goes", "runs/TIME-NAME"},
           {"actors", "N", "actor processes", "1"},
           {"replay_shards", "N", "replay processes; each has the configured settings for itself", "1"},
           {"checkpoint", "", "replay keeps checkpoints in DIR/replay, and begins with what lies there", ""},
           AllowOtherExperimentFlag(),
           {"keep", "", "go on training and serving after the goal is reached, until Ctrl-C", ""},
           {"http", "HOST:PORT", "where the learner serves /metrics; port 0 takes a free one", "127.0.0.1:0"},
           {"quiet", "", "print only the last line", ""}},
          1,
          "configurations"};
}

// All processes share the memory of this machine.
absl::Status CheckFits(const v1::ExperimentConfig& config, const Scenario& scenario,
                       const LocalClusterOptions& options) {
  const bool plays = !config.evaluator().exact() || scenario.AllObservations().empty();
  return CheckMemory(MemoryNeedsOf(config, scenario.spec(),
                                   {.replays = options.num_replay_shards,
                                    .learners = 1,
                                    .actors = options.num_actors,
                                    .evaluators = 1,
                                    .evaluators_play = plays,
                                    .checkpoints = options.checkpoint}),
                     MachineMemoryBytes());
}

// Options but for the run directory; `config`, and what its rows mean.
absl::StatusOr<LocalClusterOptions> ReadOptions(const CommandLine& flags, v1::ExperimentConfig& config,
                                                v1::ExperimentIdentity& identity) {
  LocalClusterOptions options;
  options.learner_http = flags.value("http");
  if (const absl::Status http = ParseHostPort(options.learner_http).status(); !http.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--http '", options.learner_http, "': ", http.message()));
  }
  options.keep = flags.has("keep");
  options.quiet = flags.has("quiet");
  options.checkpoint = flags.has("checkpoint");
  options.allow_other_experiment = flags.has(kAllowOtherExperiment);
  RECBOTS_ASSIGN_OR_RETURN(options.num_actors, flags.WholeNumber<int>("actors", 1, kMaxActors));
  RECBOTS_ASSIGN_OR_RETURN(options.num_replay_shards, flags.WholeNumber<int>("replay_shards", 1, kMaxReplayShards));
  RECBOTS_ASSIGN_OR_RETURN(config, LoadExperimentConfig(flags.positional()[0], flags.values("set")));
  // Refused here rather than by each role in its own log: an environment, or one that the algorithm cannot act in.
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario, MakeTrainingScenario(config));
  RECBOTS_RETURN_IF_ERROR(CheckFits(config, *scenario, options));
  RECBOTS_RETURN_IF_ERROR(MakePolicy(config.algorithm(), scenario->spec(), /*max_users=*/1, config.seed()).status());
  RECBOTS_ASSIGN_OR_RETURN(identity, ExperimentIdentityOf(config, *scenario));
  return options;
}

// Takes the run directory and begins a run in it: all roles read the configuration from there, as it was read once.
absl::StatusOr<RunDirectory> BeginRun(const CommandLine& flags, const v1::ExperimentConfig& config,
                                      const v1::ExperimentIdentity& identity, LocalClusterOptions& options) {
  absl::StatusOr<RunDirectory> directory = flags.has("run_dir")
                                               ? RunDirectory::Claim(flags.value("run_dir"), kProgram)
                                               : RunDirectory::MakeNew("runs", config.name(), kProgram);
  RECBOTS_RETURN_IF_ERROR(directory.status());
  // Without checkpoints nothing is taken over from the run that lies there: its results go to previous/, with a
  // warning.
  RECBOTS_RETURN_IF_ERROR(
      CheckRunDirectory(directory->path(), identity, options.allow_other_experiment || !options.checkpoint));
  RECBOTS_RETURN_IF_ERROR(directory->Begin(PrintExperimentConfig(config)));
  // A run that begins with nothing begins with the first users; one that goes on plays others than before.
  std::error_code error;
  if (!options.checkpoint) std::filesystem::remove(directory->Path("next_stream"), error);
  options.run_dir = directory->path();
  options.config_path = directory->Path(kConfigFile);
  options.lock_descriptor = directory->lock_descriptor();
  return directory;
}

std::string FirstLine(const LocalClusterOptions& options, const ClusterAddresses& addresses) {
  const std::string replay =
      options.num_replay_shards == 1 ? "replay" : absl::StrCat(options.num_replay_shards, " replay shards");
  return absl::StrCat("recbots: ", replay, ", learner, ", options.num_actors, " actor(s), evaluator over ",
                      addresses.sockets ? "unix sockets" : "loopback TCP", "; logs and report in ", options.run_dir);
}

// The last line of the run, from its report; empty when there is none.
std::string Verdict(const std::string& run_dir, bool& goal_reached) {
  const std::string text = ReadFile(run_dir + "/report.json").value_or("");
  const nlohmann::json report = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!report.is_object()) return "";
  const auto number = [&report](const char* name) {
    return report.contains(name) && report[name].is_number() ? report[name].get<double>() : 0.0;
  };
  goal_reached = report.value("goal_reached", false);
  const bool evaluated = report.contains("result") && report["result"].is_string();
  return absl::StrFormat("%s: %s after %.0f updates, %.0f env steps, %.1f s",
                         goal_reached ? "goal reached" : "goal NOT reached",
                         evaluated ? report["result"].get<std::string>() : "not evaluated", number("updates"),
                         number("env_steps"), number("wall_seconds"));
}

// Says how the run ended; the exit code.
int SayEnd(const ClusterEnd& end, const std::string& run_dir) {
  const bool died = end.cause == ClusterEnd::Cause::kRoleDied;
  if (died) {
    std::cerr << "recbots: " << end.dead_role << " ended with code " << end.exit_code << "; its last lines:\n"
              << end.log_excerpt << "\n";
  }
  // Whatever the cause: the learner saves at every end.
  if (absl::StrContains(end.learner_line, kNotSaved)) {
    std::cerr << "recbots: " << end.learner_line << "\n";
    return kExitFailed;
  }
  bool goal_reached = false;
  const std::string verdict = Verdict(run_dir, goal_reached);
  if (!died || !verdict.empty()) {
    std::cout << "recbots: " << (verdict.empty() ? "ended without a report" : verdict) << std::endl;
  }
  if (died) return end.exit_code == kExitBadUsage ? kExitBadUsage : kExitFailed;
  if (goal_reached) return kExitOk;
  return end.cause == ClusterEnd::Cause::kInterrupted ? kExitInterrupted : kExitFailed;
}

int Cluster(const CommandLine& flags) {
  v1::ExperimentConfig config;
  v1::ExperimentIdentity identity;
  absl::StatusOr<LocalClusterOptions> options = ReadOptions(flags, config, identity);
  if (!options.ok()) return Fail(options.status(), kExitBadUsage);
  const absl::StatusOr<RunDirectory> directory = BeginRun(flags, config, identity, *options);
  if (!directory.ok()) return Fail(directory.status(), kExitBadUsage);
  options->program_dir = ProgramFolder();
  const absl::StatusOr<ClusterAddresses> addresses = ChooseAddresses(options->run_dir, options->num_replay_shards);
  if (!addresses.ok()) return Fail(addresses.status(), kExitFailed);
  if (!options->quiet) std::cout << FirstLine(*options, *addresses) << std::endl;
  const absl::StatusOr<ClusterEnd> end = RunLocalCluster(*options, *addresses);
  if (!end.ok()) return Fail(end.status(), absl::IsFailedPrecondition(end.status()) ? kExitBadUsage : kExitFailed);
  return SayEnd(*end, options->run_dir);
}

}  // namespace

Command ClusterCommand() {
  return {"cluster", "CONFIG [flags]",
          "replay, learner, actors and evaluator on this machine, until the goal is reached",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, Cluster); }};
}

}  // namespace recbots
