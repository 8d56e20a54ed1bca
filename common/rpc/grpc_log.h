// Routes gRPC's own log into ours.
#pragma once

namespace recbots {

// From now on, messages that gRPC logs (errors; more if GRPC_VERBOSITY says so) become lines of RECBOTS_LOG. Failed TLS
// handshakes are explained, with at most one line every 5 s, because a peer with wrong certificates tries again as long
// as it lives. Idempotent, thread-safe; servers and channels call this function.
void RouteGrpcLog();

}  // namespace recbots
