// Sample, update, prioritise, publish: the learner's one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/algorithms/algorithm.h"
#include "common/base/instant.h"
#include "common/base/wait_board.h"
#include "common/metrics/metrics.h"
#include "common/rl/catalogue.h"
#include "learner/group/learner_group.h"
#include "learner/loop/batch_source.h"
#include "learner/run/lag_window.h"
#include "learner/run/prioritizer.h"
#include "learner/run/publication_times.h"
#include "learner/run/run_controls.h"
#include "learner/run/run_record.h"
#include "learner/run/run_state.h"
#include "learner/weights/weight_store.h"

namespace recbots {

struct LearnerLoopOptions {
  int publish_updates = 20;                         // Updates between two published versions.
  int updates_per_batch = 1;                        // Updates on each batch, one after the other.
  absl::Duration status_period = absl::Seconds(1);  // Between two status lines.
  double samples_per_insert = 0;                    // The ratio that replay holds; 0: none. For the status line.
  bool keep = false;                                // Go on after the ending.
  // Gives up waiting for the evaluation of the final weights after this long without any evaluation arriving. Waits
  // only while an evaluator is connected; one still busy with an older version reports that first.
  absl::Duration final_evaluation = absl::Seconds(60);
  PrioritizerOptions prioritizer = {};
  // Between two checkpoints; zero: only at the end. The first one comes after `first_checkpoint` where that is shorter,
  // so that a run whose learner is killed again and again gets on.
  absl::Duration checkpoint_period = absl::ZeroDuration();
  absl::Duration first_checkpoint = absl::Seconds(1);
  // Where the loop's waits are shown, and the name of the place where its batches come from; nullptr: nowhere.
  WaitBoard* waits = nullptr;
  std::string batches_from = {};
  std::string device = "cpu";  // The name of that on which the algorithm learns (common/base/device.h).
  // Of the environment, if it is fixed: rows hold no candidates then.
  std::shared_ptr<const Catalogue> catalogue = nullptr;
  // What somebody asks of the run; must outlive the loop. nullptr: nobody can.
  RunControls* controls = nullptr;
};
// As the configuration says; what it does not say is as above.
LearnerLoopOptions MakeLearnerLoopOptions(const v1::ExperimentConfig& config);

// Who watches the weights now.
struct Watchers {
  int actors = 0;
  int evaluators = 0;
};

// Not thread-safe; what it shares with others (state, store, metrics, batches) is.
class LearnerLoop {
 public:
  struct Hooks {
    std::function<bool()> stop;                     // Asked after every update, and while waiting.
    std::function<Watchers()> watchers;             // Asked once per status line.
    std::function<void(const std::string&)> print;  // A status line.
    // What the status line shows, and more, when it was printed; it must be quick.
    std::function<void(const StatusLine&)> on_status = {};
    std::function<void(const char*)> activity;  // What the loop does now, besides waiting, for the status page.
    // The roles that have stalled, in words ("": none), for the status line.
    std::function<std::string()> stalled = {};
    // This many updates were made; 0: none, but rows come, as they should while the loop waits for more of them.
    std::function<void(int64_t updates)> progressed = {};
    // Called when the run is over, whatever ended it, to save what was learnt: the newest evaluation is in. With keep
    // it is called once more when training ends.
    std::function<absl::Status(const RunEnd& end)> on_ending;
    // Only where actor and evaluator live in the loop's thread: gives them each version as it is published. `last`: the
    // run is over, and the evaluation of these weights has to be in the state when the hook returns. Without the hook
    // the loop waits for the evaluation of the last version, as long as watchers() has an evaluator.
    std::function<absl::Status(const v1::WeightsHeader& version, absl::string_view weights, bool last)> on_weights = {};
    // Only where the run is kept: begins a checkpoint with this state, which lacks the algorithm's and what RunRecord
    // knows. Called between two updates when one is due, and once more (`last`) when training has ended, whatever ended
    // it; then it returns when the checkpoint is written.
    std::function<absl::Status(v1::LearnerState state, bool last)> on_checkpoint = {};
  };

  // All references must outlive the loop.
  LearnerLoop(const LearnerLoopOptions& options, Hooks hooks, Algorithm& algorithm, BatchSource& batches,
              WeightStore& store, RunState& state, Metrics& metrics);

  // Publishes the initial weights: call before the weights service says that it serves. Errors are those of on_weights.
  absl::Status PublishWeights() { return Publish(/*last=*/false); }

  // Goes on with the run that had this state: call it before Run, when the algorithm, the RunState and the batches have
  // theirs.
  void Resume(const v1::LearnerState& state);

  // Trains together with the other learners of the group, which outlives the loop: call it before Run. Rank 0 does all
  // that the loop does; other ranks learn, and leave publishing, goals, checkpoints and results to it.
  void JoinGroup(LearnerGroup& group);

  // Trains until the run is over (with keep: until told to stop). Prints a line at once when the goal is reached.
  // Errors are final ones of the batches' source, of the algorithm, that training has diverged (before anything of it
  // is published), that the references which came with an evaluation leave the goal out of reach
  // (GoalTracker::CheckReachable), those of on_weights and on_ending, and those of the group: that it is broken
  // (UNAVAILABLE), and at rank 0 that another learner has failed.
  absl::Status Run();

 private:
  // What has been counted since the last status line.
  struct Period {
    Instant start;
    RunCounters counters;
    absl::Duration waited;
    absl::Duration exchanged, group_waited;  // As the group counted them when the period began.
    std::array<absl::Duration, replay::kNumBlockedOn> waited_for{};
  };

  absl::Status Train();
  // A round of training, or of waiting where the run is paused.
  absl::Status Round();
  bool paused() const { return options_.controls != nullptr && options_.controls->paused(); }
  bool end_asked() const { return options_.controls != nullptr && options_.controls->end_asked(); }
  // Publishes where somebody has asked for an evaluation, also between two publications that are due.
  absl::Status PublishIfAsked();
  // Of a group (learner_loop_group.cc): whether this learner leaves goal, results and publishing to rank 0; whether the
  // group has ended; an update; a round without a batch; what the end of the group means; and the last round.
  bool follows() const { return group_ != nullptr && group_->rank() > 0; }
  bool group_has_ended() const { return group_ != nullptr && group_->end().has_value(); }
  absl::Status UpdateInGroup();
  absl::Status IdleRound();
  absl::Status HowGroupEnded();
  void LeaveGroup(const absl::Status& error);
  absl::Status Publish(bool last);
  // Learns from the next batch. Endings, status lines and checkpoints come between two batches, never within one.
  absl::Status LearnFromNext();
  // The updates on the batch, weighted and with priorities sent back where rows are drawn by priority: those of the
  // last update. Versions that are due before the last update are published here.
  absl::Status Learn(const replay::SampledBatch& sampled);
  absl::Status Update(const TransitionBatch& batch, const replay::SampledBatch& sampled, absl::Span<float> td_errors);
  bool publication_is_due() const;
  absl::Status PublishIfDue();
  // FAILED_PRECONDITION: the update on this batch, or on a GPU one shortly before, has left parameters that are not
  // finite. Before a publication, what is published is looked at.
  absl::Status CheckFinite(const replay::SampledBatch& sampled);
  // What is said of it; keeps the rows.
  absl::Status Diverged(const replay::SampledBatch& sampled, int64_t update, const absl::Status& why);
  absl::Status SendPriorities(const replay::SampledBatch& sampled);
  void NoteEnvSteps();
  // What replay counted since this learner began: rows of earlier runs are none of this one.
  void NoteCounts(const replay::SampledCounts& counts);
  // The next batch; nullopt: told to stop.
  absl::StatusOr<std::optional<replay::SampledBatch>> NextBatch();
  void NoteLags(const replay::ColumnBatch& batch);
  absl::Status CheckReachable();
  absl::Status CheckEnding();
  // The weights that a limit ends with count, not those that happened to be evaluated last.
  absl::Status EvaluateLast();
  // Waits until an evaluator has said how good the published weights are.
  void AwaitLastEvaluation();
  absl::Status Save(const absl::Status& error);
  void CheckpointIfDue(Instant now);
  absl::Status Checkpoint(bool last);
  void ShowStatusIfDue(Instant now);
  void ShowEvaluation();
  void ShowPrioritizer(StatusLine& line);
  void ShowGroup(StatusLine& line);
  void BeginPeriod(Instant now, const RunCounters& counters);
  std::string BoundBy(const Watchers& watchers, absl::Duration elapsed) const;
  // Fills in what only on_status gets.
  void AddDetails(StatusLine& line, const Watchers& watchers, double seconds) const;

  const LearnerLoopOptions options_;
  const Hooks hooks_;
  Algorithm& algorithm_;
  BatchSource& batches_;
  WeightStore& store_;
  RunState& state_;
  Metrics& metrics_;
  prometheus::Counter& updates_total_;
  prometheus::Counter& env_steps_total_;
  prometheus::Histogram& lag_updates_;
  prometheus::Histogram& lag_seconds_;

  Prioritizer prioritizer_;
  double importance_exponent_ = 0;  // Of the batch that is learnt from.
  replay::SampledCounts counts_;
  uint64_t failed_sends_ = 0;
  // A date, to be compared with those at which rows were collected.
  const int64_t began_micros_ = absl::ToUnixMicros(absl::Now());
  LagWindow lags_;         // In updates,
  LagWindow seconds_lag_;  // and in seconds.
  int64_t replay_rows_ = 0;
  double samples_per_insert_ = 0;
  v1::WeightsHeader newest_;  // Of the newest published version.
  PublicationTimes published_;
  int64_t evaluations_seen_ = 0;
  int64_t evaluations_checked_ = 0;
  int64_t earlier_env_steps_ = 0;  // Of the run, which the batches do not count.
  Instant checkpointed_;
  std::optional<ScopedWait> waits_for_batch_;
  bool resumed_ = false;
  bool over_ = false;
  Ending ending_ = Ending::kNotYet;  // What the run was over by.
  absl::Status saved_;               // What on_ending said then.
  std::string diverged_batch_;       // JSON Lines.
  LearnerGroup* group_ = nullptr;    // nullptr: this learner learns alone.
  int64_t batch_rows_ = 0;           // Of the newest batch.
  Period period_;
};

}  // namespace recbots
