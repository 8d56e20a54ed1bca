#include "actor/loop/evaluator.h"

#include <algorithm>
#include <cmath>

#include "actor/loop/streams.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/policies/feedback.h"
#include "common/rl/step_buffer.h"

namespace recbots {
namespace {

// Standard normal quantile of a two-sided 95 % interval.
constexpr double kQuantile95 = 1.959963984540054;

// Returns of the first episodes of each user. Every user plays the same number of episodes to their end: stopping at
// the first n that end would favour short ones.
struct EpisodeReturns {
  int64_t wanted_per_user = 0;
  std::vector<double> running;
  std::vector<int64_t> ended;
  int64_t episodes = 0;
  double sum = 0;
  double sum_of_squares = 0;

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

}  // namespace

Evaluator::Evaluator(const Scenario& scenario, const EvaluatorOptions& options)
    : scenario_(scenario), options_(options) {}

absl::StatusOr<PolicyValue> Evaluator::Evaluate(Policy& policy) const {
  const bool solvable = options_.exact && !scenario_.AllObservations().empty();
  return solvable ? Solve(policy) : Play(policy);
}

absl::StatusOr<PolicyValue> Evaluator::Solve(Policy& policy) const {
  const absl::Span<const float> observations = scenario_.AllObservations();
  const size_t states = observations.size() / static_cast<size_t>(scenario_.spec().num_user_features);
  std::vector<int32_t> slates(states * static_cast<size_t>(scenario_.spec().slate_size));
  std::vector<float> probability(states);
  std::vector<StreamPosition> positions(states);
  policy.Act({observations, positions}, {absl::MakeSpan(slates), absl::MakeSpan(probability)});
  RECBOTS_ASSIGN_OR_RETURN(const double value, scenario_.ExactValue(slates));
  return PolicyValue{value, 0, 0};
}

absl::StatusOr<PolicyValue> Evaluator::Play(Policy& policy) const {
  // Whole sessions.
  const int64_t session = scenario_.spec().users_per_session;
  const int64_t wanted = std::min<int64_t>(options_.users, options_.episodes);
  const int num_users = static_cast<int>((wanted + session - 1) / session * session);
  const auto n = static_cast<size_t>(num_users);
  const std::unique_ptr<Environment> environment =
      scenario_.MakeEnvironment(num_users, FirstEvaluationStream(static_cast<int>(session)));
  StepBuffer step(scenario_.spec(), num_users);
  EpisodeReturns returns{(options_.episodes + num_users - 1) / num_users, std::vector<double>(n),
                         std::vector<int64_t>(n)};
  step.Reset(*environment);
  while (returns.episodes < returns.wanted_per_user * num_users) {
    policy.Act({step.observation, environment->positions(), step.candidates},
               {absl::MakeSpan(step.slates), absl::MakeSpan(step.behaviour_probability)});
    RECBOTS_RETURN_IF_ERROR(step.Step(*environment));
    policy.Observe(FeedbackOf(step));
    for (size_t i = 0; i < n; ++i) returns.Add(i, step.reward[i], (step.terminated[i] | step.truncated[i]) != 0);
    step.Advance();
  }
  const auto episodes = static_cast<double>(returns.episodes);
  const double mean = returns.sum / episodes;
  const double variance = std::max(0.0, returns.sum_of_squares - episodes * mean * mean) / std::max(1.0, episodes - 1);
  return PolicyValue{mean, kQuantile95 * std::sqrt(variance / episodes), returns.episodes};
}

absl::StatusOr<PolicyValue> Evaluator::EvaluateRandom() const {
  if (options_.exact && scenario_.RandomValue().has_value()) return PolicyValue{*scenario_.RandomValue(), 0, 0};
  std::vector<ReferencePolicy> references = scenario_.MakeReferencePolicies();
  RECBOTS_CHECK(!references.empty() && references.front().name == "random");
  return Play(*references.front().policy);
}

absl::StatusOr<std::optional<PolicyValue>> Evaluator::EvaluateOptimum() const {
  if (options_.exact && scenario_.OptimalValue().has_value()) return PolicyValue{*scenario_.OptimalValue(), 0, 0};
  std::vector<ReferencePolicy> references = scenario_.MakeReferencePolicies();
  if (references.empty() || references.back().name != "optimal") return std::nullopt;
  RECBOTS_ASSIGN_OR_RETURN(const PolicyValue value, Play(*references.back().policy));
  return value;
}

}  // namespace recbots
