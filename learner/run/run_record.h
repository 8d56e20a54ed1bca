// What is kept of a training run, by the learner and by `recbots train` alike: how it goes, its learning curve, and in
// the end its weights and its report, in a run directory of its own.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"
#include "common/role/run_directory.h"
#include "learner/run/evaluation_log.h"
#include "learner/run/report.h"
#include "learner/run/run_state.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/identity.pb.h"

namespace recbots {

// What the loop that trains tells when it ends.
struct RunEnd {
  Ending ending = Ending::kNotYet;
  absl::Status error = {};  // What ended the run before its time.
  double samples_per_insert = 0;
  std::vector<std::pair<std::string, double>> losses = {};  // Of the newest update, by name.
  std::string weights = {};                                 // Of the newest update, encoded.
};

// Thread-safe: state and OnEvaluation. The other functions are the thread's that trains.
class RunRecord {
 public:
  // An empty `run_dir`: nothing is ever written.
  RunRecord(const v1::ExperimentConfig& config, std::string run_dir);

  // Takes the run directory; call it before anything is written there. Errors as RunDirectory::Claim.
  absl::Status Claim(absl::string_view program);
  // Begins the run there, with `config` as its configuration. `identity`: what its rows mean. Errors as
  // RunDirectory::Begin.
  absl::Status Begin(absl::string_view config, const v1::ExperimentIdentity& identity) ABSL_LOCKS_EXCLUDED(mu_);

  RunState& state() { return state_; }
  const RunState& state() const { return state_; }
  // Notes an evaluation in the state and in the curve. False: of a version already seen, and ignored.
  bool OnEvaluation(const v1::Evaluation& evaluation) ABSL_LOCKS_EXCLUDED(mu_);

  // Makes the report, and saves what was learnt. Errors as SaveResults (results.h).
  absl::Status Save(const RunEnd& end) ABSL_LOCKS_EXCLUDED(mu_);
  // Of the newest Save.
  const Report& report() const { return report_; }

 private:
  const std::string experiment_;
  const uint64_t seed_;
  const std::string run_dir_;
  RunState state_;
  v1::ExperimentIdentity identity_;
  std::optional<RunDirectory> directory_;
  Report report_;

  Mutex mu_;
  std::optional<EvaluationLog> curve_ ABSL_GUARDED_BY(mu_);  // Since Begin.
};

}  // namespace recbots
