// recbots cluster: replay, learner, actors and evaluator on this machine, until the goal is reached.
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "actor/client/experiment_identity.h"
#include "actor/client/make_scenario.h"
#include "actor/client/run_identity.h"
#include "common/algorithms/make_policy.h"
#include "common/base/command_line.h"
#include "common/base/host_port.h"
#include "common/base/program.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/config/group_rules.h"
#include "common/role/role.h"
#include "common/role/run_directory.h"
#include "deploy/cli/cluster/local_cluster.h"
#include "deploy/cli/commands.h"
#include "learner/run/go_on.h"
#include "learner/run/report.h"
#include "learner/run/results.h"
#include "learner/run/run_checkpoints.h"

namespace recbots {
namespace {

constexpr char kProgram[] = "recbots cluster";
constexpr int kMaxActors = 256;
constexpr int kMaxReplayShards = 64;
constexpr int kMaxLearners = 64;

CommandSyntax Syntax() {
  return {"recbots cluster CONFIG [flags]",
          {SetFlag(),
           {"run_dir", "DIR", "where everything the run writes goes, and where a run that was stopped goes on",
            "runs/TIME-NAME"},
           {"actors", "N", "actor processes", "1"},
           {"replay_shards", "N", "replay processes; each has the configured settings for itself", "1"},
           {"learners", "N", "learner processes that train as one, each with learner.batch_size rows per update", "1"},
           {"group_timeout", "SECONDS", "learners start again when one of them takes no part for this long", "30"},
           {"fresh", "", "begin a new run: what an earlier run has left in DIR moves to DIR/previous", ""},
           {"resume", "DIR", "begin with the networks of the run in DIR, as far as they fit", ""},
           AllowOtherExperimentFlag(),
           {"checkpoint", "", "changes nothing: every run has checkpoints; for scripts of earlier versions", ""},
           MoreFlag(),
           DeviceFlag(),
           {"keep", "", "go on training and serving after the goal is reached, until Ctrl-C", ""},
           {"http", "HOST:PORT", "where the learner serves its dashboard and /metrics; port 0 takes a free one",
            "127.0.0.1:0"},
           {"quiet", "", "print only the last line", ""}},
          1,
          "configurations"};
}

// Reads the options except the run directory; fills `config` and the meaning of its rows.
absl::StatusOr<LocalClusterOptions> ReadOptions(const CommandLine& flags, v1::ExperimentConfig& config,
                                                v1::ExperimentIdentity& identity) {
  LocalClusterOptions options;
  options.learner_http = flags.value("http");
  if (const absl::Status http = ParseHostPort(options.learner_http).status(); !http.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("--http '", options.learner_http, "': ", http.message()));
  }
  options.keep = flags.has("keep");
  options.quiet = flags.has("quiet");
  options.networks_of = flags.value("resume");
  options.allow_other_experiment = flags.has(kAllowOtherExperiment);
  RECBOTS_ASSIGN_OR_RETURN(options.num_actors, flags.WholeNumber<int>("actors", 1, kMaxActors));
  RECBOTS_ASSIGN_OR_RETURN(options.num_replay_shards, flags.WholeNumber<int>("replay_shards", 1, kMaxReplayShards));
  RECBOTS_ASSIGN_OR_RETURN(options.num_learners, flags.WholeNumber<int>("learners", 1, kMaxLearners));
  RECBOTS_ASSIGN_OR_RETURN(const int group_timeout, flags.WholeNumber<int>("group_timeout", 1, 86400));
  options.group_timeout = absl::Seconds(group_timeout);
  RECBOTS_ASSIGN_OR_RETURN(config, LoadExperimentConfig(flags.positional()[0], OverridesOf(flags)));
  RECBOTS_RETURN_IF_ERROR(GoOnForMore(flags, flags.value("run_dir"), config));
  RECBOTS_RETURN_IF_ERROR(CheckGroup(config, options.num_learners));
  // Refuses a wrong environment, or one that the algorithm cannot act in, here and not in the log of each role. All
  // processes share the memory of this machine.
  RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Scenario> scenario,
                           MakeTrainingScenario(config, {.replays = options.num_replay_shards,
                                                         .learners = options.num_learners,
                                                         .actors = options.num_actors,
                                                         .evaluators = 1,
                                                         .checkpoints = true}));
  RECBOTS_RETURN_IF_ERROR(MakePolicy(config.algorithm(), scenario->spec(), /*max_users=*/1, config.seed()).status());
  RECBOTS_ASSIGN_OR_RETURN(identity, ExperimentIdentityOf(config, *scenario));
  return options;
}

// A claimed run directory, and the run that lies there.
struct Run {
  RunDirectory directory;
  std::optional<SavedReport> ended;  // Nothing is left to do.
};

// Claims the run directory and begins a run in it, or goes on with the run that lies there. All roles read the
// configuration from there, so that it is read from its file only once.
absl::StatusOr<Run> BeginRun(const CommandLine& flags, const v1::ExperimentConfig& config,
                             const v1::ExperimentIdentity& identity, LocalClusterOptions& options) {
  absl::StatusOr<RunDirectory> claimed = flags.has("run_dir") ? RunDirectory::Claim(flags.value("run_dir"), kProgram)
                                                              : RunDirectory::MakeNew("runs", config.name(), kProgram);
  RECBOTS_RETURN_IF_ERROR(claimed.status());
  Run run{*std::move(claimed), std::nullopt};
  const std::string& path = run.directory.path();
  options.run_dir = path;
  options.config_path = run.directory.Path(kConfigFile);
  options.lock_descriptor = run.directory.lock_descriptor();
  std::optional<RunCheckpoint> there;
  if (!flags.has("fresh")) {
    RECBOTS_ASSIGN_OR_RETURN(there, RunCheckpoints(path, config.learner().checkpoint().keep()).Newest());
  }
  if (there.has_value()) {
    RECBOTS_RETURN_IF_ERROR(
        CheckSameRun(path, there->manifest, kLearnerProgram, config, identity, options.allow_other_experiment));
    if (!options.keep) run.ended = EndOfRun(path, config.goal(), *there);
    if (run.ended.has_value()) return run;
    options.append_logs = true;
    RECBOTS_RETURN_IF_ERROR(run.directory.Resume(PrintExperimentConfig(config)));
    return run;
  }
  // Nothing is taken over from the run that lies there: what it left goes to previous/, with a warning.
  RECBOTS_RETURN_IF_ERROR(CheckRunDirectory(path, identity, /*allow_other=*/true));
  RECBOTS_RETURN_IF_ERROR(run.directory.Begin(PrintExperimentConfig(config), {kRunCheckpointsFolder, kRunRowsFolder}));
  // A run that begins with no rows begins with the first users; a run that goes on plays new ones.
  std::error_code error;
  std::filesystem::remove(run.directory.Path(kStreamsFile), error);
  return run;
}

// The address in --http, with a free port instead of port 0: the dashboard stays where it is when the learner is
// started again.
absl::StatusOr<std::string> WithPort(const std::string& http) {
  RECBOTS_ASSIGN_OR_RETURN(HostPort address, ParseHostPort(http));
  if (address.port != 0) return http;
  RECBOTS_ASSIGN_OR_RETURN(const int port, FindFreePort());
  address.port = static_cast<uint16_t>(port);
  return address.ToString();
}

// Where a browser on this machine finds the pages at `http`.
std::string DashboardLink(const std::string& http) {
  absl::StatusOr<HostPort> address = ParseHostPort(http);
  if (!address.ok()) return "";
  if (address->host == "0.0.0.0" || address->host == "::") address->host = "127.0.0.1";
  return absl::StrCat("http://", address->ToString(), "/");
}

std::string FirstLine(const LocalClusterOptions& options, const ClusterAddresses& addresses) {
  const std::string replay =
      options.num_replay_shards == 1 ? "replay" : absl::StrCat(options.num_replay_shards, " replay shards");
  const std::string learner =
      options.num_learners == 1 ? "learner" : absl::StrCat(options.num_learners, " learners that train as one");
  return absl::StrCat("recbots: ", replay, ", ", learner, ", ", options.num_actors, " actor(s), evaluator over ",
                      addresses.sockets ? "unix sockets" : "loopback TCP", "; logs and report in ", options.run_dir,
                      "; dashboard ", DashboardLink(options.learner_http));
}

// Prints how the run ended; returns the exit code.
int SayEnd(const ClusterEnd& end, const std::string& run_dir) {
  const bool died = end.cause == ClusterEnd::Cause::kRoleDied;
  if (died) {
    std::cerr << "recbots: " << end.dead_role << " ended with code " << end.exit_code << "; its last lines:\n"
              << end.log_excerpt << "\n";
  }
  // The learner saves at every end, so this is checked whatever the cause.
  if (absl::StrContains(end.learner_line, kNotSaved)) {
    std::cerr << "recbots: " << end.learner_line << "\n";
    return kExitFailed;
  }
  const absl::StatusOr<SavedReport> report = ReadReport(run_dir);
  if (!died || report.ok()) {
    std::cout << "recbots: " << (report.ok() ? FormatEnd(*report) : "ended without a report") << std::endl;
  }
  if (died) return end.exit_code == kExitBadUsage ? kExitBadUsage : kExitFailed;
  if (report.ok() && report->goal_reached) return kExitOk;
  return end.cause == ClusterEnd::Cause::kInterrupted ? kExitInterrupted : kExitFailed;
}

int Cluster(const CommandLine& flags) {
  v1::ExperimentConfig config;
  v1::ExperimentIdentity identity;
  absl::StatusOr<LocalClusterOptions> options = ReadOptions(flags, config, identity);
  if (!options.ok()) return Fail(options.status(), kExitBadUsage);
  const absl::StatusOr<Run> run = BeginRun(flags, config, identity, *options);
  if (!run.ok()) return Fail(run.status(), kExitBadUsage);
  if (run->ended.has_value()) {
    std::cout << "recbots: " << FormatEnd(*run->ended) << "; a larger goal, or --more=UPDATES, goes on" << std::endl;
    return kExitOk;
  }
  options->program_dir = ProgramFolder();
  const absl::StatusOr<ClusterAddresses> addresses = ChooseAddresses(options->run_dir, options->num_replay_shards);
  if (!addresses.ok()) return Fail(addresses.status(), kExitFailed);
  const absl::StatusOr<std::string> http = WithPort(options->learner_http);
  if (!http.ok()) return Fail(http.status(), kExitFailed);
  options->learner_http = *http;
  if (!options->quiet) std::cout << FirstLine(*options, *addresses) << std::endl;
  options->is_over = [&] {
    // By the dashboard's button.
    if (const auto report = ReadReport(options->run_dir);
        report.ok() && report->ended_by == Describe(Ending::kByHand)) {
      return true;
    }
    const auto newest = RunCheckpoints(options->run_dir, config.learner().checkpoint().keep()).Newest();
    return newest.ok() && newest->has_value() && EndOfRun(options->run_dir, config.goal(), **newest).has_value();
  };
  const absl::StatusOr<ClusterEnd> end = RunLocalCluster(*options, *addresses);
  if (!end.ok()) return Fail(end.status(), absl::IsFailedPrecondition(end.status()) ? kExitBadUsage : kExitFailed);
  return SayEnd(*end, options->run_dir);
}

}  // namespace

Command ClusterCommand() {
  return {"cluster", "CONFIG [flags]",
          "replay, learner, actors and evaluator on this machine, until the goal is reached",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, Cluster); }, Syntax};
}

}  // namespace recbots
