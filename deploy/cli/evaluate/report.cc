#include "deploy/cli/evaluate/report.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace recbots {
namespace {

using Json = nlohmann::ordered_json;

Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
Json JsonOf(Interval interval) { return Json::array({Number(interval.low), Number(interval.high)}); }
Json JsonOf(const Estimate& estimate) {
  return {{"value", Number(estimate.value)}, {"standard_error", Number(estimate.standard_error)}};
}

std::string Text(double value) { return std::isfinite(value) ? absl::StrFormat("%.5g", value) : "-"; }

Json WeightsJson(const WeightReport& report) {
  const WeightDiagnostics& weights = report.diagnostics;
  return {{"of", report.of},
          {"count", weights.weights},
          {"mean", Number(weights.mean)},
          {"mean_standard_error", Number(weights.mean_standard_error)},
          {"mean_is_one", weights.MeanIsOne()},
          {"effective_sample_size", Number(weights.effective_sample_size)},
          {"largest", Number(weights.largest)},
          {"largest_share", Number(weights.largest_share)},
          {"top_percent_share", Number(weights.top_percent_share)},
          {"zero_share", Number(weights.zero_share)},
          {"uncovered", Number(1 - weights.mean)}};
}

const TrueValue* TruthOf(const Evaluation& evaluation, const std::string& of) {
  for (const TrueValue& truth : evaluation.truth) {
    if (truth.of == of) return &truth;
  }
  return nullptr;
}

Json ResultJson(const Evaluation& evaluation, const EstimatorResult& result) {
  Json json = {{"estimator", result.name},
               {"of", result.of},
               {"setting", result.setting.empty() ? Json(nullptr) : Json(result.setting)},
               {"value", Number(result.estimate.value)},
               {"standard_error", Number(result.estimate.standard_error)},
               {"interval", JsonOf(result.interval)},
               {"bootstrap_interval", JsonOf(result.bootstrap)},
               {"lower_bound", Number(result.lower_bound)},
               {"trust", TrustWord(result.trust)},
               {"reason", result.reason.empty() ? Json(nullptr) : Json(result.reason)}};
  const TrueValue* const truth = TruthOf(evaluation, result.of);
  json["error"] = truth == nullptr ? Json(nullptr) : Number(result.estimate.value - truth->value);
  return json;
}

std::string WeightLine(const WeightReport& report) {
  const WeightDiagnostics& weights = report.diagnostics;
  return absl::StrFormat("  %-10s %9d  mean %.4g +- %.2g%s  effective %.0f  largest %.4g (%.2g %%)  top 1 %% %.2g %%\n",
                         report.of, weights.weights, weights.mean, weights.mean_standard_error,
                         weights.MeanIsOne() ? "" : " (not 1!)", weights.effective_sample_size, weights.largest,
                         100 * weights.largest_share, 100 * weights.top_percent_share);
}

std::string ResultLine(const Evaluation& evaluation, const EstimatorResult& result) {
  std::string line =
      absl::StrFormat("  %-19s %-8s %10s %10s  %10s .. %-10s", result.name, result.of, Text(result.estimate.value),
                      Text(result.estimate.standard_error), Text(result.interval.low), Text(result.interval.high));
  if (const TrueValue* const truth = TruthOf(evaluation, result.of)) {
    absl::StrAppendFormat(&line, " %+7.2f %%", 100 * (result.estimate.value / truth->value - 1));
  } else if (!evaluation.truth.empty()) {
    absl::StrAppend(&line, "         -");
  }
  absl::StrAppend(&line, "  ", TrustWord(result.trust));
  if (!result.setting.empty()) absl::StrAppend(&line, " (", result.setting, ")");
  return line + "\n";
}

}  // namespace

const char* TrustWord(Trust trust) {
  switch (trust) {
    case Trust::kBelieved:
      return "believed";
    case Trust::kWithCare:
      return "with care";
    case Trust::kNot:
      break;
  }
  return "not to be believed";
}

const char* VerdictWord(VerdictKind kind) {
  switch (kind) {
    case VerdictKind::kTells:
      return "tells";
    case VerdictKind::kWithCare:
      return "with care";
    case VerdictKind::kCannotTell:
      break;
  }
  return "cannot tell";
}

std::string EvaluationPage(const Evaluation& evaluation) {
  std::string page = absl::StrFormat("%s: policy %s from %d rows, %d slates, %d sessions, %d items; reward %s\n",
                                     evaluation.log, evaluation.policy, evaluation.rows, evaluation.slates,
                                     evaluation.sessions, evaluation.items, evaluation.reward);
  for (const std::string& note : evaluation.notes) absl::StrAppend(&page, note, "\n");
  absl::StrAppendFormat(&page, "the logging policy earned %s +- %s for each slate", Text(evaluation.logged_slate.value),
                        Text(evaluation.logged_slate.standard_error));
  if (evaluation.sessions != evaluation.slates) {
    absl::StrAppendFormat(&page, ", %s +- %s for each session", Text(evaluation.logged_session.value),
                          Text(evaluation.logged_session.standard_error));
  }
  absl::StrAppend(&page, "\n\nweights\n");
  for (const WeightReport& report : evaluation.weights) absl::StrAppend(&page, WeightLine(report));
  absl::StrAppendFormat(&page, "\n  %-19s %-8s %10s %10s  %10s %g %%%s\n", "estimator", "of each", "value", "std error",
                        "interval", 100 * evaluation.level, evaluation.truth.empty() ? "" : "            error");
  for (const EstimatorResult& result : evaluation.results) absl::StrAppend(&page, ResultLine(evaluation, result));
  for (const TrueValue& truth : evaluation.truth) {
    absl::StrAppendFormat(&page, "  %-19s %-8s %10s %10s\n", "truth (played)", truth.of, Text(truth.value),
                          Text(truth.standard_error));
  }
  if (evaluation.bootstrap_replicates > 0) {
    absl::StrAppendFormat(&page, "  bootstrap intervals (%d replicates, seed %d) are in the JSON and on the card\n",
                          evaluation.bootstrap_replicates, evaluation.seed);
  }
  absl::StrAppend(&page, "\nverdict: ", VerdictWord(evaluation.verdict), "\n");
  for (const std::string& sentence : evaluation.verdict_sentences) absl::StrAppend(&page, sentence, "\n");
  return page;
}

std::string EvaluationJson(const Evaluation& evaluation) {
  Json json = {{"log", evaluation.log},
               {"policy", evaluation.policy},
               {"reward", evaluation.reward},
               {"rows", evaluation.rows},
               {"slates", evaluation.slates},
               {"sessions", evaluation.sessions},
               {"items", evaluation.items},
               {"rewarded_rows", evaluation.rewarded_rows},
               {"seed", evaluation.seed},
               {"bootstrap_replicates", evaluation.bootstrap_replicates},
               {"level", evaluation.level},
               {"discount", evaluation.discount},
               {"notes", evaluation.notes},
               {"logged_slate", JsonOf(evaluation.logged_slate)},
               {"logged_session", JsonOf(evaluation.logged_session)}};
  json["weights"] = Json::array();
  for (const WeightReport& report : evaluation.weights) json["weights"].push_back(WeightsJson(report));
  json["estimates"] = Json::array();
  for (const EstimatorResult& result : evaluation.results) json["estimates"].push_back(ResultJson(evaluation, result));
  json["truth"] = Json::array();
  for (const TrueValue& truth : evaluation.truth) {
    json["truth"].push_back(
        {{"of", truth.of}, {"value", Number(truth.value)}, {"standard_error", Number(truth.standard_error)}});
  }
  json["verdict"] = VerdictWord(evaluation.verdict);
  json["recommended"] = evaluation.recommended.empty() ? Json(nullptr) : Json(evaluation.recommended);
  json["verdict_sentences"] = evaluation.verdict_sentences;
  // Names of files and columns may be in any encoding.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace recbots
