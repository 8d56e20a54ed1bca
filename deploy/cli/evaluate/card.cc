// The card of an evaluation: one page of HTML without anything from elsewhere.
#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "deploy/cli/evaluate/report.h"

namespace recbots {
namespace {

constexpr char kStyle[] =
    "body{font:15px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 "
    "1rem;color:#1b1f24;background:#fff}"
    "h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}table{border-collapse:collapse;width:100%}"
    "td,th{padding:.25rem .6rem;text-align:right;border-bottom:1px solid #d8dee4}td:first-child,th:first-child,"
    "td.word,th.word{text-align:left}.verdict{border-left:.4rem solid;padding:.5rem 1rem;background:#f6f8fa}"
    ".tells{border-color:#1a7f37}.care{border-color:#9a6700}.cannot{border-color:#cf222e}.not{color:#8c959f}"
    "@media(prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}.verdict{background:#161b22}"
    "td,th{border-color:#30363d}}";

std::string Escape(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}});
}

std::string Text(double value) { return std::isfinite(value) ? absl::StrFormat("%.5g", value) : "–"; }

// The scale of the drawing: from 0, or the lowest bound, to the highest bound of the estimates of one kind.
struct Scale {
  double low = 0;
  double high = 0;
  double At(double value) const {
    const double width = high > low ? high - low : 1;
    return 4 + 252 * std::clamp((value - low) / width, 0.0, 1.0);
  }
};

Scale ScaleOf(const Evaluation& evaluation, const std::string& of) {
  Scale scale;
  for (const EstimatorResult& result : evaluation.results) {
    if (result.of != of || result.trust == Trust::kNot) continue;
    if (!std::isfinite(result.interval.low) || !std::isfinite(result.interval.high)) continue;
    scale.low = std::min(scale.low, result.interval.low);
    scale.high = std::max(scale.high, result.interval.high);
  }
  const Estimate& logged = of == "session" ? evaluation.logged_session : evaluation.logged_slate;
  scale.high = std::max(scale.high, logged.value);
  return scale;
}

std::string Drawing(const Evaluation& evaluation, const EstimatorResult& result) {
  const Scale scale = ScaleOf(evaluation, result.of);
  const Estimate& logged = result.of == "session" ? evaluation.logged_session : evaluation.logged_slate;
  std::string svg = absl::StrFormat(
      "<svg width=\"260\" height=\"18\" role=\"img\" aria-label=\"%s\"><line x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" "
      "y2=\"18\" stroke=\"#8c959f\" stroke-dasharray=\"2 2\"/>",
      Escape(result.name), scale.At(logged.value), scale.At(logged.value));
  if (std::isfinite(result.interval.low) && std::isfinite(result.interval.high)) {
    const char* const colour = result.trust == Trust::kBelieved   ? "#1a7f37"
                               : result.trust == Trust::kWithCare ? "#9a6700"
                                                                  : "#8c959f";
    absl::StrAppendFormat(&svg,
                          "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"9\" y2=\"9\" stroke=\"%s\" stroke-width=\"3\"/><circle "
                          "cx=\"%.1f\" cy=\"9\" r=\"4\" fill=\"%s\"/>",
                          scale.At(result.interval.low), scale.At(result.interval.high), colour,
                          scale.At(result.estimate.value), colour);
  }
  return svg + "</svg>";
}

void AppendEstimates(const Evaluation& evaluation, std::string& html) {
  absl::StrAppendFormat(&html,
                        "<h2>Estimates</h2><table><tr><th>estimator</th><th class=word>of each</th><th>value</th>"
                        "<th>standard error</th><th>%g %% interval</th><th>bootstrap</th><th></th><th "
                        "class=word>to be believed?</th></tr>",
                        100 * evaluation.level);
  for (const EstimatorResult& result : evaluation.results) {
    absl::StrAppendFormat(
        &html,
        "<tr%s><td>%s</td><td class=word>%s</td><td>%s</td><td>%s</td><td>%s – %s</td><td>%s – %s</td><td>%s</td><td "
        "class=word>%s%s%s</td></tr>",
        result.trust == Trust::kNot ? " class=not" : "", Escape(result.name), result.of, Text(result.estimate.value),
        Text(result.estimate.standard_error), Text(result.interval.low), Text(result.interval.high),
        Text(result.bootstrap.low), Text(result.bootstrap.high), Drawing(evaluation, result), TrustWord(result.trust),
        result.reason.empty() ? "" : absl::StrCat(": ", Escape(result.reason)),
        result.setting.empty() ? "" : absl::StrCat(" (", Escape(result.setting), ")"));
  }
  html += "</table><p>The dashed line is what the logging policy earned.</p>";
  for (const TrueValue& truth : evaluation.truth) {
    absl::StrAppendFormat(&html, "<p>Played, the policy earns %s ± %s for each %s.</p>", Text(truth.value),
                          Text(truth.standard_error), truth.of);
  }
}

void AppendWeights(const Evaluation& evaluation, std::string& html) {
  html +=
      "<h2>Weights</h2><table><tr><th>of</th><th>number</th><th>mean (want 1)</th><th>effective sample "
      "size</th><th>largest</th><th>its share</th><th>share of the top 1 %</th><th>zero</th></tr>";
  for (const WeightReport& report : evaluation.weights) {
    const WeightDiagnostics& weights = report.diagnostics;
    absl::StrAppendFormat(&html,
                          "<tr><td>%s</td><td>%d</td><td>%s ± %s</td><td>%.0f</td><td>%s</td><td>%.2g %%</td><td>%.2g "
                          "%%</td><td>%.2g %%</td></tr>",
                          report.of, weights.weights, Text(weights.mean), Text(weights.mean_standard_error),
                          weights.effective_sample_size, Text(weights.largest), 100 * weights.largest_share,
                          100 * weights.top_percent_share, 100 * weights.zero_share);
  }
  html += "</table>";
}

}  // namespace

std::string EvaluationCard(const Evaluation& evaluation) {
  const char* const kind = evaluation.verdict == VerdictKind::kTells      ? "tells"
                           : evaluation.verdict == VerdictKind::kWithCare ? "care"
                                                                          : "cannot";
  std::string html = absl::StrFormat(
      "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>%s "
      "from %s</title><style>%s</style><h1>Policy %s, judged from %s</h1><div class=\"verdict %s\">",
      Escape(evaluation.policy), Escape(evaluation.log), kStyle, Escape(evaluation.policy), Escape(evaluation.log),
      kind);
  for (const std::string& sentence : evaluation.verdict_sentences) {
    absl::StrAppend(&html, "<p>", Escape(sentence), "</p>");
  }
  absl::StrAppendFormat(&html,
                        "</div><p>%d rows, %d slates, %d sessions, %d items; reward %s, other than 0 in %d rows. The "
                        "logging policy earned %s ± %s for each slate, %s ± %s for each session. Seed %d, %d "
                        "bootstrap replicates.</p>",
                        evaluation.rows, evaluation.slates, evaluation.sessions, evaluation.items,
                        Escape(evaluation.reward), evaluation.rewarded_rows, Text(evaluation.logged_slate.value),
                        Text(evaluation.logged_slate.standard_error), Text(evaluation.logged_session.value),
                        Text(evaluation.logged_session.standard_error), evaluation.seed,
                        evaluation.bootstrap_replicates);
  for (const std::string& note : evaluation.notes) absl::StrAppend(&html, "<p>", Escape(note), "</p>");
  AppendEstimates(evaluation, html);
  AppendWeights(evaluation, html);
  return html + "</html>\n";
}

}  // namespace recbots
