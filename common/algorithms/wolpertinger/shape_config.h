// The shape of Wolpertinger that a configuration asks for.
#pragma once

#include "absl/status/statusor.h"
#include "common/algorithms/wolpertinger/shape.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// INVALID_ARGUMENT: as CheckShape, or an environment that Wolpertinger cannot play: it wants slates of one item from a
// fixed catalogue.
absl::StatusOr<WolpertingerShape> MakeShape(const v1::WolpertingerConfig& config, const EnvironmentSpec& spec,
                                            const v1::NetworkConfig& network = {});

}  // namespace recbots
