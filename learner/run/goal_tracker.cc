#include "learner/run/goal_tracker.h"

namespace recbots {
namespace {

// An exact value and an exact optimum come from different sums; equal policies may differ in the last digits.
constexpr double kRounding = 1e-9;

}  // namespace

std::string Describe(Ending ending) {
  switch (ending) {
    case Ending::kNotYet:
      return "stopped before its goal";
    case Ending::kShareReached:
      return "share of optimum reached";
    case Ending::kMaxUpdates:
      return "all updates done";
    case Ending::kMaxSeconds:
      return "time is up";
  }
  return "";
}

double ShareOfOptimum(const v1::Evaluation& evaluation) {
  return evaluation.has_optimum() && evaluation.optimum() != 0 ? evaluation.value() / evaluation.optimum() : 0;
}

void GoalTracker::OnEvaluation(const v1::Evaluation& evaluation, double wall_seconds) {
  if (newest_.has_value() && newest_->incarnation() == evaluation.incarnation() &&
      evaluation.weights_version() <= newest_->weights_version()) {
    return;
  }
  newest_ = evaluation;
  ++evaluations_;
  const double share = ShareOfOptimum(evaluation) + kRounding;
  const RunCounters counters{evaluation.env_steps(), evaluation.updates(), wall_seconds};
  if (share >= 0.99 && !at_99_.has_value()) at_99_ = counters;
  if (share >= 0.999 && !at_999_.has_value()) at_999_ = counters;
  in_a_row_ = share >= config_.share_of_optimum() ? in_a_row_ + 1 : 0;
}

Ending GoalTracker::Check(int64_t updates, double wall_seconds) const {
  if (config_.share_of_optimum() > 0 && in_a_row_ >= config_.evaluations()) return Ending::kShareReached;
  if (config_.max_updates() > 0 && updates >= config_.max_updates()) return Ending::kMaxUpdates;
  if (config_.max_seconds() > 0 && wall_seconds >= config_.max_seconds()) return Ending::kMaxSeconds;
  return Ending::kNotYet;
}

bool GoalTracker::Reached(Ending ending) const {
  if (config_.share_of_optimum() > 0) return ending == Ending::kShareReached;
  return ending != Ending::kNotYet;
}

}  // namespace recbots
