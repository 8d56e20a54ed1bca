#include "deploy/cli/evaluate/estimate_all.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/ope/bootstrap.h"
#include "common/ope/session_estimators.h"
#include "common/ope/slope.h"

namespace recbots {
namespace {

// Settings that SLOPE chooses from.
const std::vector<double>& Grid(WeightRule rule) {
  static const std::vector<double> thresholds = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10000, 100000};
  static const std::vector<double> lambdas = {0, 0.0001, 0.001, 0.01, 0.05, 0.1, 0.5};
  return rule == WeightRule::kSubGaussian ? lambdas : thresholds;
}

// What an estimator needs of the log.
enum class Needs { kSlate, kSlateModel, kItem, kPrefix, kPrefixModel, kSession };

struct Estimator {
  const char* name;
  Needs needs;
  std::function<EstimateParts(const LogWeights&, double discount)> parts;  // Without settings.
  std::optional<WeightRule> rule;                                          // With settings, chosen by SLOPE.
  bool doubly_robust = false;
};

const std::vector<Estimator>& Estimators() {
  using W = const LogWeights&;
  static const auto* all = new std::vector<Estimator>{
      {"ips", Needs::kSlate, [](W w, double) { return Ips(w.Steps()); }, {}},
      {"snips", Needs::kSlate, [](W w, double) { return SelfNormalisedIps(w.Steps()); }, {}},
      {"clipped_ips", Needs::kSlate, nullptr, WeightRule::kClip},
      {"subgaussian_ips", Needs::kSlate, nullptr, WeightRule::kSubGaussian},
      {"dm", Needs::kSlateModel, [](W w, double) { return DirectMethod(w.Steps()); }, {}},
      {"dr", Needs::kSlateModel, [](W w, double) { return DoublyRobust(w.Steps()); }, {}},
      {"sndr", Needs::kSlateModel, [](W w, double) { return SelfNormalisedDoublyRobust(w.Steps()); }, {}},
      {"clipped_dr", Needs::kSlateModel, nullptr, WeightRule::kClip, true},
      {"switch_dr", Needs::kSlateModel, nullptr, WeightRule::kSwitch, true},
      {"dr_os", Needs::kSlateModel, nullptr, WeightRule::kShrink, true},
      {"subgaussian_dr", Needs::kSlateModel, nullptr, WeightRule::kSubGaussian, true},
      {"iips", Needs::kItem, [](W w, double) { return PositionIps(w.Rows(w.item)); }, {}},
      {"sniips", Needs::kItem, [](W w, double) { return SelfNormalisedPositionIps(w.Rows(w.item)); }, {}},
      {"rips", Needs::kPrefix, [](W w, double) { return PositionIps(w.Rows(w.prefix)); }, {}},
      {"snrips", Needs::kPrefix, [](W w, double) { return SelfNormalisedPositionIps(w.Rows(w.prefix)); }, {}},
      {"cascade_dr", Needs::kPrefixModel, [](W w, double) { return CascadeDoublyRobust(w.Rows(w.prefix)); }, {}},
      {"trajectory_is", Needs::kSession, [](W w, double g) { return TrajectoryIps(w.Steps(), g, false); }, {}},
      {"sn_trajectory_is", Needs::kSession, [](W w, double g) { return TrajectoryIps(w.Steps(), g, true); }, {}},
      {"per_decision_is", Needs::kSession, [](W w, double g) { return PerDecisionIps(w.Steps(), g, false); }, {}},
      {"sn_per_decision_is", Needs::kSession, [](W w, double g) { return PerDecisionIps(w.Steps(), g, true); }, {}},
  };
  return *all;
}

// What the log lacks for the estimator; empty: nothing.
std::string Lacking(Needs needs, const LogWeights& weights) {
  const std::string model = weights.rows_are_steps ? "a reward model of the evaluated policy's choices"
                                                   : "decisions of one item: of slates there is no model of the whole";
  switch (needs) {
    case Needs::kSlate:
      return weights.slate.empty() ? "the probabilities of whole slates" : "";
    case Needs::kSlateModel:
      if (weights.slate.empty()) return "the probabilities of whole slates";
      return weights.rows_are_steps && !weights.q.empty() ? "" : model;
    case Needs::kItem:
    case Needs::kPrefix:
    case Needs::kPrefixModel: {
      if (weights.rows_are_steps) return "slates of more than one item";
      if (weights.row_reward.empty()) return "rewards of items: the log's rewards are of slates (--reward=click?)";
      if (needs == Needs::kItem) return weights.item.empty() ? "the probabilities of items at their positions" : "";
      if (weights.prefix.empty()) return "the probabilities of prefixes";
      return needs == Needs::kPrefix || !weights.q.empty() ? "" : "a reward model";
    }
    case Needs::kSession:
      return weights.session.empty() ? "sessions of several steps" : "";
  }
  return "";
}

EstimateParts PartsOf(const Estimator& estimator, const LogWeights& weights, double setting, double discount) {
  if (!estimator.rule.has_value()) return estimator.parts(weights, discount);
  return estimator.doubly_robust ? DoublyRobust(weights.Steps(), *estimator.rule, setting)
                                 : Ips(weights.Steps(), *estimator.rule, setting);
}

// Self-normalised estimates of sessions have a part for each step; beyond this many numbers they are not resampled.
constexpr size_t kMaxBootstrapNumbers = 200'000'000;

EstimatorResult Run(const Estimator& estimator, const LogWeights& weights, const EstimateOptions& options) {
  const auto sessions = static_cast<int64_t>(weights.log->num_sessions());
  EstimatorResult result;
  result.name = estimator.name;
  result.of = estimator.needs == Needs::kSession ? "session" : "slate";
  double setting = 0;
  if (estimator.rule.has_value()) {
    std::vector<Estimate> estimates;
    for (const double candidate : Grid(*estimator.rule)) {
      estimates.push_back(Linearise(PartsOf(estimator, weights, candidate, options.discount)));
    }
    setting = Grid(*estimator.rule)[ChooseBySlope(estimates, sessions).index];
    result.setting = absl::StrFormat("L = %g, chosen by SLOPE", setting);
  }
  const EstimateParts parts = PartsOf(estimator, weights, setting, options.discount);
  result.estimate = Linearise(parts);
  result.interval = StudentInterval(result.estimate, sessions, options.level);
  result.lower_bound = StudentInterval(result.estimate, sessions, 2 * options.level - 1).low;
  const auto [low, high] = std::minmax_element(weights.slate_reward.begin(), weights.slate_reward.end());
  if (estimator.rule == WeightRule::kClip && !estimator.doubly_robust && *low >= 0 && weights.session.empty()) {
    result.lower_bound = BernsteinLowerBound(result.estimate, sessions, setting * *high, options.level);
  }
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  result.bootstrap = {kNaN, kNaN};
  if (options.bootstrap > 0 && sessions > 1 && 2 * parts.size() * parts[0].numerator.size() <= kMaxBootstrapNumbers) {
    result.bootstrap =
        PercentileInterval(PoissonBootstrap(parts, {options.bootstrap, options.seed, options.threads}), options.level);
  }
  return result;
}

}  // namespace

std::vector<std::string> EstimatorNames() {
  std::vector<std::string> names;
  for (const Estimator& estimator : Estimators()) names.emplace_back(estimator.name);
  return names;
}

absl::Status EstimateAll(const LogWeights& weights, const EstimateOptions& options, Evaluation& evaluation) {
  const auto& wanted = options.estimators;
  const std::vector<std::string> names = EstimatorNames();
  for (const std::string& name : wanted) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return absl::InvalidArgumentError(absl::StrCat("estimator '", name, "', want ", absl::StrJoin(names, ", ")));
  }
  const auto diagnose = [&](const char* of, const std::vector<double>& column) {
    if (!column.empty()) evaluation.weights.push_back({of, Diagnose(column)});
  };
  diagnose(weights.rows_are_steps ? "decisions" : "slates", weights.slate);
  if (!weights.rows_are_steps) diagnose("items", weights.item);
  if (!weights.rows_are_steps) diagnose("prefixes", weights.prefix);
  diagnose("sessions", weights.session);
  for (const Estimator& estimator : Estimators()) {
    const bool asked = std::find(wanted.begin(), wanted.end(), estimator.name) != wanted.end();
    if (!wanted.empty() && !asked) continue;
    const std::string lacking = Lacking(estimator.needs, weights);
    if (lacking.empty()) {
      evaluation.results.push_back(Run(estimator, weights, options));
    } else if (asked) {
      return absl::FailedPreconditionError(absl::StrCat("estimator ", estimator.name, " needs ", lacking));
    }
  }
  return absl::OkStatus();
}

}  // namespace recbots
