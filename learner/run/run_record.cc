#include "learner/run/run_record.h"

#include "common/base/status_macros.h"
#include "common/inference/weights.h"
#include "learner/run/results.h"

namespace recbots {

RunRecord::RunRecord(const v1::ExperimentConfig& config, std::string run_dir)
    : experiment_(config.name()), seed_(config.seed()), run_dir_(std::move(run_dir)), state_(config.goal()) {}

absl::Status RunRecord::Claim(absl::string_view program) {
  if (run_dir_.empty()) return absl::OkStatus();
  RECBOTS_ASSIGN_OR_RETURN(RunDirectory claimed, RunDirectory::Claim(run_dir_, program));
  directory_.emplace(std::move(claimed));
  return absl::OkStatus();
}

absl::Status RunRecord::Begin(absl::string_view config, const v1::ExperimentIdentity& identity) {
  identity_ = identity;
  if (directory_.has_value()) RECBOTS_RETURN_IF_ERROR(directory_->Begin(config));
  MutexLock lock(&mu_);
  curve_.emplace(run_dir_);
  return absl::OkStatus();
}

bool RunRecord::OnEvaluation(const v1::Evaluation& evaluation) {
  const double seconds = state_.wall_seconds();
  if (!state_.OnEvaluation(evaluation)) return false;
  MutexLock lock(&mu_);
  if (curve_.has_value()) curve_->Append(evaluation, seconds);
  return true;
}

absl::Status RunRecord::Save(const RunEnd& end) {
  report_ = {.experiment = experiment_,
             .seed = seed_,
             .ending = end.ending,
             .end = state_.counters(),
             .samples_per_insert = end.samples_per_insert,
             .losses = end.losses,
             .identity = identity_.fingerprint(),
             .error = std::string(end.error.message())};
  RunResults results{report_, state_.goal(), FiniteWeights(WithIdentity(end.weights, identity_)), absl::OkStatus()};
  {
    MutexLock lock(&mu_);
    if (curve_.has_value()) results.curve = curve_->status();
  }
  return SaveResults(run_dir_, results);
}

}  // namespace recbots
