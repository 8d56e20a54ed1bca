#include "deploy/cli/evaluate/log_weights.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/rl/spec.h"

namespace recbots {
namespace {

// Rows without a value; a slate without items has no position, and lacks nothing.
int64_t CountMissing(const InteractionLog& log, const std::vector<double>& column, bool of_slates) {
  int64_t missing = 0;
  for (size_t row = 0; row < column.size(); ++row) {
    missing += std::isnan(column[row]) && (of_slates || log.item[row] != kNoItem);
  }
  return missing;
}

// evaluation / propensity for each row; empty if the log lacks one of them.
absl::StatusOr<std::vector<double>> Ratio(const InteractionLog& log, const std::vector<double>& evaluation,
                                          const std::vector<double>& propensity, const std::string& name) {
  std::vector<double> ratio;
  const bool of_slates = name == "slate";
  if (evaluation.empty() || propensity.empty()) return ratio;
  for (const auto& [column, what] : {std::pair(&evaluation, absl::StrCat("evaluation_", name)),
                                     std::pair(&propensity, absl::StrCat(name, "_propensity"))}) {
    const int64_t missing = CountMissing(log, *column, of_slates);
    if (missing == static_cast<int64_t>(column->size())) return ratio;
    if (missing > 0) {
      return absl::FailedPreconditionError(
          absl::StrCat(what, " is not known for ", missing, " of ", column->size(),
                       " rows: leaving these out would bias every estimate, so all or none of the rows must have it"));
    }
  }
  ratio.resize(evaluation.size());
  for (size_t row = 0; row < ratio.size(); ++row) {
    ratio[row] = std::isnan(evaluation[row]) || std::isnan(propensity[row]) ? 1 : evaluation[row] / propensity[row];
  }
  return ratio;
}

void FillSlates(const InteractionLog& log, const std::vector<double>& by_row, LogWeights& weights) {
  weights.slate.resize(log.num_slates());
  for (size_t slate = 0; slate < log.num_slates(); ++slate) {
    // The last row of a slate has the prefix that is the whole slate; other columns are the same in all rows.
    weights.slate[slate] = by_row[static_cast<size_t>(log.slate_begin[slate + 1]) - 1];
  }
}

void FillRewards(const InteractionLog& log, LogWeights& weights) {
  weights.slate_reward.assign(log.num_slates(), 0.0);
  bool clicks_are_rewards = log.reward_of_slates;
  for (size_t slate = 0; slate < log.num_slates(); ++slate) {
    const auto begin = static_cast<size_t>(log.slate_begin[slate]);
    const auto end = static_cast<size_t>(log.slate_begin[slate + 1]);
    double clicks = 0;
    double sum = 0;
    for (size_t row = begin; row < end; ++row) {
      clicks += log.clicked[row];
      sum += log.reward[row];
    }
    weights.slate_reward[slate] = log.reward_of_slates ? log.reward[begin] : sum;
    clicks_are_rewards &= clicks == weights.slate_reward[slate];
  }
  if (!log.reward_of_slates || weights.rows_are_steps) {
    weights.row_reward = log.reward;
  } else if (clicks_are_rewards) {
    weights.row_reward.assign(log.clicked.begin(), log.clicked.end());
  }
}

void FillSessions(const InteractionLog& log, LogWeights& weights) {
  if (log.num_sessions() == log.num_slates() || weights.slate.empty()) return;
  weights.session.assign(log.num_sessions(), 1.0);
  for (size_t session = 0; session < log.num_sessions(); ++session) {
    for (int64_t slate = log.session_begin[session]; slate < log.session_begin[session + 1]; ++slate) {
      weights.session[session] *= weights.slate[static_cast<size_t>(slate)];
    }
  }
}

}  // namespace

WeightedSteps LogWeights::Steps() const {
  WeightedSteps steps = {slate, slate_reward, {}, {}, log->session_begin};
  if (rows_are_steps && !q.empty()) {
    steps.q = q;
    steps.v = v;
  }
  return steps;
}

WeightedRows LogWeights::Rows(const std::vector<double>& weight) const {
  return {weight, row_reward, q, v, log->slate_begin, log->session_begin};
}

absl::StatusOr<LogWeights> WeightsOf(const InteractionLog& log) {
  LogWeights weights;
  weights.log = &log;
  weights.rows_are_steps = log.num_rows() == log.num_slates();
  RECBOTS_ASSIGN_OR_RETURN(std::vector<double> slate, Ratio(log, log.evaluation_slate, log.slate_propensity, "slate"));
  RECBOTS_ASSIGN_OR_RETURN(weights.item, Ratio(log, log.evaluation_item, log.item_propensity, "item"));
  RECBOTS_ASSIGN_OR_RETURN(weights.prefix, Ratio(log, log.evaluation_prefix, log.prefix_propensity, "prefix"));
  if (slate.empty() && !weights.prefix.empty()) slate = weights.prefix;
  if (slate.empty() && weights.rows_are_steps) slate = weights.item;
  if (slate.empty() && weights.item.empty()) {
    return absl::FailedPreconditionError(
        "no weights: want the propensities of what was shown (slate_propensity, item_propensity or prefix_propensity) "
        "and the evaluated policy's probabilities of the same (evaluation_slate, evaluation_item or evaluation_prefix, "
        "or a --policy that knows them). Without propensities no log can tell what another policy is worth");
  }
  if (!slate.empty()) FillSlates(log, slate, weights);
  FillRewards(log, weights);
  FillSessions(log, weights);
  return weights;
}

}  // namespace recbots
