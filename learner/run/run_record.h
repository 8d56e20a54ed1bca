// The record of a training run, which the learner and `recbots train` both keep: its state, its learning curve, and in
// the end its weights and its report, in a run directory.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/base/mutex.h"
#include "common/role/run_directory.h"
#include "learner/run/evaluation_log.h"
#include "learner/run/report.h"
#include "learner/run/run_events.h"
#include "learner/run/run_state.h"
#include "learner/run/status_line.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/identity.pb.h"
#include "recbots/v1/run_checkpoint.pb.h"

namespace recbots {

// What the training loop reports when it ends.
struct RunEnd {
  Ending ending = Ending::kNotYet;
  absl::Status error = {};  // The error that ended the run early.
  double samples_per_insert = 0;
  std::vector<std::pair<std::string, double>> losses = {};  // Of the newest update, by name.
  std::string weights = {};                                 // Of the newest update, encoded.
  std::string diverged_batch = {};  // The rows of the batch after which training had diverged, as JSON Lines.
  std::string device = "cpu";       // Where it was learnt, and how (Algorithm::compute_mode).
  std::string compute_mode = {};
  int num_learners = 1;
};

// state() and OnEvaluation are thread-safe; only the thread that trains may call the other functions.
class RunRecord {
 public:
  // With an empty `run_dir` nothing is ever written.
  RunRecord(const v1::ExperimentConfig& config, std::string run_dir);

  // Claims the run directory; call it before anything is written there. Errors are those of RunDirectory::Claim.
  absl::Status Claim(absl::string_view program);
  // Begins the run there, with `config` as its configuration and `identity` as the meaning of its rows. What an earlier
  // run has left is put aside, `folders` included. Errors are those of RunDirectory::Begin.
  absl::Status Begin(absl::string_view config, const v1::ExperimentIdentity& identity,
                     absl::Span<const absl::string_view> folders = {}) ABSL_LOCKS_EXCLUDED(mu_);

  // Instead of Begin: goes on with the run of the directory, which has this state. Errors are those of
  // RunDirectory::Resume.
  absl::Status Resume(absl::string_view config, const v1::ExperimentIdentity& identity, const v1::LearnerState& state,
                      int64_t updates) ABSL_LOCKS_EXCLUDED(mu_);
  // Notes in `state` what Resume needs, except the updates.
  void SaveState(v1::LearnerState& state) const ABSL_LOCKS_EXCLUDED(mu_);

  RunState& state() { return state_; }
  const RunState& state() const { return state_; }
  // Notes an evaluation in the state and in the curve. Returns false, and ignores it, if its version was evaluated
  // before.
  bool OnEvaluation(const v1::Evaluation& evaluation) ABSL_LOCKS_EXCLUDED(mu_);
  // As RunEvents: for pictures of the networks. Thread-safe.
  bool WantsPicture(int64_t updates) const ABSL_LOCKS_EXCLUDED(mu_);
  void OnWeights(int64_t updates, absl::Span<const NamedTensor> tensors, const Picture* policy)
      ABSL_LOCKS_EXCLUDED(mu_);
  // Notes how the run gets on, for other programs (run_events.h).
  void OnStatus(const StatusLine& line) ABSL_LOCKS_EXCLUDED(mu_);

  // Makes the report, and saves the results. Errors are those of SaveResults (results.h).
  absl::Status Save(const RunEnd& end) ABSL_LOCKS_EXCLUDED(mu_);
  // The report of the last Save.
  const Report& report() const { return report_; }

 private:
  const std::string experiment_;
  const uint64_t seed_;
  const std::string run_dir_;
  RunState state_;
  v1::ExperimentIdentity identity_;
  std::optional<RunDirectory> directory_;
  Report report_;

  mutable Mutex mu_;
  std::optional<EvaluationLog> curve_ ABSL_GUARDED_BY(mu_);  // Set by Begin.
  std::optional<RunEvents> events_ ABSL_GUARDED_BY(mu_);     // Likewise.
};

}  // namespace recbots
