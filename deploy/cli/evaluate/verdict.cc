#include "deploy/cli/evaluate/verdict.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace recbots {
namespace {

// What speaks against weights of one kind.
struct WeightJudgement {
  Trust trust = Trust::kBelieved;
  std::string reason;
};

WeightJudgement JudgeWeights(const WeightReport& report, const VerdictLimits& limits) {
  const WeightDiagnostics& weights = report.diagnostics;
  if (!weights.MeanIsOne()) {
    return {Trust::kNot, absl::StrFormat("the mean weight of %s is %.4g, want 1 within 3 standard errors of %.2g: the "
                                         "propensities are wrong, or the log cannot show what the policy would show",
                                         report.of, weights.mean, weights.mean_standard_error)};
  }
  if (weights.effective_sample_size < limits.least_sample_size) {
    return {Trust::kNot, absl::StrFormat("the effective sample size of %s is %.0f of %d, want at least %.0f", report.of,
                                         weights.effective_sample_size, weights.weights, limits.least_sample_size)};
  }
  if (weights.largest_share > limits.largest_share) {
    return {Trust::kNot, absl::StrFormat("a single weight of %s has %.0f %% of all, want at most %.0f %%", report.of,
                                         100 * weights.largest_share, 100 * limits.largest_share)};
  }
  if (weights.effective_sample_size < limits.believed_sample_size) {
    return {Trust::kWithCare,
            absl::StrFormat("the effective sample size of %s is %.0f of %d, below %.0f", report.of,
                            weights.effective_sample_size, weights.weights, limits.believed_sample_size)};
  }
  return {};
}

const WeightReport* Find(const Evaluation& evaluation, const char* of) {
  for (const WeightReport& report : evaluation.weights) {
    if (report.of == of) return &report;
  }
  return nullptr;
}

// Whether the logging policy never had a choice.
bool IsDeterministic(const InteractionLog& log) {
  for (const std::vector<double>* column : {&log.slate_propensity, &log.item_propensity, &log.prefix_propensity}) {
    if (column->empty()) continue;
    return std::all_of(column->begin(), column->end(), [](double p) { return std::isnan(p) || p >= 1; });
  }
  return false;
}

// What speaks against every estimate; empty: nothing.
std::string AgainstAll(const LogWeights& weights, const Evaluation& evaluation, const VerdictLimits& limits) {
  if (evaluation.sessions < 2) return "the log has one session: there is no telling how far another would differ";
  if (IsDeterministic(*weights.log)) {
    return "the logging policy is deterministic (all propensities are 1): what it never showed, its log cannot tell";
  }
  if (evaluation.rewarded_rows < limits.least_rewarded) {
    return absl::StrCat("only ", evaluation.rewarded_rows, " of ", evaluation.rows,
                        " rows have a reward, want at least ", limits.least_rewarded);
  }
  return "";
}

void JudgeResult(const Evaluation& evaluation, const VerdictLimits& limits, EstimatorResult& result) {
  const bool by_item = result.name == "iips" || result.name == "sniips";
  const bool by_prefix = absl::StrContains(result.name, "rips") || result.name == "cascade_dr";
  const char* const kind = result.of == "session" ? "sessions" : by_item ? "items" : by_prefix ? "prefixes" : nullptr;
  const WeightReport* report = kind != nullptr ? Find(evaluation, kind) : nullptr;
  if (kind == nullptr) {
    report = Find(evaluation, "decisions");
    if (report == nullptr) report = Find(evaluation, "slates");
  }
  if (report == nullptr) return;
  const WeightJudgement judgement = JudgeWeights(*report, limits);
  result.trust = judgement.trust;
  result.reason = judgement.reason;
  if (result.name == "dm") {
    result.trust = Trust::kNot;
    result.reason = "it is the reward model alone, which may be wrong everywhere";
  } else if (result.trust == Trust::kBelieved && (by_item || by_prefix)) {
    result.trust = Trust::kWithCare;
    result.reason = by_item
                        ? "right only if a click depends on the item and its position alone: with at most one click "
                          "a slate it is too high by 5 to 28 % in our own worlds"
                        : "right only if a click does not depend on the items below: with a choice among all items "
                          "it is too high by 2 to 11 % in our own worlds";
  } else if (result.trust == Trust::kBelieved && !result.setting.empty()) {
    result.trust = Trust::kWithCare;
    result.reason = "large weights are cut, which biases it by an amount that only its own interval bounds";
  }
  if (!std::isfinite(result.estimate.value) || !std::isfinite(result.estimate.standard_error)) {
    result.trust = Trust::kNot;
    result.reason = "it has no value";
  }
}

EstimatorResult* FindResult(Evaluation& evaluation, absl::string_view name) {
  for (EstimatorResult& result : evaluation.results) {
    if (result.name == name && result.trust != Trust::kNot) return &result;
  }
  return nullptr;
}

// The estimator to be cited: the first of these that is trusted most.
EstimatorResult* Choose(Evaluation& evaluation, bool sessions) {
  static constexpr const char* kSlates[] = {"sndr",       "snips",       "dr",         "ips",    "dr_os",
                                            "clipped_dr", "clipped_ips", "cascade_dr", "snrips", "sniips"};
  static constexpr const char* kSessions[] = {"sn_per_decision_is", "per_decision_is"};
  EstimatorResult* chosen = nullptr;
  const auto offer = [&](const char* name) {
    EstimatorResult* const result = FindResult(evaluation, name);
    if (result != nullptr && (chosen == nullptr || result->trust < chosen->trust)) chosen = result;
  };
  if (sessions) {
    for (const char* name : kSessions) offer(name);
  } else {
    for (const char* name : kSlates) offer(name);
  }
  return chosen;
}

// Another believed estimate of the same thing whose interval does not meet that of the chosen one.
const EstimatorResult* Contradicting(const Evaluation& evaluation, const EstimatorResult& chosen) {
  for (const EstimatorResult& other : evaluation.results) {
    if (other.trust != Trust::kBelieved || other.of != chosen.of) continue;
    if (other.interval.low > chosen.interval.high || other.interval.high < chosen.interval.low) return &other;
  }
  return nullptr;
}

void Conclude(const EstimatorResult& chosen, Evaluation& evaluation) {
  evaluation.recommended = chosen.name;
  evaluation.verdict = chosen.trust == Trust::kBelieved ? VerdictKind::kTells : VerdictKind::kWithCare;
  evaluation.verdict_sentences.push_back(absl::StrFormat(
      "By %s, policy %s earns %.5g for each %s, between %.5g and %.5g with %g %% confidence; the logging policy earned "
      "%.5g.",
      chosen.name, evaluation.policy, chosen.estimate.value, chosen.of, chosen.interval.low, chosen.interval.high,
      100 * evaluation.level,
      chosen.of == "session" ? evaluation.logged_session.value : evaluation.logged_slate.value));
  if (!chosen.reason.empty()) evaluation.verdict_sentences.push_back(absl::StrCat("With care: ", chosen.reason, "."));
  if (const EstimatorResult* const other = Contradicting(evaluation, chosen)) {
    evaluation.verdict = VerdictKind::kCannotTell;
    evaluation.recommended.clear();
    evaluation.verdict_sentences.push_back(absl::StrFormat("But %s says %.5g to %.5g: this log cannot tell.",
                                                           other->name, other->interval.low, other->interval.high));
  }
}

}  // namespace

void Judge(const LogWeights& weights, Evaluation& evaluation, const VerdictLimits& limits) {
  const std::string against = AgainstAll(weights, evaluation, limits);
  for (EstimatorResult& result : evaluation.results) {
    JudgeResult(evaluation, limits, result);
    if (against.empty()) continue;
    result.trust = Trust::kNot;
    result.reason = against;
  }
  const bool sessions = !weights.session.empty();
  const EstimatorResult* const chosen = Choose(evaluation, sessions);
  if (chosen != nullptr) {
    Conclude(*chosen, evaluation);
  } else {
    evaluation.verdict = VerdictKind::kCannotTell;
    std::string reason = against;
    for (const EstimatorResult& result : evaluation.results) {
      if (reason.empty() && result.of == (sessions ? "session" : "slate") && result.name != "dm")
        reason = result.reason;
    }
    evaluation.verdict_sentences.push_back(
        absl::StrCat("This log cannot tell what policy ", evaluation.policy, " is worth: ", reason, "."));
  }
  if (!sessions) return;
  evaluation.verdict_sentences.emplace_back(
      "Figures for each slate hold in the situations into which the logging policy brought its users; they say nothing "
      "of "
      "what comes later. The worth of a policy is that of its sessions.");
}

}  // namespace recbots
