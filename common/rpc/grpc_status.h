// The one place that converts between absl::Status and grpc::Status.
#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace recbots {

// Codes have the same numbers on both sides, and messages are kept. There is one exception: FromGrpcStatus explains
// connections that fail in a way that no retry will mend (handshake.h).
grpc::Status ToGrpcStatus(const absl::Status& status);
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace recbots
