#include "deploy/cli/evaluate/evaluate.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/status_macros.h"
#include "deploy/cli/evaluate/log_weights.h"
#include "deploy/cli/evaluate/policy_probabilities.h"
#include "deploy/cli/evaluate/verdict.h"

namespace recbots {
namespace {

void Describe(const InteractionLog& log, const EvaluationRequest& request, Evaluation& evaluation) {
  evaluation.log = request.log;
  evaluation.policy = request.policy;
  evaluation.reward = !request.reward.empty() ? request.reward : log.reward_of_slates ? "reward" : "clicked";
  evaluation.rows = static_cast<int64_t>(log.num_rows());
  evaluation.slates = static_cast<int64_t>(log.num_slates());
  evaluation.sessions = static_cast<int64_t>(log.num_sessions());
  evaluation.items = log.items.size();
  evaluation.single_decisions = log.single_decisions;
  evaluation.seed = request.estimates.seed;
  evaluation.bootstrap_replicates = request.estimates.bootstrap;
  evaluation.level = request.estimates.level;
  evaluation.discount = request.estimates.discount;
  evaluation.notes = log.notes;
  for (const double reward : log.reward) evaluation.rewarded_rows += reward != 0;
  if (log.policies.size() > 1) {
    evaluation.notes.push_back(absl::StrCat("The log has ", log.policies.size(),
                                            " logging policies; each row is weighted by the propensity of its own."));
  }
}

// The model that the log brings, or one that is fitted here.
void FillModel(const InteractionLog& log, const EvaluationRequest& request, LogWeights& weights,
               Evaluation& evaluation) {
  if (!log.q_hat.empty() && !log.evaluation_q_hat.empty()) {
    weights.q = log.q_hat;
    weights.v = log.evaluation_q_hat;
    evaluation.notes.emplace_back("Reward model: the log's columns q_hat and evaluation_q_hat.");
    return;
  }
  if (weights.row_reward.empty()) return;
  const bool by_item = request.policy == "uniform";
  ModelValues values = FitModel(log, weights.row_reward, by_item ? request.NumItems(log) : 0, request.estimates.seed);
  weights.q = std::move(values.q);
  weights.v = std::move(values.v);
  evaluation.notes.push_back(absl::StrCat("Reward model: means of ", by_item ? "items at positions" : "positions",
                                          ", cross-fitted in two halves by session."));
}

// What the logging policy earned.
void AddLogged(const LogWeights& weights, double discount, Evaluation& evaluation) {
  const InteractionLog& log = *weights.log;
  const std::vector<double> ones(log.num_slates(), 1.0);
  const WeightedSteps steps = {ones, weights.slate_reward, {}, {}, log.session_begin};
  evaluation.logged_slate = Linearise(Ips(steps));
  EstimateParts sessions = {SumBySession(
      log.session_begin, [&](size_t) { return 0.0; }, [](size_t) { return 0.0; })};
  for (size_t session = 0; session < log.num_sessions(); ++session) {
    double factor = 1;
    for (int64_t slate = log.session_begin[session]; slate < log.session_begin[session + 1]; ++slate) {
      sessions[0].numerator[session] += factor * weights.slate_reward[static_cast<size_t>(slate)];
      factor *= discount;
    }
    sessions[0].denominator[session] = 1;
  }
  evaluation.logged_session = Linearise(sessions);
}

}  // namespace

absl::StatusOr<Evaluation> EvaluateLog(const InteractionLog& log, const EvaluationRequest& request) {
  const int64_t catalogue = request.NumItems(log);
  if (catalogue < log.items.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--num_items ", catalogue, ", but the log shows ", log.items.size(), " items"));
  }
  Evaluation evaluation;
  Describe(log, request, evaluation);
  if (request.policy == "uniform" && catalogue > log.items.size()) {
    evaluation.notes.push_back(
        absl::StrFormat("The log never shows %d of %d items, which the policy shows in %.2g %% of "
                        "its decisions.",
                        catalogue - log.items.size(), catalogue,
                        100 * (1 - static_cast<double>(log.items.size()) / static_cast<double>(catalogue))));
  }
  RECBOTS_ASSIGN_OR_RETURN(LogWeights weights, WeightsOf(log));
  FillModel(log, request, weights, evaluation);
  AddLogged(weights, request.estimates.discount, evaluation);
  RECBOTS_RETURN_IF_ERROR(EstimateAll(weights, request.estimates, evaluation));
  Judge(weights, evaluation);
  return evaluation;
}

}  // namespace recbots
