// absl::Status <-> grpc::Status, the one place.
#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace recbots {

// The codes are the same numbers on both sides; messages are kept. Except that connections which no retry will mend
// are told apart and explained (handshake.h).
grpc::Status ToGrpcStatus(const absl::Status& status);
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace recbots
