// All roles in one process and one thread, without network: the same seed gives the same weights, bit for bit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "actor/loop/environment_loop.h"
#include "actor/loop/weights_evaluator.h"
#include "actor/recsim/scenario.h"
#include "common/algorithms/algorithm.h"
#include "common/base/device.h"
#include "common/base/state_archive.h"
#include "common/base/stop.h"
#include "common/inference/network_policy.h"
#include "common/metrics/metrics.h"
#include "deploy/cli/train/train_checkpoints.h"
#include "learner/loop/learner_loop.h"
#include "learner/loop/table_batch_source.h"
#include "learner/run/report.h"
#include "learner/run/run_record.h"
#include "learner/weights/weight_store.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// The learner's loop over a table in the same process: the actor makes a step when the table admits no batch
// (TableBatchSource), and the evaluator plays each version that is due as it is published. One actor, that with index
// 0. Paces (max_steps_per_second) do not apply, and of the limits only max_seconds depends on the clock. Not
// thread-safe.
class Trainer {
 public:
  // Takes `run_dir` for the run, and begins it there or goes on with the run that lies there; without a directory
  // nothing is written. `fresh` begins in any case, and puts the run there aside. A run that begins takes over the
  // networks of the run in `networks_of` (learner/loop/networks_of.h), unless that is empty.
  //   INVALID_ARGUMENT     the configuration (already validated by itself) does not fit its files or the algorithm; the
  //                        run directory cannot be used
  //   FAILED_PRECONDITION  another run has the run directory; or the run there is one of other settings
  //   DATA_LOSS            the run there has checkpoints, but none of them is whole
  //   CANCELLED            `stop` said so while what the goal is measured by was being computed
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(const v1::ExperimentConfig& config,
                                                         const std::string& run_dir = "",
                                                         const StopQuestion& stop = nullptr, bool fresh = false,
                                                         const std::string& networks_of = "");

  ~Trainer();

  // Plays the references, then trains until the goal, or until `stop` says so, which is asked after every update and
  // every step of the users, and before every step of an evaluation. `on_status` gets a line every status_seconds and
  // at the goal, `on_evaluation` each evaluation. Where goal.max_env_steps ends it, exactly that many steps are made,
  // rounded up to a whole step of all users, and every update that the limiter then allows. Weights that a limit ends
  // with are evaluated before the end; after `stop` nothing more is, and an evaluation that it cuts short counts for
  // nothing. After an error, too, report, goal and weights are those of what was learnt until then, and saved.
  absl::Status Run(const StopQuestion& stop, const std::function<void(const std::string&)>& on_status,
                   const std::function<void(const v1::Evaluation&)>& on_evaluation = nullptr);

  // What a run that begins has taken over from another one, as a line; empty: nothing.
  const std::string& taken_over() const { return taken_over_; }
  // Where the run learns and why, as a line.
  const std::string& device_line() const { return device_line_; }
  // The checkpoint that the run goes on from.
  const std::optional<RunCheckpoint>& resumed() const { return resumed_; }
  // The report of a run that goes on from its end, where nothing is left to do: Run must not be called.
  const std::optional<SavedReport>& ended() const { return ended_; }

  // How it ended; valid after Run, whatever that returned.
  const Report& report() const { return record_.report(); }
  GoalTracker goal() const { return record_.state().goal(); }
  // Whether the goal can be reached, as far as the references tell (CheckReachable); valid after Run.
  const absl::Status& reachable() const { return reachable_; }
  int64_t updates() const { return algorithm_->updates(); }
  RunCounters counters() const { return record_.state().counters(); }
  // Encoded weights of the newest update.
  std::string EncodeWeights() const { return algorithm_->EncodeWeights(); }

 private:
  class TableSink;

  Trainer(const v1::ExperimentConfig& config, const std::string& run_dir);
  absl::Status Init(bool fresh, const std::string& networks_of);
  absl::Status MakeParts(const RowSchema& schema);
  absl::Status MakeActor(const RowSchema& schema);
  // Begins the run, or brings every part to where the run was.
  absl::Status BeginRun(const v1::ExperimentIdentity& identity);
  absl::Status ResumeRun(const v1::ExperimentIdentity& identity);
  void TransferRoles(StateArchive& archive);
  absl::Status Checkpoint(v1::LearnerState state, bool last);
  void MakeLearner();
  // References, and whether they leave the goal in reach. OK, without either, where `stop` says so meanwhile.
  absl::Status EvaluateReferences();
  // Gives the actor a version.
  absl::Status HoldWeights(const v1::WeightsHeader& version, absl::string_view weights);
  // Evaluates the version that the actor holds.
  absl::Status Evaluate();
  // Hands a version that was just published to actor and evaluator.
  absl::Status TakeWeights(const v1::WeightsHeader& version, absl::string_view weights, bool last);
  bool Stopped() { return stopped_ = stopped_ || ShouldStop(stop_); }

  const v1::ExperimentConfig config_;
  const std::string run_dir_;
  RunRecord record_;
  std::unique_ptr<Scenario> scenario_;
  std::unique_ptr<TrainCheckpoints> checkpoints_;
  std::optional<RunCheckpoint> resumed_;
  std::optional<SavedReport> ended_;
  std::string taken_over_;
  std::unique_ptr<Algorithm> algorithm_;
  Device device_;
  std::string device_line_;
  std::unique_ptr<Environment> environment_;
  std::unique_ptr<NetworkPolicy> behaviour_;
  BehaviourWeights behaviour_weights_;
  std::unique_ptr<TableBatchSource> batches_;
  std::unique_ptr<TableSink> sink_;
  std::unique_ptr<EnvironmentLoop> actor_;
  std::unique_ptr<WeightsEvaluator> evaluator_;
  WeightStore store_;
  Metrics metrics_{{"learner"}};
  std::unique_ptr<LearnerLoop> learner_;

  v1::WeightsHeader published_;
  std::string published_weights_;  // What behaviour_ holds.
  absl::Status reachable_;
  StopQuestion stop_;
  bool stopped_ = false;
  std::function<void(const std::string&)> on_status_;
  std::function<void(const v1::Evaluation&)> on_evaluation_;
};

}  // namespace recbots
