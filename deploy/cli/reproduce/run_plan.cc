#include "deploy/cli/reproduce/run_plan.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "actor/client/experiment_identity.h"
#include "actor/client/make_scenario.h"
#include "common/algorithms/make_policy.h"
#include "common/base/file.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/role/run_directory.h"
#include "common/wire/experiment_identity.h"
#include "learner/run/report.h"

namespace recbots {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kNotesFile[] = "reproduce.json";

std::string PathIn(const PlannedRun& run, absl::string_view name) { return absl::StrCat(run.run_dir, "/", name); }

std::optional<double> Number(const Json& json, const char* name) {
  if (!json.is_object() || !json.contains(name) || !json[name].is_number()) return std::nullopt;
  return json[name].get<double>();
}

Json NumberOrNull(std::optional<double> value) {
  return value.has_value() && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

// How many candidates a proposal retrieves that has this share of them.
absl::StatusOr<int> Retrieved(const EnvironmentSpec& spec, double share) {
  const int k = static_cast<int>(std::lround(share * spec.num_candidates));
  return std::clamp(k, spec.slate_size, spec.num_candidates);
}

// The parts of a run that all seeds of an experiment share.
absl::StatusOr<PlannedRun> PlanExperiment(const Experiment& experiment, const PlanOptions& options) {
  PlannedRun run;
  run.trains = experiment.reference.empty();
  run.cluster = experiment.cluster;
  run.config_path = absl::StrCat(options.config_dir, "/", experiment.config, ".textproto");
  run.overrides = experiment.overrides;
  RECBOTS_ASSIGN_OR_RETURN(run.config, LoadExperimentConfig(run.config_path, run.overrides));
  const auto set = [&run](const std::string& text) {
    run.overrides.push_back(text);
    return ApplyOverride(text, run.config);
  };
  RECBOTS_ASSIGN_OR_RETURN(std::unique_ptr<Scenario> scenario,
                           MakeScenario(run.config.environment(), run.config.seed()));
  if (!run.trains) return run;
  if (experiment.candidate_share > 0) {
    RECBOTS_ASSIGN_OR_RETURN(const int k, Retrieved(scenario->spec(), experiment.candidate_share));
    RECBOTS_RETURN_IF_ERROR(set(absl::StrCat("algorithm.slate_q.proposal.k=", k)));
  }
  const int64_t env_steps = run.config.goal().max_env_steps();
  if (env_steps <= 0) return absl::InvalidArgumentError("goal.max_env_steps 0, want a run of so many env steps");
  const auto scaled = [&options](int64_t steps) {
    return std::max<int64_t>(1, std::llround(options.scale * static_cast<double>(steps)));
  };
  for (const char* goal : {"share_of_optimum", "share_of_gap", "max_updates", "max_seconds"}) {
    RECBOTS_RETURN_IF_ERROR(set(absl::StrCat("goal.", goal, "=0")));
  }
  // A configuration with fewer steps than replay waits for is refused, because it would not learn.
  const int64_t min_steps = std::min(env_steps, run.config.replay().table().rate_limiter().min_size());
  RECBOTS_RETURN_IF_ERROR(set(absl::StrCat("goal.max_env_steps=", std::max(scaled(env_steps), min_steps))));
  if (const int64_t steps = run.config.actor().policy_share_annealing_steps(); steps > 0 && options.scale != 1) {
    RECBOTS_RETURN_IF_ERROR(set(absl::StrCat("actor.policy_share_annealing_steps=", scaled(steps))));
  }
  RECBOTS_RETURN_IF_ERROR(ValidateExperimentConfig(run.config));
  RECBOTS_ASSIGN_OR_RETURN(scenario, MakeTrainingScenario(run.config));
  RECBOTS_RETURN_IF_ERROR(MakePolicy(run.config.algorithm(), scenario->spec(), /*max_users=*/1, /*seed=*/0).status());
  return run;
}

}  // namespace

absl::StatusOr<std::vector<PlannedRun>> PlanRuns(const std::vector<Experiment>& experiments,
                                                 const PlanOptions& options) {
  std::vector<PlannedRun> runs;
  std::map<std::string, size_t> trained;  // Configuration -> the first run that has it.
  for (size_t i = 0; i < experiments.size(); ++i) {
    const Experiment& experiment = experiments[i];
    absl::StatusOr<PlannedRun> plan = PlanExperiment(experiment, options);
    if (!plan.ok()) {
      return absl::Status(plan.status().code(),
                          absl::StrCat("experiment ", experiment.name, ": ", plan.status().message()));
    }
    const int num_seeds = experiment.cluster ? 1 : options.num_seeds;
    for (int seed = 1; seed <= num_seeds; ++seed) {
      PlannedRun run = *plan;
      run.experiment = i;
      run.seed = static_cast<uint64_t>(seed);
      run.name = absl::StrCat(experiment.name, " seed ", seed);
      run.overrides.push_back(absl::StrCat("seed=", seed));
      run.config.set_seed(run.seed);
      run.run_dir = absl::StrCat(options.work_dir, "/", experiment.name, "/seed-", seed);
      if (run.trains && !run.cluster) {
        const auto [first, is_new] = trained.emplace(PrintExperimentConfig(run.config), runs.size());
        if (!is_new) {
          run.same_as = first->second;
          run.run_dir = runs[first->second].run_dir;
        }
      }
      runs.push_back(std::move(run));
    }
  }
  return runs;
}

std::vector<std::string> CommandOf(const PlannedRun& run, const std::string& program_dir) {
  std::vector<std::string> arguments;
  if (run.cluster) {
    arguments = {program_dir + "/recbots", "cluster"};
  } else {
    arguments = {program_dir + "/recbots-train"};
  }
  arguments.push_back(run.config_path);
  arguments.push_back("--run_dir=" + run.run_dir);
  for (const std::string& override_text : run.overrides) arguments.push_back("--set=" + override_text);
  return arguments;
}

bool IsFinished(const PlannedRun& run) {
  if (ReadFile(PathIn(run, kConfigFile)).value_or("") != PrintExperimentConfig(run.config)) return false;
  if (!std::filesystem::exists(PathIn(run, kWeightsFile))) return false;
  const absl::StatusOr<SavedReport> report = ReadReport(run.run_dir);
  if (!report.ok() || !report->goal_reached) return false;
  // The same configuration has another meaning if a file that it names has changed.
  const absl::StatusOr<v1::ExperimentIdentity> identity = ExperimentIdentityOf(run.config);
  return report->identity.empty() || (identity.ok() && report->identity == FingerprintText(identity->fingerprint()));
}

absl::Status PrepareDirectory(const PlannedRun& run) {
  RECBOTS_RETURN_IF_ERROR(MakeFolder(run.run_dir));
  std::error_code error;
  for (const absl::string_view name : kRunFiles) std::filesystem::remove(PathIn(run, name), error);
  std::filesystem::remove(PathIn(run, kNotesFile), error);
  // A run that is made again is not gone on with.
  for (const char* folder : {kRunCheckpointsFolder, kRunRowsFolder}) {
    std::filesystem::remove_all(PathIn(run, folder), error);
  }
  return absl::OkStatus();
}

absl::StatusOr<SeedResult> ReadRun(const PlannedRun& run) {
  RECBOTS_ASSIGN_OR_RETURN(const SavedReport report, ReadReport(run.run_dir));
  SeedResult result;
  result.seed = run.seed;
  result.train_seconds = report.end.wall_seconds;
  for (const auto& [name, loss] : report.losses) result.losses[name] = loss;
  absl::StatusOr<Curve> curve = ReadCurve(PathIn(run, kCurveFile));
  if (curve.ok()) result.curve = *std::move(curve);  // A run without a curve still has a result.
  return result;
}

bool ReadNotes(const PlannedRun& run, int64_t episodes, SeedResult& result) {
  // A file that is missing or is no JSON gives a discarded value, which is no object.
  const Json notes = Json::parse(ReadFile(PathIn(run, kNotesFile)).value_or(""), nullptr, /*allow_exceptions=*/false);
  if (notes.is_object()) result.command_seconds = Number(notes, "command_seconds");
  const std::optional<double> played = Number(notes, "episodes"), reward = Number(notes, "reward");
  if (!reward.has_value() || played != static_cast<double>(episodes)) return false;
  result.played = {*reward, Number(notes, "reward_standard_error").value_or(0), Number(notes, "quality"),
                   Number(notes, "click_percent")};
  return true;
}

void WriteNotes(const PlannedRun& run, int64_t episodes, const SeedResult& result) {
  Json notes;
  notes["command_seconds"] = NumberOrNull(result.command_seconds);
  notes["episodes"] = episodes;
  notes["reward"] = NumberOrNull(result.played.reward);
  notes["reward_standard_error"] = NumberOrNull(result.played.reward_standard_error);
  notes["quality"] = NumberOrNull(result.played.quality);
  notes["click_percent"] = NumberOrNull(result.played.click_percent);
  // If the file cannot be written, the next reproduction plays again.
  const absl::Status written = WriteFile(PathIn(run, kNotesFile), notes.dump(2) + "\n");
  if (!written.ok()) RECBOTS_LOG(WARNING) << written.message();
}

}  // namespace recbots
