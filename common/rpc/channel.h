// Client channels that find a restarted peer again.
#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/rpc/security.h"

namespace recbots {

// Messages of this size and more had better go through a bulk channel.
inline constexpr int64_t kBulkBytes = 512 << 10;

struct ChannelOptions {
  // True for channels on which messages of kBulkBytes and more come in (large batches, weights): large frames and
  // stream windows. False for smaller ones, such as acknowledgements and batches of 100 kB, which get slower with them:
  // without probes of the bandwidth gRPC 1.51 leaves the connection's window at 64 KiB, and each waits in the middle.
  bool bulk = false;
  std::shared_ptr<const Security> security = {};  // nullptr: none.
  // Under TLS, the name that the peer's certificate has to bear. Empty: the host of the address, "localhost" for a
  // unix: one. Who resolves names itself and connects to numbers gives the name here.
  std::string server_name = {};
};

// A channel of its own (channels with equal arguments would share one connection). Names are resolved again after every
// failure, at most once a second; a dead connection is noticed by keepalive within 20 s; reconnection waits 0.1 to 0.5
// s. `address` is host:port or unix:/path.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address, const ChannelOptions& options = {});

// Waits for `delay` before the next call, less when the channel gets connected meanwhile. Not a sleep: a channel that
// is not connected makes progress only while somebody waits on it, and otherwise notices late what became of its
// attempt.
void AwaitRetry(grpc::Channel& channel, absl::Duration delay);

// Waits until grpc.health.v1 of the peer says SERVING; of each, when `address` is a list with commas.
//   DEADLINE_EXCEEDED  not until then; the message names the peer, the address and the last error
//   UNAUTHENTICATED    one side wants TLS that the other lacks, or does not trust the other's certificate
//   UNIMPLEMENTED      something else listens there
absl::Status AwaitServing(const std::string& peer_name, const std::string& address, Instant deadline,
                          std::shared_ptr<const Security> security = {});

}  // namespace recbots
