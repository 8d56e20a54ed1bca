#include "deploy/cli/reproduce/reproducer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/base/file.h"
#include "common/base/file_lock.h"
#include "common/base/instant.h"
#include "common/base/status_macros.h"
#include "common/role/run_directory.h"
#include "deploy/cli/figures/page_text.h"

namespace recbots {
namespace {

std::string ResultText(const PlayedPolicy& played) {
  std::string text = absl::StrFormat("reward %.2f +- %.2f", played.reward, played.reward_standard_error);
  if (played.quality.has_value()) absl::StrAppendFormat(&text, ", quality %.3f", *played.quality);
  if (played.click_percent.has_value()) absl::StrAppendFormat(&text, ", CTR %.2f %%", *played.click_percent);
  return text;
}

// Environments with the same key have the same references, which do not see histories.
std::string EnvironmentKey(v1::EnvironmentConfig environment) {
  environment.clear_history();
  return environment.SerializeAsString();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Reproducer>> Reproducer::Create(const ReproduceOptions& options) {
  RECBOTS_ASSIGN_OR_RETURN(std::vector<PlannedRun> runs, PlanRuns(options.experiments, options.plan));
  return std::unique_ptr<Reproducer>(new Reproducer(options, std::move(runs)));
}

Reproducer::Reproducer(ReproduceOptions options, std::vector<PlannedRun> runs)
    : options_(std::move(options)), runs_(std::move(runs)) {
  play_.episodes = options_.episodes;
  play_.threads = options_.jobs;
  reproduction_.num_seeds = options_.plan.num_seeds;
  reproduction_.episodes = options_.episodes;
  reproduction_.scale = options_.plan.scale;
  reproduction_.jobs = options_.jobs;
  for (const Experiment& experiment : options_.experiments) {
    ExperimentResult result;
    result.experiment = experiment;
    reproduction_.results.push_back(std::move(result));
  }
  for (const PlannedRun& run : runs_) {
    if (run.trains) reproduction_.results[run.experiment].env_steps = run.config.goal().max_env_steps();
  }
}

absl::StatusOr<Reproduction> Reproducer::Run(std::function<bool()> stop, std::function<void(const std::string&)> say) {
  stop_ = std::move(stop);
  say_ = std::move(say);
  play_.should_stop = stop_;
  start_ = Instant::Now();
  // One process at a time prepares run directories and removes earlier results there.
  const std::string& work_dir = options_.plan.work_dir;
  RECBOTS_RETURN_IF_ERROR(MakeFolder(work_dir));
  const absl::StatusOr<FileLock> lock = FileLock::Acquire(work_dir + "/reproduce.lock", "recbots reproduce");
  if (!lock.ok() && !absl::IsUnimplemented(lock.status())) return lock.status();
  std::vector<size_t> to_train;
  RECBOTS_RETURN_IF_ERROR(Begin(to_train));
  RECBOTS_RETURN_IF_ERROR(Train(to_train));
  for (const PlannedRun& run : runs_) {
    if (!run.same_as.has_value()) continue;
    const std::string& twin = runs_[*run.same_as].name;
    if (IsFinished(run)) {
      Finish(run, std::nullopt, absl::StrCat("the same run as ", twin));
    } else {
      Fail(run, absl::StrCat("is the same run as ", twin), "");
    }
  }
  RECBOTS_RETURN_IF_ERROR(AddReferences());
  for (ExperimentResult& result : reproduction_.results) {
    std::sort(result.seeds.begin(), result.seeds.end(),
              [](const SeedResult& a, const SeedResult& b) { return a.seed < b.seed; });
  }
  reproduction_.wall_seconds = absl::ToDoubleSeconds(Instant::Now() - start_);
  return reproduction_;
}

absl::Status Reproducer::Begin(std::vector<size_t>& to_train) {
  std::vector<size_t> to_play;
  for (size_t i = 0; i < runs_.size(); ++i) {
    if (runs_[i].same_as.has_value()) continue;
    if (!runs_[i].trains) {
      to_play.push_back(i);
    } else if (IsFinished(runs_[i])) {
      to_play.push_back(i);
      ++reproduction_.num_reused;
    } else {
      RECBOTS_RETURN_IF_ERROR(PrepareDirectory(runs_[i]));
      to_train.push_back(i);
    }
  }
  Say(absl::StrCat(runs_.size(), " runs of ", options_.experiments.size(), " experiments in ", options_.plan.work_dir,
                   ": ", reproduction_.num_reused, " finished before, ", to_train.size(), " to train, ", options_.jobs,
                   " at a time"));
  for (const size_t i : to_play) {
    if (stop_()) return absl::CancelledError("stopped");
    Finish(runs_[i], std::nullopt, runs_[i].trains ? "trained before" : "played");
  }
  return absl::OkStatus();
}

Job Reproducer::JobOf(const PlannedRun& run) const {
  Job job;
  job.name = run.name;
  job.arguments = CommandOf(run, options_.program_dir);
  job.log_path = run.run_dir + (run.cluster ? "/cluster.log" : "/train.log");
  job.cost = static_cast<double>(run.config.goal().max_env_steps());
  job.alone = run.cluster;
  return job;
}

absl::Status Reproducer::Train(const std::vector<size_t>& to_train) {
  std::vector<Job> jobs;
  for (const size_t i : to_train) jobs.push_back(JobOf(runs_[i]));
  JobQueue queue(std::move(jobs), options_.jobs);
  const bool all = queue.Run(stop_, [&](const JobEnd& end) { OnEnd(runs_[to_train[end.job]], end, queue); });
  return all ? absl::OkStatus() : absl::CancelledError("stopped");
}

void Reproducer::OnEnd(const PlannedRun& run, const JobEnd& end, const JobQueue& queue) {
  if (end.exit_code != 0) {
    Fail(run, absl::StrCat("ended with code ", end.exit_code), end.log_excerpt);
    return;
  }
  const double left = queue.SecondsLeft();
  Finish(run, end.seconds,
         absl::StrCat("trained in ", DurationText(end.seconds),
                      left < 1 ? "" : absl::StrCat("; about ", DurationText(left), " left")));
}

void Reproducer::Finish(const PlannedRun& run, std::optional<double> command_seconds, const std::string& how) {
  absl::StatusOr<SeedResult> result = Measure(run, command_seconds);
  if (absl::IsCancelled(result.status())) return;  // The caller that asked to stop handles it.
  if (!result.ok()) {
    Fail(run, std::string(result.status().message()), "");
    return;
  }
  ++num_done_;
  Say(absl::StrCat(num_done_, "/", runs_.size(), " ", run.name, ": ", ResultText(result->played), "; ", how));
  reproduction_.results[run.experiment].seeds.push_back(*std::move(result));
}

absl::StatusOr<SeedResult> Reproducer::Measure(const PlannedRun& run, std::optional<double> command_seconds) const {
  if (!run.trains) {
    SeedResult result;
    result.seed = run.seed;
    const std::string& reference = options_.experiments[run.experiment].reference;
    RECBOTS_ASSIGN_OR_RETURN(result.played, PlayReference(run.config, reference, PlayOf(run.experiment)));
    return result;
  }
  RECBOTS_ASSIGN_OR_RETURN(SeedResult result, ReadRun(run));
  const PlayOptions play = PlayOf(run.experiment);
  const bool known = ReadNotes(run, play.episodes, result);
  if (command_seconds.has_value()) result.command_seconds = command_seconds;
  if (known) return result;
  RECBOTS_ASSIGN_OR_RETURN(result.played, PlayTrained(run.config, absl::StrCat(run.run_dir, "/", kWeightsFile), play));
  WriteNotes(run, play.episodes, result);
  return result;
}

void Reproducer::Fail(const PlannedRun& run, const std::string& what, const std::string& excerpt) {
  ++num_done_;
  Say(absl::StrCat(num_done_, "/", runs_.size(), " ", run.name, " FAILED: ", what,
                   excerpt.empty() ? "" : absl::StrCat("; its last lines:\n", excerpt)));
  // The line becomes part of a cell of a table.
  const std::vector<std::string> lines = absl::StrSplit(excerpt, '\n');
  const std::string last = absl::StrReplaceAll(lines.back(), {{"|", "/"}, {"`", "'"}});
  reproduction_.results[run.experiment].failures.push_back(
      absl::StrCat("seed ", run.seed, ": ", what, last.empty() ? "" : absl::StrCat(": `", last, "`")));
}

absl::Status Reproducer::AddReferences() {
  Say("playing the reference policies");
  std::map<std::string, std::vector<ReferenceResult>> by_environment;
  for (const PlannedRun& run : runs_) {
    std::vector<ReferenceResult>& references = by_environment[EnvironmentKey(run.config.environment())];
    if (references.empty()) {
      v1::ExperimentConfig config = run.config;
      config.mutable_environment()->clear_history();
      RECBOTS_ASSIGN_OR_RETURN(references, PlayReferences(config, options_.plan.num_seeds, PlayOf(run.experiment)));
    }
    reproduction_.results[run.experiment].references = references;
  }
  return absl::OkStatus();
}

PlayOptions Reproducer::PlayOf(size_t experiment) const {
  PlayOptions play = play_;
  // A scaled reproduction is to remain quick.
  if (options_.plan.scale == 1) play.episodes = std::max(play.episodes, options_.experiments[experiment].min_episodes);
  return play;
}

void Reproducer::Say(const std::string& text) const {
  const auto seconds = static_cast<int>(absl::ToInt64Seconds(Instant::Now() - start_));
  say_(absl::StrFormat("[%02d:%02d:%02d] %s", seconds / 3600, seconds / 60 % 60, seconds % 60, text));
}

}  // namespace recbots
