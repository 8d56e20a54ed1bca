// What a connection that fails before its first call means for the person who set it up.
//
// gRPC 1.51 has only texts for it: a failed handshake is UNAVAILABLE like a server that is away, and would be tried
// again for ever. This is the one place that reads those texts; tests/common/rpc/security_test.cc holds them to what
// gRPC says.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace recbots {

// What a failed TLS handshake means and which flags mend it; empty when `text` reports none.
absl::string_view ExplainHandshake(absl::string_view text);

// Statuses of calls that no connection could be made for become
//   UNAUTHENTICATED  a TLS handshake that fails whenever it is tried; with the explanation
//   UNAVAILABLE      as before, but explained: the peer takes connections and closes them (it wants TLS or another
//                    certificate, or is just going down), or the attempt to connect ran out of time
// All others stay as they are.
absl::Status ExplainConnection(const absl::Status& status);

}  // namespace recbots
