#include "actor/scenarios/known_q/model.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "actor/scenarios/known_q/exact_values.h"

namespace recbots {
namespace {

constexpr size_t kStates = kKnownQStates;

EnvironmentSpec SpecOf(const KnownQOptions& options) {
  EnvironmentSpec spec;
  spec.name = "known_q";
  spec.num_user_features = kKnownQStates;
  spec.num_candidates = options.num_candidates;
  spec.slate_size = options.slate_size;
  spec.response_fields = {"click", "reward"};
  spec.fixed_catalogue = true;
  spec.min_reward = -10;
  spec.max_reward = 5;
  spec.max_episode_steps = options.max_episode_steps;
  return spec;
}

double MeanOf(const std::vector<double>& distribution, const KnownQStateValues& values) {
  double mean = 0;
  for (size_t s = 0; s < kStates; ++s) mean += distribution[s] * values[s];
  return mean;
}

}  // namespace

KnownQModel::KnownQModel(const Options& options) : options_(options), spec_(SpecOf(options_)) {
  double sum = 0;
  size_t last = 0;
  for (size_t s = 0; s < kStates; ++s) {
    sum += options_.start_distribution[s];
    cumulative_start_[s] = sum;
    if (options_.start_distribution[s] > 0) last = s;
  }
  std::fill(cumulative_start_.begin() + static_cast<std::ptrdiff_t>(last), cumulative_start_.end(), 1.0);
}

std::optional<double> KnownQModel::OptimalValue() const {
  return MeanOf(options_.start_distribution, SolveKnownQHorizon(options_.max_episode_steps).v);
}

std::optional<double> KnownQModel::RandomValue() const {
  KnownQTable policy{};
  for (auto& row : policy) {
    for (int32_t i = 0; i < options_.num_candidates; ++i) {
      row[static_cast<size_t>(KnownQAction(i))] += 1.0 / options_.num_candidates;
    }
  }
  return MeanOf(options_.start_distribution, KnownQPolicyValues(policy, options_.max_episode_steps));
}

std::vector<float> KnownQModel::AllObservations() const {
  std::vector<float> observations(kStates * kStates, 0.0f);
  for (size_t s = 0; s < kStates; ++s) observations[s * kStates + s] = 1.0f;
  return observations;
}

absl::StatusOr<double> KnownQModel::ExactValue(absl::Span<const int32_t> slates) const {
  const auto slate_size = static_cast<size_t>(options_.slate_size);
  if (slates.size() != kStates * slate_size) {
    return absl::InvalidArgumentError(
        absl::StrCat("exact value: ", slates.size(), " positions, want ", kStates * slate_size));
  }
  KnownQTable policy{};
  for (size_t s = 0; s < kStates; ++s) {
    for (size_t i = 0; i < slate_size; ++i) {
      const int32_t position = slates[s * slate_size + i];
      if ((position >= 0 && position < options_.num_candidates) || (i > 0 && position == kNoItem)) continue;
      return absl::InvalidArgumentError(absl::StrCat("exact value: slate of state ", s, " names position ", position,
                                                     ", want 0..", options_.num_candidates - 1));
    }
    policy[s][static_cast<size_t>(KnownQAction(slates[s * slate_size]))] = 1;
  }
  return MeanOf(options_.start_distribution, KnownQPolicyValues(policy, options_.max_episode_steps));
}

}  // namespace recbots
