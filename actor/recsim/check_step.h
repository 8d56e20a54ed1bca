// What Environment::Step and ResetSome refuse.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/rl/environment.h"

namespace recbots {

// INVALID_ARGUMENT: a column of the wrong length for `num_users` users; names it, its length and the one wanted.
absl::Status CheckColumns(const EnvironmentSpec& spec, size_t num_users, const StepColumns& out);

// The same for Environment::ResetSome: lengths of its columns.
absl::Status CheckReset(const EnvironmentSpec& spec, size_t num_users, size_t observation, size_t candidates);

// INVALID_ARGUMENT: a slate that breaks the rules of Environment; names the user, the position and the bound. K^2 small
// operations per user, without branches as long as all slates are good.
absl::Status CheckSlates(const EnvironmentSpec& spec, size_t num_users, absl::Span<const int32_t> slates);

// INVALID_ARGUMENT: a `mask` (of that name) that has not one element per user, or differs within a session.
absl::Status CheckMask(const EnvironmentSpec& spec, size_t num_users, absl::string_view name,
                       absl::Span<const uint8_t> mask);

}  // namespace recbots
