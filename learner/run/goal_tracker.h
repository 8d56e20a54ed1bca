// Decides when a run is over, and notes when it passed the marks that its report shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/run_checkpoint.pb.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

enum class Ending { kNotYet, kShareReached, kGapClosed, kMaxUpdates, kMaxEnvSteps, kMaxSeconds, kByHand };

// "share of optimum reached", ...
std::string Describe(Ending ending);
// Whether a limit ended the run. The last weights are then the result of the run and must be evaluated.
bool IsLimit(Ending ending);

// The three clocks of a run.
struct RunCounters {
  int64_t env_steps = 0;
  int64_t updates = 0;
  double wall_seconds = 0;
};

// Not thread-safe.
class GoalTracker {
 public:
  explicit GoalTracker(const v1::GoalConfig& config) : config_(config) {}

  // Notes an evaluation that arrived `wall_seconds` after the start. Returns false, and ignores it, if its version was
  // evaluated before.
  bool OnEvaluation(const v1::Evaluation& evaluation, double wall_seconds);

  // What Restore needs to go on. With another share as its goal, a tracker counts the evaluations in a row from 0.
  v1::GoalState State() const;
  void Restore(const v1::GoalState& state);

  // How the run ends now. A share comes first, so that a run that reaches the share with its last update has reached
  // it; then updates, environment steps and time.
  Ending Check(const RunCounters& now) const;

  // Whether the run has reached its goal: the share, if the goal is one; otherwise all its updates, environment steps
  // or time.
  bool Reached(Ending ending) const;

  // CheckReachable with the newest evaluation; OK before the first one.
  absl::Status CheckReachable() const;

  const std::optional<v1::Evaluation>& newest() const { return newest_; }
  int64_t evaluations() const { return evaluations_; }
  // The counters of the first evaluation at or above 99 % and 99.9 % of the optimum: env_steps and updates when the
  // weights were published, seconds when the evaluation arrived.
  const std::optional<RunCounters>& at_99() const { return at_99_; }
  const std::optional<RunCounters>& at_999() const { return at_999_; }

 private:
  // Whether an evaluation is at or above the share, of the optimum or of the gap, that is the goal.
  bool Meets(const v1::Evaluation& evaluation) const;

  const v1::GoalConfig config_;
  std::optional<v1::Evaluation> newest_;
  std::optional<RunCounters> at_99_;
  std::optional<RunCounters> at_999_;
  int64_t evaluations_ = 0;
  int in_a_row_ = 0;
};

// value / optimum. nullopt if this has no meaning: the optimum is not known, 0, or negative (the worse of two policies
// would then have the larger share).
std::optional<double> ShareOfOptimum(const v1::Evaluation& evaluation);

// The position of the bot on the way from random play, the first reference, to the best known policy, the last
// reference: (value - random) / (best known - random). It is below 0 if the bot is worse than random play, and above 1
// if it beats the best known policy. nullopt if there is no gap: there is only one reference, or the last is no better
// than the first.
std::optional<double> ShareOfGap(const v1::Evaluation& evaluation);

// If a share is the goal, checks that it can be computed from the references in `evaluation`; otherwise the run would
// go on for ever.
//   FAILED_PRECONDITION  it cannot be computed; the message names the goal, its value and the reason
absl::Status CheckReachable(const v1::GoalConfig& goal, const v1::Evaluation& evaluation);

}  // namespace recbots
