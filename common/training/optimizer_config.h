// What the configuration says of optimisers (proto/recbots/v1/config.proto) as plain values.
#pragma once

#include "common/training/optimizer.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// Of ranges and rules that validation has passed (common/config).
OptimizerOptions MakeOptimizerOptions(const v1::OptimizerConfig& config);

}  // namespace recbots
