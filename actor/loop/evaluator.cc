#include "actor/loop/evaluator.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "actor/loop/streams.h"
#include "actor/recsim/estimates.h"
#include "actor/recsim/play_episodes.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/rl/step_buffer.h"

namespace recbots {
namespace {

// The name of the optimum among the values of references.
constexpr char kOptimal[] = "optimal";

}  // namespace

Evaluator::Evaluator(const Scenario& scenario, const EvaluatorOptions& options)
    : scenario_(scenario), options_(options) {}

absl::StatusOr<PolicyValue> Evaluator::Evaluate(Policy& policy) const {
  // An observation tells all only where candidates are told apart by their position.
  const bool solvable = options_.exact && policy.stationary() && scenario_.spec().num_candidate_features == 0 &&
                        !scenario_.AllObservations().empty();
  return solvable ? Solve(policy) : Play(policy);
}

absl::StatusOr<PolicyValue> Evaluator::Solve(Policy& policy) const {
  const absl::Span<const float> observations = scenario_.AllObservations();
  const size_t states = observations.size() / static_cast<size_t>(scenario_.spec().num_user_features);
  std::vector<int32_t> slates(states * static_cast<size_t>(scenario_.spec().slate_size));
  std::vector<float> probability(states);
  std::vector<StreamPosition> positions(states);
  policy.Act({observations, positions}, {absl::MakeSpan(slates), absl::MakeSpan(probability)});
  RECBOTS_ASSIGN_OR_RETURN(const double value, scenario_.ExactValue(slates, options_.should_stop));
  return PolicyValue{value, 0, 0};
}

absl::StatusOr<PolicyValue> Evaluator::Play(Policy& policy) const {
  // Whole sessions.
  const int session = scenario_.spec().users_per_session;
  const int64_t wanted = std::min<int64_t>(options_.users, options_.episodes);
  const int num_users = static_cast<int>((wanted + session - 1) / session) * session;
  const int together = policy.learns() ? session : num_users;
  EpisodesToPlay what = {.num_users = together,
                         .episodes_each = (options_.episodes + num_users - 1) / num_users,
                         .should_stop = options_.should_stop};
  MeanEstimate returns;
  for (int first = 0; first < num_users; first += together) {
    what.first_stream = FirstEvaluationStream(session) + static_cast<uint32_t>(first);
    absl::Status played;
    do {
      // An environment that loses its users plays the same ones again, as every evaluation is of the same users.
      MeanEstimate of_these = returns;
      played = PlayEpisodes(scenario_, policy, what, [&](size_t, const StepBuffer&, const EpisodeSoFar& episode) {
        if (episode.over) of_these.Add(episode.reward);
      });
      if (played.ok()) returns = of_these;
    } while (absl::IsAborted(played));
    RECBOTS_RETURN_IF_ERROR(played);
  }
  return PolicyValue{returns.mean(), returns.count() < 2 ? 0 : returns.ci95(), returns.count()};
}

absl::StatusOr<PolicyValue> Evaluator::EvaluateReference(const ReferencePolicy& reference) const {
  if (options_.exact) {
    const std::optional<double> exact = scenario_.ValueOf(reference);
    if (exact.has_value()) return PolicyValue{*exact, 0, 0};
  }
  return Evaluate(*reference.policy);
}

absl::StatusOr<std::vector<v1::ReferenceValue>> Evaluator::EvaluateReferences() const {
  std::vector<v1::ReferenceValue> values;
  const auto add = [&values](const std::string& name, const PolicyValue& value) {
    v1::ReferenceValue& added = values.emplace_back();
    added.set_name(name);
    added.set_value(value.value);
    added.set_value_ci95(value.ci95);
  };
  RECBOTS_RETURN_IF_ERROR(scenario_.Prepare(Scenario::Known::kReferences, options_.should_stop));
  const std::vector<ReferencePolicy> references = scenario_.MakeReferencePolicies();
  RECBOTS_CHECK(!references.empty() && references.front().known == ReferencePolicy::Known::kRandomValue)
      << scenario_.spec().name;
  for (const ReferencePolicy& reference : references) {
    RECBOTS_ASSIGN_OR_RETURN(const PolicyValue value, EvaluateReference(reference));
    add(reference.name, value);
  }
  const bool attained = references.back().known == ReferencePolicy::Known::kOptimalValue;
  if (options_.exact && !attained && scenario_.OptimalValue().has_value()) {
    add(kOptimal, {*scenario_.OptimalValue(), 0, 0});
  }
  return values;
}

v1::Evaluation MakeEvaluation(const v1::WeightsHeader& version, const PolicyValue& value,
                              absl::Span<const v1::ReferenceValue> references) {
  v1::Evaluation evaluation;
  evaluation.set_weights_version(version.version());
  evaluation.set_incarnation(version.incarnation());
  evaluation.set_updates(version.updates());
  evaluation.set_env_steps(version.env_steps());
  evaluation.set_value(value.value);
  evaluation.set_value_ci95(value.ci95);
  evaluation.set_episodes(value.episodes);
  for (const v1::ReferenceValue& reference : references) *evaluation.add_references() = reference;
  if (references.empty()) return evaluation;
  evaluation.set_random_value(references.front().value());
  evaluation.set_random_value_ci95(references.front().value_ci95());
  if (references.back().name() != kOptimal) return evaluation;
  evaluation.set_optimum(references.back().value());
  evaluation.set_optimum_ci95(references.back().value_ci95());
  return evaluation;
}

}  // namespace recbots
