// The shape of SlateQ that a configuration asks for.
#pragma once

#include "absl/status/statusor.h"
#include "common/algorithms/slate_q/shape.h"
#include "common/rl/spec.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// INVALID_ARGUMENT: settings that do not fit the environment (no click in its responses, affinities of features that
// users do not have, a choice model with several clicks, k out of range); names field, value and bound.
absl::StatusOr<SlateQShape> MakeSlateQShape(const v1::SlateQConfig& config, const EnvironmentSpec& spec,
                                            const v1::NetworkConfig& network = {});

}  // namespace recbots
