#include "learner/run/goal_tracker.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

// Exact values come from different sums, so the values of equal policies may differ in the last digits.
constexpr double kRounding = 1e-9;

v1::RunMark MarkOf(const RunCounters& counters) {
  v1::RunMark mark;
  mark.set_env_steps(counters.env_steps);
  mark.set_updates(counters.updates);
  mark.set_wall_seconds(counters.wall_seconds);
  return mark;
}

RunCounters CountersOf(const v1::RunMark& mark) { return {mark.env_steps(), mark.updates(), mark.wall_seconds()}; }

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
    case Ending::kByHand:
      return "ended by hand";
    case Ending::kMaxSeconds:
      return "time is up";
  }
  return "";
}

bool IsLimit(Ending ending) {
  return ending == Ending::kMaxUpdates || ending == Ending::kMaxEnvSteps || ending == Ending::kMaxSeconds;
}

std::optional<double> ShareOfOptimum(const v1::Evaluation& evaluation) {
  if (!evaluation.has_optimum() || !(evaluation.optimum() > 0)) return std::nullopt;
  return evaluation.value() / evaluation.optimum();
}

std::optional<double> ShareOfGap(const v1::Evaluation& evaluation) {
  if (evaluation.references().empty()) return std::nullopt;
  const double random = evaluation.references().begin()->value();
  const double best = evaluation.references().rbegin()->value();
  const double gap = best - random;
  if (!(gap > kRounding * std::max(std::abs(best), std::abs(random)))) return std::nullopt;
  return (evaluation.value() - random) / gap;
}

absl::Status CheckReachable(const v1::GoalConfig& goal, const v1::Evaluation& evaluation) {
  const auto refuse = [](absl::string_view field, double share, const auto&... why) {
    return absl::FailedPreconditionError(
        absl::StrCat("goal.", field, " ", share, " can never be reached, want 0 or another goal: ", why...));
  };
  if (goal.share_of_optimum() > 0 && !ShareOfOptimum(evaluation).has_value()) {
    if (!evaluation.has_optimum()) {
      return refuse("share_of_optimum", goal.share_of_optimum(), "the optimum is not known (see goal.share_of_gap)");
    }
    return refuse("share_of_optimum", goal.share_of_optimum(), "the optimum is ", evaluation.optimum(),
                  ", and shares are of what is more than 0 (see goal.share_of_gap)");
  }
  if (goal.share_of_gap() > 0 && !ShareOfGap(evaluation).has_value()) {
    if (evaluation.references_size() < 2) {
      return refuse("share_of_gap", goal.share_of_gap(), "there is nothing to compare with but random play");
    }
    const v1::ReferenceValue& best = *evaluation.references().rbegin();
    return refuse("share_of_gap", goal.share_of_gap(), "the best policy known, ", best.name(), ", gets ", best.value(),
                  " and random play ", evaluation.references().begin()->value(), ": there is no gap to close");
  }
  return absl::OkStatus();
}

absl::Status GoalTracker::CheckReachable() const {
  return newest_.has_value() ? recbots::CheckReachable(config_, *newest_) : absl::OkStatus();
}

bool GoalTracker::Meets(const v1::Evaluation& evaluation) const {
  if (config_.share_of_gap() > 0) {
    const std::optional<double> share = ShareOfGap(evaluation);
    return share.has_value() && *share + kRounding >= config_.share_of_gap();
  }
  const std::optional<double> share = ShareOfOptimum(evaluation);
  return share.has_value() && *share + kRounding >= config_.share_of_optimum();
}

bool GoalTracker::OnEvaluation(const v1::Evaluation& evaluation, double wall_seconds) {
  if (newest_.has_value() && newest_->incarnation() == evaluation.incarnation() &&
      evaluation.weights_version() <= newest_->weights_version()) {
    return false;
  }
  newest_ = evaluation;
  ++evaluations_;
  const double share = ShareOfOptimum(evaluation).value_or(0) + kRounding;
  const RunCounters counters{evaluation.env_steps(), evaluation.updates(), wall_seconds};
  if (share >= 0.99 && !at_99_.has_value()) at_99_ = counters;
  if (share >= 0.999 && !at_999_.has_value()) at_999_ = counters;
  in_a_row_ = Meets(evaluation) ? in_a_row_ + 1 : 0;
  return true;
}

v1::GoalState GoalTracker::State() const {
  v1::GoalState state;
  if (newest_.has_value()) *state.mutable_newest() = *newest_;
  state.set_evaluations(evaluations_);
  state.set_in_a_row(in_a_row_);
  state.set_share_of_optimum(config_.share_of_optimum());
  state.set_share_of_gap(config_.share_of_gap());
  if (at_99_.has_value()) *state.mutable_at_99() = MarkOf(*at_99_);
  if (at_999_.has_value()) *state.mutable_at_999() = MarkOf(*at_999_);
  return state;
}

void GoalTracker::Restore(const v1::GoalState& state) {
  newest_.reset();
  if (state.has_newest()) newest_ = state.newest();
  evaluations_ = state.evaluations();
  const bool same_goal =
      state.share_of_optimum() == config_.share_of_optimum() && state.share_of_gap() == config_.share_of_gap();
  in_a_row_ = same_goal ? state.in_a_row() : 0;
  at_99_ = state.has_at_99() ? std::optional(CountersOf(state.at_99())) : std::nullopt;
  at_999_ = state.has_at_999() ? std::optional(CountersOf(state.at_999())) : std::nullopt;
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
  return ending != Ending::kNotYet && ending != Ending::kByHand;
}

}  // namespace recbots
