#include "deploy/cli/cluster_command.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "actor/client/make_scenario.h"
#include "common/base/command_line.h"
#include "common/base/host_port.h"
#include "common/base/machine_memory.h"
#include "common/base/program.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/config/memory_needs.h"
#include "common/inference/make_policy.h"
#include "deploy/cli/cluster/local_cluster.h"

namespace recbots {
namespace {

constexpr int kMaxActors = 256;
constexpr int kMaxReplayShards = 64;

std::vector<FlagSpec> Flags() {
  return {{"set", "PATH.TO.FIELD=VALUE", "override one setting; PATH.TO.PART={} chooses a part; may be repeated", ""},
          {"run_dir", "DIR", "where everything the run writes goes", "runs/TIME-NAME"},
          {"actors", "N", "actor processes", "1"},
          {"replay_shards", "N", "replay processes; each has the configured settings for itself", "1"},
          {"checkpoint", "", "replay keeps checkpoints in DIR/replay, and begins with what lies there", ""},
          {"keep", "", "go on training and serving after the goal is reached, until Ctrl-C", ""},
          {"http", "HOST:PORT", "where the learner serves /metrics; port 0 takes a free one", "127.0.0.1:0"},
          {"quiet", "", "print only the last line", ""},
          {"help", "", "this text", ""}};
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

absl::StatusOr<LocalClusterOptions> ReadOptions(const CommandLine& flags) {
  if (flags.positional().size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(flags.positional().size(), " configurations given, want 1: recbots cluster CONFIG [flags]"));
  }
  LocalClusterOptions options;
  options.config_path = flags.positional()[0];
  options.overrides = flags.values("set");
  options.learner_http = flags.value("http");
  if (const absl::Status http = ParseHostPort(options.learner_http).status(); !http.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--http '", options.learner_http, "': ", http.message()));
  }
  options.keep = flags.has("keep");
  options.quiet = flags.has("quiet");
  options.checkpoint = flags.has("checkpoint");
  RECBOTS_ASSIGN_OR_RETURN(const int64_t actors, flags.WholeNumber("actors", 1, kMaxActors));
  RECBOTS_ASSIGN_OR_RETURN(const int64_t shards, flags.WholeNumber("replay_shards", 1, kMaxReplayShards));
  options.num_actors = static_cast<int>(actors);
  options.num_replay_shards = static_cast<int>(shards);
  RECBOTS_ASSIGN_OR_RETURN(const v1::ExperimentConfig config,
                           LoadExperimentConfig(options.config_path, options.overrides));
  // Refused here rather than by each role in its own log: an environment, or one that the algorithm cannot act in.
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario, MakeTrainingScenario(config));
  RECBOTS_RETURN_IF_ERROR(CheckFits(config, *scenario, options));
  RECBOTS_RETURN_IF_ERROR(MakePolicy(config.algorithm(), scenario->spec(), /*max_users=*/1, config.seed()).status());
  options.run_dir = flags.has("run_dir")
                        ? flags.value("run_dir")
                        : absl::StrCat("runs/", absl::FormatTime("%Y%m%d-%H%M%S", absl::Now(), absl::LocalTimeZone()),
                                       "-", config.name());
  std::error_code error;
  std::filesystem::create_directories(options.run_dir, error);
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat("--run_dir '", options.run_dir, "': ", error.message()));
  }
  // Results of an earlier run would pass for this one's.
  for (const char* name : {"/report.json", "/evaluations.jsonl", "/weights.bin"})
    std::filesystem::remove(options.run_dir + name, error);
  return options;
}

std::string FirstLine(const LocalClusterOptions& options, const ClusterAddresses& addresses) {
  const std::string replay =
      options.num_replay_shards == 1 ? "replay" : absl::StrCat(options.num_replay_shards, " replay shards");
  return absl::StrCat("recbots: ", replay, ", learner, ", options.num_actors, " actor(s), evaluator over ",
                      addresses.sockets ? "unix sockets" : "loopback TCP", "; logs and report in ", options.run_dir);
}

// The last line of the run, from its report; empty when there is none.
std::string Verdict(const std::string& run_dir, bool& goal_reached) {
  std::ifstream file(run_dir + "/report.json");
  const nlohmann::json report = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
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

}  // namespace

int ClusterCommand(const std::string& program_dir, const std::vector<std::string>& arguments) {
  const absl::StatusOr<CommandLine> flags = CommandLine::Parse(arguments, Flags());
  if (flags.ok() && flags->has("help")) {
    std::cout << "usage: recbots cluster CONFIG [flags]\n" << CommandLine::Help(Flags());
    return kExitOk;
  }
  absl::StatusOr<LocalClusterOptions> options = flags.ok() ? ReadOptions(*flags) : flags.status();
  if (!options.ok()) return Fail(options.status(), kExitBadUsage);
  options->program_dir = program_dir;
  const absl::StatusOr<ClusterAddresses> addresses = ChooseAddresses(options->run_dir, options->num_replay_shards);
  if (!addresses.ok()) return Fail(addresses.status(), kExitFailed);
  if (!options->quiet) std::cout << FirstLine(*options, *addresses) << std::endl;
  const absl::StatusOr<ClusterEnd> end = RunLocalCluster(*options, *addresses);
  if (!end.ok()) return Fail(end.status(), kExitFailed);
  if (end->cause == ClusterEnd::Cause::kRoleDied) {
    std::cerr << "recbots: " << end->dead_role << " ended with code " << end->exit_code << "; its last lines:\n"
              << end->log_excerpt << "\n";
    return end->exit_code == kExitBadUsage ? kExitBadUsage : kExitFailed;
  }
  bool goal_reached = false;
  const std::string verdict = Verdict(options->run_dir, goal_reached);
  std::cout << "recbots: " << (verdict.empty() ? "ended without a report" : verdict) << std::endl;
  if (goal_reached) return kExitOk;
  return end->cause == ClusterEnd::Cause::kInterrupted ? kExitInterrupted : kExitFailed;
}

}  // namespace recbots
