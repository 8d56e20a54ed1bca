#include "learner/run/run_record.h"

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "common/base/status_macros.h"
#include "common/inference/weights.h"
#include "common/inference/weights_identity.h"
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

absl::Status RunRecord::Begin(absl::string_view config, const v1::ExperimentIdentity& identity,
                              absl::Span<const absl::string_view> folders) {
  identity_ = identity;
  if (directory_.has_value()) RECBOTS_RETURN_IF_ERROR(directory_->Begin(config, folders));
  MutexLock lock(&mu_);
  curve_.emplace(run_dir_);
  events_.emplace(run_dir_, config, /*updates=*/0);
  return absl::OkStatus();
}

absl::Status RunRecord::Resume(absl::string_view config, const v1::ExperimentIdentity& identity,
                               const v1::LearnerState& state, int64_t updates) {
  identity_ = identity;
  if (directory_.has_value()) RECBOTS_RETURN_IF_ERROR(directory_->Resume(config));
  state_.Resume({state.env_steps(), updates, state.wall_seconds()}, state.goal());
  MutexLock lock(&mu_);
  curve_.emplace(run_dir_, state.curve_bytes());
  events_.emplace(run_dir_, config, updates);
  return absl::OkStatus();
}

void RunRecord::SaveState(v1::LearnerState& state) const {
  // No evaluation may come between the two.
  MutexLock lock(&mu_);
  const RunCounters counters = state_.counters();
  state.set_env_steps(counters.env_steps);
  state.set_wall_seconds(counters.wall_seconds);
  *state.mutable_goal() = state_.goal().State();
  if (curve_.has_value()) state.set_curve_bytes(curve_->bytes());
}

bool RunRecord::OnEvaluation(const v1::Evaluation& evaluation) {
  MutexLock lock(&mu_);
  const double seconds = state_.wall_seconds();
  if (!state_.OnEvaluation(evaluation)) return false;
  if (curve_.has_value()) curve_->Append(evaluation, seconds);
  if (events_.has_value()) events_->OnEvaluation(evaluation);
  return true;
}

bool RunRecord::WantsPicture(int64_t updates) const {
  MutexLock lock(&mu_);
  return events_.has_value() && events_->WantsPicture(updates);
}

void RunRecord::OnWeights(int64_t updates, absl::Span<const NamedTensor> tensors, const Picture* policy) {
  MutexLock lock(&mu_);
  if (events_.has_value()) events_->OnWeights(updates, tensors, policy);
}

void RunRecord::OnStatus(const StatusLine& line) {
  MutexLock lock(&mu_);
  if (events_.has_value()) events_->OnStatus(line);
}

absl::Status RunRecord::Save(const RunEnd& end) {
  report_ = {.experiment = experiment_,
             .seed = seed_,
             .ending = end.ending,
             .end = state_.counters(),
             .samples_per_insert = end.samples_per_insert,
             .losses = end.losses,
             .identity = identity_.fingerprint(),
             .error = std::string(end.error.message()),
             .device = end.device,
             .compute_mode = end.compute_mode,
             .num_learners = end.num_learners};
  RunResults results{report_, state_.goal(), FiniteWeights(WithIdentity(end.weights, identity_)), absl::OkStatus()};
  {
    MutexLock lock(&mu_);
    if (curve_.has_value()) results.curve = curve_->status();
  }
  const absl::Status saved = SaveResults(run_dir_, results);
  if (run_dir_.empty() || end.diverged_batch.empty()) return saved;
  return JoinErrors(saved, WriteFile(absl::StrCat(run_dir_, "/", kDivergedFile), end.diverged_batch));
}

}  // namespace recbots
