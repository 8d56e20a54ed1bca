// gRPC's own log in ours.
#pragma once

namespace recbots {

// From now on what gRPC logs (errors; more with its GRPC_VERBOSITY) becomes lines of RECBOTS_LOG. A TLS handshake that
// fails is explained, and is worth a line every 5 s: a peer with wrong certificates tries for as long as it lives.
// Idempotent, thread-safe; servers and channels call it.
void RouteGrpcLog();

}  // namespace recbots
