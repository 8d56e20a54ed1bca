// All roles in one process and one thread, without network: the same seed gives the same weights, bit for bit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "actor/loop/environment_loop.h"
#include "actor/loop/evaluator.h"
#include "actor/recsim/scenario.h"
#include "common/algorithms/algorithm.h"
#include "common/base/stop.h"
#include "common/inference/network_policy.h"
#include "learner/run/prioritizer.h"
#include "learner/run/report.h"
#include "learner/run/run_state.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/identity.pb.h"
#include "replay/table/column_batch.h"
#include "replay/table/table.h"

namespace recbots {

// Environment steps, updates, publications and evaluations alternate as the rate limiter and the configuration say:
// learning goes first, and the actor steps when samples have to wait. One actor, that with index 0. Paces
// (max_steps_per_second) do not apply, and of the limits only max_seconds depends on the clock. Not thread-safe.
class Trainer {
 public:
  //   INVALID_ARGUMENT  the configuration (already validated by itself) does not fit its files or the algorithm
  //   CANCELLED         `stop` said so while what the goal is measured by was being computed
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(const v1::ExperimentConfig& config,
                                                         const StopQuestion& stop = nullptr);

  ~Trainer();

  // Plays the references, then trains until the goal, or until `stop` says so, which is asked after every update and
  // every step of the users, and before every step of an evaluation. `on_status` gets a line every status_seconds,
  // `on_evaluation` each evaluation with the seconds since the start. Where goal.max_env_steps ends it, exactly that
  // many steps are made, rounded up to a whole step of all users, and every update that the limiter then allows.
  // Weights that a limit ends with are evaluated before the end; after `stop` nothing more is, and an evaluation that
  // it cuts short counts for nothing. After an error, too, report, goal and weights are those of what was learnt until
  // then.
  absl::Status Run(const StopQuestion& stop, const std::function<void(const StatusLine&)>& on_status,
                   const std::function<void(const v1::Evaluation&, double)>& on_evaluation = nullptr);

  // How it ended; valid after Run, whatever that returned.
  const Report& report() const { return report_; }
  GoalTracker goal() const { return state_.goal(); }
  // Whether the goal can be reached, as far as the references tell (CheckReachable); valid after Run.
  const absl::Status& reachable() const { return reachable_; }
  // What the rows it learns from mean.
  const v1::ExperimentIdentity& identity() const { return identity_; }
  // Encoded weights of the newest update.
  std::string EncodeWeights() const { return algorithm_->EncodeWeights(); }

 private:
  class TableSink;

  explicit Trainer(const v1::ExperimentConfig& config);
  absl::Status Init();
  // Whether all that the sizes of the configuration make it allocate fits the memory.
  absl::Status CheckFits() const;
  absl::Status Train(const std::function<void(const StatusLine&)>& on_status);
  // References and goal; false: told to stop before they were known.
  absl::StatusOr<bool> EvaluateReferences();
  absl::Status LearnWhileAdmitted();
  absl::Status UpdateOnce();
  // One update on the batch, weighted and with new priorities where rows are drawn by priority.
  absl::Status Learn();
  absl::Status Publish();
  absl::Status EvaluateIfDue();
  // The last weights, whatever the period.
  absl::Status EvaluateLast();
  void ShowStatusIfDue(const std::function<void(const StatusLine&)>& on_status);
  // Unlike Over, false where only the environment steps are used up: what they brought is still learnt from.
  bool LearningIsOver();
  bool Over() const { return over_ || state_.Check() != Ending::kNotYet; }

  const v1::ExperimentConfig config_;
  std::unique_ptr<Scenario> scenario_;
  v1::ExperimentIdentity identity_;
  std::unique_ptr<replay::Table> table_;
  std::unique_ptr<Algorithm> algorithm_;
  std::unique_ptr<Environment> environment_;
  std::unique_ptr<NetworkPolicy> behaviour_;
  std::unique_ptr<NetworkPolicy> greedy_;
  std::unique_ptr<Evaluator> evaluator_;
  std::unique_ptr<TableSink> sink_;
  std::unique_ptr<EnvironmentLoop> loop_;
  // The batch being learnt from.
  replay::ColumnBatch batch_;
  std::vector<replay::ItemKey> keys_;
  std::vector<float> probabilities_;
  Prioritizer prioritizer_;

  RunState state_;
  Report report_;
  WeightsStamp stamp_;
  std::vector<v1::ReferenceValue> references_;
  absl::Status reachable_;
  StopQuestion stop_;
  std::function<void(const v1::Evaluation&, double)> on_evaluation_;
  bool over_ = false;
  int64_t evaluated_updates_ = -1;
  RunCounters last_status_;
};

}  // namespace recbots
