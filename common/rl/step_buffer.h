// Owns the columns with which a batch of users is stepped.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "common/rl/environment.h"

namespace recbots {

// Policies choose slates for `observation` and `candidates`. A step leaves these two unchanged and writes the ones that
// follow into other columns; Advance then makes those the current ones. Not thread-safe.
struct StepBuffer {
  StepBuffer(const EnvironmentSpec& spec, int num_users) {
    const auto users = static_cast<size_t>(num_users);
    const auto slate = users * static_cast<size_t>(spec.slate_size);
    observation.resize(users * static_cast<size_t>(spec.num_user_features));
    candidates.resize(users * static_cast<size_t>(spec.num_candidates) *
                      static_cast<size_t>(spec.num_candidate_features));
    next_observation = following_observation = observation;
    next_candidates = following_candidates = candidates;
    slates.resize(slate);
    position_probability.resize(slate);
    prefix_probability.resize(slate);
    behaviour_probability.resize(users);
    response.resize(slate * spec.response_fields.size());
    reward.resize(users);
    terminated.resize(users);
    truncated.resize(users);
    active.assign(users, 1);
  }

  void Reset(Environment& environment) { environment.Reset(absl::MakeSpan(observation), absl::MakeSpan(candidates)); }

  // Shows `slates` to the users. Errors are those of Environment::Step.
  absl::Status Step(Environment& environment) { return environment.Step(slates, columns()); }

  StepColumns columns() {
    return {absl::MakeSpan(response),
            absl::MakeSpan(reward),
            absl::MakeSpan(terminated),
            absl::MakeSpan(truncated),
            absl::MakeSpan(next_observation),
            absl::MakeSpan(following_observation),
            absl::MakeSpan(next_candidates),
            absl::MakeSpan(following_candidates),
            absl::MakeSpan(active)};
  }

  void Advance() {
    std::swap(observation, following_observation);
    std::swap(candidates, following_candidates);
  }

  // Transfers what the next step begins with; everything else is written by each step.
  void TransferState(StateArchive& archive) {
    archive.Values("observation", observation);
    archive.Values("candidate features", candidates);
  }

  std::vector<float> observation, candidates;                      // [B, U], [B, N, D]: now
  std::vector<float> next_observation, next_candidates;            // What the step led to.
  std::vector<float> following_observation, following_candidates;  // What the policy sees next.
  std::vector<int32_t> slates;                                     // [B, K]
  std::vector<float> behaviour_probability, position_probability;  // [B], [B, K]
  std::vector<float> prefix_probability;                           // [B, K]
  std::vector<float> response, reward;                             // [B, K, R], [B]
  std::vector<uint8_t> terminated, truncated, active;              // [B]
};

}  // namespace recbots
