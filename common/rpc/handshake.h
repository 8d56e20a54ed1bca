// Explains connections that fail before their first call to the person who has set them up.
//
// In gRPC 1.51 only the text of an error tells such connections apart: a failed handshake is UNAVAILABLE, like a server
// that is away, and would be tried again for ever. This is the one place that reads these texts;
// tests/common/rpc/security_test.cc compares them with what gRPC says.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace recbots {

// What the failed TLS handshake in `text` means and which flags mend it; empty if `text` reports no failed handshake.
absl::string_view ExplainHandshake(absl::string_view text);

// If `status` says that no connection could be made for a call, returns
//   UNAUTHENTICATED  for a TLS handshake that will fail at every attempt; with the explanation
//   UNAVAILABLE      as before, with an explanation: the peer takes connections and closes them (it wants TLS or
//                    another certificate, or is just going down), or the attempt to connect ran out of time
// Returns any other status unchanged.
absl::Status ExplainConnection(const absl::Status& status);

}  // namespace recbots
