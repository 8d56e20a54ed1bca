#include "actor/loop/evaluator.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>

#include "actor/loop/streams.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/policies/feedback.h"
#include "common/rl/step_buffer.h"

namespace recbots {
namespace {

// Standard normal quantile of a two-sided 95 % interval.
constexpr double kQuantile95 = 1.959963984540054;
// The name of the optimum among the values of references.
constexpr char kOptimal[] = "optimal";

}  // namespace

// Returns of the first episodes of each user. Every user plays the same number of episodes to their end: stopping at
// the first n that end would favour short ones.
struct Evaluator::EpisodeReturns {
  int64_t wanted_per_user = 0;
  int64_t episodes = 0;
  double sum = 0;
  double sum_of_squares = 0;
  // Of the users who play now.
  std::vector<double> running;
  std::vector<int64_t> ended;

  void Begin(int num_users) {
    running.assign(static_cast<size_t>(num_users), 0.0);
    ended.assign(static_cast<size_t>(num_users), 0);
  }
  void Add(size_t user, double reward, bool end) {
    if (ended[user] == wanted_per_user) return;
    running[user] += reward;
    if (!end) return;
    sum += running[user];
    sum_of_squares += running[user] * running[user];
    running[user] = 0;
    ++ended[user];
    ++episodes;
  }
};

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
  EpisodeReturns returns;
  returns.wanted_per_user = (options_.episodes + num_users - 1) / num_users;
  const int together = policy.learns() ? session : num_users;
  for (int first = 0; first < num_users; first += together) {
    RECBOTS_RETURN_IF_ERROR(PlayUsers(policy, first, together, returns));
  }
  const auto episodes = static_cast<double>(returns.episodes);
  const double mean = returns.sum / episodes;
  const double variance = std::max(0.0, returns.sum_of_squares - episodes * mean * mean) / std::max(1.0, episodes - 1);
  return PolicyValue{mean, kQuantile95 * std::sqrt(variance / episodes), returns.episodes};
}

absl::Status Evaluator::PlayUsers(Policy& policy, int first_user, int num_users, EpisodeReturns& returns) const {
  const auto n = static_cast<size_t>(num_users);
  const std::unique_ptr<Environment> environment = scenario_.MakeEnvironment(
      num_users, FirstEvaluationStream(scenario_.spec().users_per_session) + static_cast<uint32_t>(first_user));
  StepBuffer step(scenario_.spec(), num_users);
  step.Reset(*environment);
  returns.Begin(num_users);
  const int64_t all = returns.episodes + returns.wanted_per_user * num_users;
  while (returns.episodes < all) {
    RECBOTS_RETURN_IF_ERROR(CheckStop(options_.should_stop));
    policy.Act({step.observation, environment->positions(), step.candidates},
               {absl::MakeSpan(step.slates), absl::MakeSpan(step.behaviour_probability)});
    RECBOTS_RETURN_IF_ERROR(StepAndObserve(*environment, policy, step));
    for (size_t i = 0; i < n; ++i) returns.Add(i, step.reward[i], (step.terminated[i] | step.truncated[i]) != 0);
    step.Advance();
  }
  return absl::OkStatus();
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
