// Environments at an address: recbots.v1.EnvironmentService over gRPC.
#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "actor/scenarios/external/options.h"
#include "actor/scenarios/external/program.h"

namespace recbots {

// For ExternalHooks::connect. A launcher waits for the address to answer, so that the environment may be started later
// than the role. There is no TLS and no token on this connection.
//   INVALID_ARGUMENT  no address: "address ..., want host:port or unix:/path"
absl::StatusOr<std::unique_ptr<ProgramLauncher>> ConnectToEnvironment(const ExternalOptions& options);

}  // namespace recbots
