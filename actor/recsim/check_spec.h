// What a model's spec must be for environments to be made from it.
#pragma once

#include "absl/status/status.h"
#include "common/rl/spec.h"

namespace recbots {

inline constexpr int kMaxUsersPerSession = 256;

// INVALID_ARGUMENT: a slate longer than the candidates, users_per_session outside 1..kMaxUsersPerSession, ...; names
// field, value and bound.
absl::Status CheckSpec(const EnvironmentSpec& spec);

}  // namespace recbots
