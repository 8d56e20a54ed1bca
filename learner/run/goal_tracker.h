// When a run is over, and when it passed the marks that its report shows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "recbots/v1/config.pb.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

enum class Ending { kNotYet, kShareReached, kGapClosed, kMaxUpdates, kMaxEnvSteps, kMaxSeconds };

// "share of optimum reached", ...
std::string Describe(Ending ending);
// Whether a limit ended the run: then the last weights are what it is about, and they have to be evaluated.
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

  // Notes an evaluation that arrived `wall_seconds` after the start. Of a version already seen it is ignored: false.
  bool OnEvaluation(const v1::Evaluation& evaluation, double wall_seconds);

  // A share goes first: a run that reaches it with its last update has reached it. Then updates, environment steps,
  // time.
  Ending Check(const RunCounters& now) const;

  // True when the run did what was asked: the share, where one is asked for; otherwise all its updates, environment
  // steps or time.
  bool Reached(Ending ending) const;

  // CheckReachable beside the references of the newest evaluation; OK before the first one.
  absl::Status CheckReachable() const;

  const std::optional<v1::Evaluation>& newest() const { return newest_; }
  int64_t evaluations() const { return evaluations_; }
  // Counters at the first evaluation at or above 99 % and 99.9 % of the optimum: env_steps and updates of the weights
  // evaluated, seconds when the evaluation arrived.
  const std::optional<RunCounters>& at_99() const { return at_99_; }
  const std::optional<RunCounters>& at_999() const { return at_999_; }

 private:
  // Whether an evaluation is at or above the share that is asked for, of the optimum or of the gap.
  bool Meets(const v1::Evaluation& evaluation) const;

  const v1::GoalConfig config_;
  std::optional<v1::Evaluation> newest_;
  std::optional<RunCounters> at_99_;
  std::optional<RunCounters> at_999_;
  int64_t evaluations_ = 0;
  int in_a_row_ = 0;
};

// value / optimum. nullopt where that says nothing: the optimum is not known, 0, or negative, when the worse policy
// would have the larger share.
std::optional<double> ShareOfOptimum(const v1::Evaluation& evaluation);

// How much of the way from random play, the first reference, to the best known policy, the last one, the bot has gone:
// (value - random) / (best known - random). Below 0 where it is worse than random, above 1 where it beats the best
// known. nullopt where the references have no gap: only one of them, or the last no better than the first.
std::optional<double> ShareOfGap(const v1::Evaluation& evaluation);

// Whether the share that is the goal, if one is, can be told beside the references that come with `evaluation`: without
// it a run would go on for ever.
//   FAILED_PRECONDITION  names the goal, its value and what stands in its way
absl::Status CheckReachable(const v1::GoalConfig& goal, const v1::Evaluation& evaluation);

}  // namespace recbots
