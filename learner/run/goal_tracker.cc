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
    case Ending::kGapClosed:
      return "share of gap closed";
    case Ending::kMaxUpdates:
      return "all updates done";
    case Ending::kMaxEnvSteps:
      return "all env steps played";
    case Ending::kMaxSeconds:
      return "time is up";
  }
  return "";
}

bool IsLimit(Ending ending) {
  return ending == Ending::kMaxUpdates || ending == Ending::kMaxEnvSteps || ending == Ending::kMaxSeconds;
}

double ShareOfOptimum(const v1::Evaluation& evaluation) {
  return evaluation.has_optimum() && evaluation.optimum() != 0 ? evaluation.value() / evaluation.optimum() : 0;
}

std::optional<double> ShareOfGap(const v1::Evaluation& evaluation) {
  if (evaluation.references().empty()) return std::nullopt;
  const double random = evaluation.references().begin()->value();
  const double gap = evaluation.references().rbegin()->value() - random;
  if (!(gap > 0)) return std::nullopt;
  return (evaluation.value() - random) / gap;
}

bool GoalTracker::Meets(const v1::Evaluation& evaluation) const {
  if (config_.share_of_gap() > 0) {
    const std::optional<double> share = ShareOfGap(evaluation);
    return share.has_value() && *share + kRounding >= config_.share_of_gap();
  }
  return ShareOfOptimum(evaluation) + kRounding >= config_.share_of_optimum();
}

bool GoalTracker::OnEvaluation(const v1::Evaluation& evaluation, double wall_seconds) {
  if (newest_.has_value() && newest_->incarnation() == evaluation.incarnation() &&
      evaluation.weights_version() <= newest_->weights_version()) {
    return false;
  }
  newest_ = evaluation;
  ++evaluations_;
  const double share = ShareOfOptimum(evaluation) + kRounding;
  const RunCounters counters{evaluation.env_steps(), evaluation.updates(), wall_seconds};
  if (share >= 0.99 && !at_99_.has_value()) at_99_ = counters;
  if (share >= 0.999 && !at_999_.has_value()) at_999_ = counters;
  in_a_row_ = Meets(evaluation) ? in_a_row_ + 1 : 0;
  return true;
}

Ending GoalTracker::Check(const RunCounters& now) const {
  const bool often_enough = in_a_row_ >= config_.evaluations();
  if (config_.share_of_optimum() > 0 && often_enough) return Ending::kShareReached;
  if (config_.share_of_gap() > 0 && often_enough) return Ending::kGapClosed;
  if (config_.max_updates() > 0 && now.updates >= config_.max_updates()) return Ending::kMaxUpdates;
  if (config_.max_env_steps() > 0 && now.env_steps >= config_.max_env_steps()) return Ending::kMaxEnvSteps;
  if (config_.max_seconds() > 0 && now.wall_seconds >= config_.max_seconds()) return Ending::kMaxSeconds;
  return Ending::kNotYet;
}

bool GoalTracker::Reached(Ending ending) const {
  if (config_.share_of_optimum() > 0) return ending == Ending::kShareReached;
  if (config_.share_of_gap() > 0) return ending == Ending::kGapClosed;
  return ending != Ending::kNotYet;
}

}  // namespace recbots
