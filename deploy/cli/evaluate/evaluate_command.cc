// recbots evaluate [CONFIG] --log=LOG: what a policy would earn, from the log of another one (docs/evaluate.md).
#include <algorithm>
#include <iostream>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/command_line.h"
#include "common/base/file.h"
#include "common/base/program.h"
#include "common/base/shutdown.h"
#include "common/base/status_macros.h"
#include "common/log/read_log.h"
#include "deploy/cli/commands.h"
#include "deploy/cli/evaluate/evaluate.h"
#include "deploy/cli/evaluate/policy_probabilities.h"
#include "deploy/cli/evaluate/report.h"
#include "deploy/cli/simulate/experiment_policy.h"

namespace recbots {
namespace {

// No estimate may be believed.
constexpr int kExitCannotTell = 3;

CommandSyntax Syntax() {
  std::vector<FlagSpec> all = {
      {"log", "FILE", "the log: CSV, TSV or JSON Lines, plain, gzip or zstd; - is standard input", ""},
      {"format", "NAME", "names of the log's columns: recbots or obd (Open Bandit)", "recbots"},
      {"column", "OURS=THEIRS", "what the log calls a column of ours; may be repeated", ""},
      {"session_gap", "TIME", "sessions from user and timestamp: a longer gap begins another one; 30m", ""},
      {"position_base", "N", "what the log calls the first position, 0..1000", "that of the format"},
      {"list_separator", "C", "a row is a slate, and its cells are lists with this between the values", ""},
      {"reward", "SUM", "such as 1*click+0.01*response.watch", "column reward, or else clicked"},
      {"num_items", "N", "items of the catalogue, for --policy=uniform; 1..1e9", "those in the log"},
      {"estimators", "LIST", "names with commas between", "all that the log allows"},
      {"bootstrap", "N", "replicates of the bootstrap, 0..1e6", "1000"},
      {"level", "P", "confidence of intervals and bounds, 0.5..0.9999", "0.95"},
      {"discount", "G", "of rewards within a session, 0..1", "1"},
      {"seed", "S", "of the bootstrap, of halves for models, and of --truth", "that of the configuration, or 0"},
      {"threads", "T", "threads, 1..256; the result does not depend on it", "one for each processor"},
      {"truth", "", "plays the policy in CONFIG, and shows the error of every estimate", ""},
      {"episodes", "N", "episodes of --truth, 1..1e9", "10000"},
      {"json", "", "JSON on standard output instead of the page", ""},
      {"output", "FILE", "the same JSON in a file", ""},
      {"card", "FILE", "a page of HTML that needs nothing else", ""}};
  for (FlagSpec flag : PolicyFlags()) {
    if (flag.name == "policy") {
      flag.help = "the policy to be judged; without CONFIG uniform, or the log's columns evaluation_*";
      flag.default_value = "";
    }
    all.push_back(std::move(flag));
  }
  return {"recbots evaluate [CONFIG] --log=LOG [flags]", std::move(all), CommandSyntax::kAnyNumber, "configurations"};
}

absl::StatusOr<LogOptions> ReadLogOptions(const CommandLine& flags) {
  LogOptions options;
  RECBOTS_RETURN_IF_ERROR(AddFormat(flags.value("format"), options));
  for (const std::string& column : flags.values("column")) RECBOTS_RETURN_IF_ERROR(AddColumn(column, options));
  if (flags.has("session_gap") &&
      (!absl::ParseDuration(flags.value("session_gap"), &options.session_gap) ||
       options.session_gap <= absl::ZeroDuration() || options.session_gap == absl::InfiniteDuration())) {
    return absl::InvalidArgumentError(
        absl::StrCat("--session_gap '", flags.value("session_gap"), "', want a time above 0 such as 30m"));
  }
  if (flags.has("position_base")) {
    RECBOTS_ASSIGN_OR_RETURN(options.position_base, flags.WholeNumber<int>("position_base", 0, 1000));
  }
  if (flags.has("list_separator")) {
    const std::string& separator = flags.value("list_separator");
    if (separator.size() != 1 || separator == "\"") {
      return absl::InvalidArgumentError(absl::StrCat("--list_separator '", separator, "', want one character"));
    }
    options.list_separator = separator[0];
  }
  if (flags.has("reward")) {
    RECBOTS_ASSIGN_OR_RETURN(options.reward, ParseReward(flags.value("reward")));
  }
  return options;
}

absl::StatusOr<EstimateOptions> ReadEstimateOptions(const CommandLine& flags) {
  EstimateOptions options;
  RECBOTS_ASSIGN_OR_RETURN(options.bootstrap, flags.WholeNumber<int>("bootstrap", 0, 1000000));
  RECBOTS_ASSIGN_OR_RETURN(options.level, flags.Number("level", 0.5, 0.9999));
  RECBOTS_ASSIGN_OR_RETURN(options.discount, flags.Number("discount", 0, 1));
  options.threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, 256);
  if (flags.has("threads")) {
    RECBOTS_ASSIGN_OR_RETURN(options.threads, flags.WholeNumber<int>("threads", 1, 256));
  }
  if (flags.has("estimators")) options.estimators = absl::StrSplit(flags.value("estimators"), ',');
  if (flags.has("seed") && !absl::SimpleAtoi(flags.value("seed"), &options.seed)) {
    return absl::InvalidArgumentError(absl::StrCat("--seed '", flags.value("seed"), "', want 0..2^64 - 1"));
  }
  return options;
}

// The request on the command line.
struct Request {
  EvaluationRequest evaluation;
  ExperimentPolicy experiment;
  SimulationOptions truth;
  LogOptions log;
};

absl::Status ReadExperimentFlags(const CommandLine& flags, Request& request) {
  if (flags.positional().size() > 1) {
    return absl::InvalidArgumentError(absl::StrCat(flags.positional().size(), " configurations, want at most one"));
  }
  if (flags.positional().empty()) {
    for (const char* flag : {"weights", "softmax", "set", "truth", "episodes", "allow_other_experiment"}) {
      if (flags.has(flag)) {
        return absl::InvalidArgumentError(absl::StrCat("--", flag, " without CONFIG, want a configuration"));
      }
    }
    const std::string& policy = flags.value("policy");
    if (!policy.empty() && policy != "uniform") {
      return absl::InvalidArgumentError(absl::StrCat(
          "--policy '", policy, "' without CONFIG, want uniform, or none: the log's columns evaluation_*"));
    }
    request.evaluation.policy = policy.empty() ? "in evaluation_*" : policy;
    return absl::OkStatus();
  }
  if (!flags.has("policy") && !flags.has("weights")) {
    return absl::InvalidArgumentError("no --policy, want --policy=NAME or --weights=FILE");
  }
  RECBOTS_RETURN_IF_ERROR(ReadExperiment(flags, request.experiment));
  RECBOTS_RETURN_IF_ERROR(ReadPolicy(flags, 64, request.experiment));
  request.evaluation.estimates.seed = request.experiment.config.seed();
  request.evaluation.policy = request.experiment.policy;
  request.log.keep_features = true;
  RECBOTS_ASSIGN_OR_RETURN(request.truth.episodes, flags.WholeNumber("episodes", 1, kMaxEpisodes));
  request.truth.threads = request.evaluation.estimates.threads;
  return absl::OkStatus();
}

absl::Status Read(const CommandLine& flags, Request& request) {
  if (!flags.has("log")) return absl::InvalidArgumentError("no --log, want --log=FILE");
  RECBOTS_ASSIGN_OR_RETURN(request.log, ReadLogOptions(flags));
  RECBOTS_ASSIGN_OR_RETURN(request.evaluation.estimates, ReadEstimateOptions(flags));
  request.evaluation.log = flags.value("log");
  if (flags.has("reward")) request.evaluation.reward = flags.value("reward");
  if (flags.has("num_items")) {
    RECBOTS_ASSIGN_OR_RETURN(request.evaluation.num_items, flags.WholeNumber("num_items", 1, 1000000000));
  }
  return ReadExperimentFlags(flags, request);
}

absl::Status FillProbabilities(const Request& request, InteractionLog& log) {
  if (request.experiment.scenario != nullptr) {
    RECBOTS_RETURN_IF_ERROR(request.experiment.scenario->Prepare(Scenario::Known::kReferences, nullptr));
    RECBOTS_ASSIGN_OR_RETURN(const std::unique_ptr<Policy> policy, request.experiment.make_policy());
    return FillByReplay(*request.experiment.scenario, *policy, log);
  }
  if (request.evaluation.policy != "uniform") return absl::OkStatus();
  return FillUniform(request.evaluation.NumItems(log), log);
}

absl::Status AddTruth(Request& request, const InteractionLog& log, Evaluation& evaluation) {
  const Scenario& scenario = *request.experiment.scenario;
  Shutdown shutdown;  // Only now: until here, a signal simply ends the command, which has written nothing.
  request.truth.should_stop = [&shutdown] { return shutdown.requested(); };
  RECBOTS_ASSIGN_OR_RETURN(const SimulationResult result,
                           Simulate(scenario, request.experiment.make_policy, request.truth, nullptr));
  if (result.stopped) return absl::CancelledError("interrupted before the policy was played");
  const MetricEstimate* const value = result.Find("AverageEpisodeRewards");
  const MetricEstimate* const length = result.Find("AverageEpisodeLength");
  if (value == nullptr || length == nullptr) return absl::OkStatus();
  evaluation.truth.push_back({"session", value->value, value->standard_error});
  // Slates of longer sessions are those that the logging policy led to: there is no true value to compare with.
  if (length->value == 1 && log.num_sessions() == log.num_slates()) {
    evaluation.truth.push_back({"slate", value->value, value->standard_error});
  }
  return absl::OkStatus();
}

absl::Status Write(const CommandLine& flags, const Evaluation& evaluation) {
  if (flags.has("output")) RECBOTS_RETURN_IF_ERROR(WriteFile(flags.value("output"), EvaluationJson(evaluation)));
  if (flags.has("card")) RECBOTS_RETURN_IF_ERROR(WriteFile(flags.value("card"), EvaluationCard(evaluation)));
  return absl::OkStatus();
}

int Evaluate(const CommandLine& flags) {
  Request request;
  if (const absl::Status status = Read(flags, request); !status.ok()) return Fail(status, kExitBadUsage);
  absl::StatusOr<InteractionLog> log = ReadLog(request.evaluation.log, request.log);
  if (!log.ok()) return Fail(log.status(), kExitBadUsage);
  if (const absl::Status status = FillProbabilities(request, *log); !status.ok()) {
    return Fail(status, absl::IsFailedPrecondition(status) ? kExitCannotTell : kExitBadUsage);
  }
  absl::StatusOr<Evaluation> evaluation = EvaluateLog(*log, request.evaluation);
  if (!evaluation.ok()) {
    const bool cannot_tell = absl::IsFailedPrecondition(evaluation.status());
    return Fail(evaluation.status(), cannot_tell ? kExitCannotTell : kExitBadUsage);
  }
  if (flags.has("truth")) {
    if (const absl::Status status = AddTruth(request, *log, *evaluation); !status.ok()) {
      return Fail(status, absl::IsCancelled(status) ? kExitInterrupted : kExitFailed);
    }
  }
  std::cout << (flags.has("json") ? EvaluationJson(*evaluation) : EvaluationPage(*evaluation)) << std::flush;
  if (const absl::Status status = Write(flags, *evaluation); !status.ok()) return Fail(status, kExitFailed);
  return evaluation->verdict == VerdictKind::kCannotTell ? kExitCannotTell : kExitOk;
}

}  // namespace

Command EvaluateCommand() {
  return {"evaluate", "[CONFIG] --log=LOG", "what a policy would earn, from the log of another one",
          [](const std::vector<std::string>& arguments) { return RunCommand(Syntax(), arguments, Evaluate); }, Syntax};
}

}  // namespace recbots
