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

// Messages of at least this size should go through a bulk channel.
inline constexpr int64_t kBulkBytes = 512 << 10;

struct ChannelOptions {
  // True for channels that receive messages of kBulkBytes and more (large batches, weights): the channel uses large
  // frames and stream windows. False for smaller messages, such as acknowledgements and batches of 100 kB, which a bulk
  // channel slows down: without bandwidth probes gRPC 1.51 leaves the connection's window at 64 KiB, so that such a
  // message waits halfway.
  bool bulk = false;
  std::shared_ptr<const Security> security = {};  // nullptr: no TLS, no token.
  // Under TLS, the name that the peer's certificate must bear. Empty: the host in the address, or "localhost" for a
  // unix: address. Set it when the address is numeric because the caller has resolved the name itself.
  std::string server_name = {};
};

// Makes a channel with a connection of its own (gRPC would share one connection among channels with equal arguments).
// The name is resolved again after every failure, at most once a second; keepalive notices a dead connection within 20
// s; reconnecting waits 0.1 to 0.5 s. `address` is host:port or unix:/path.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address, const ChannelOptions& options = {});

// Waits for `delay` before the next call, or until the channel is connected, if that is sooner. This is more than a
// sleep: a channel that is not connected makes progress only while a thread waits on it; otherwise it notices late how
// its attempt to connect has ended.
void AwaitRetry(grpc::Channel& channel, absl::Duration delay);

// Waits until the peer's grpc.health.v1 says SERVING; if `address` is a list with commas, until all peers say so.
//   DEADLINE_EXCEEDED  a peer was not serving by the deadline; the message names the peer, the address and the last
//                      error
//   UNAUTHENTICATED    one side wants TLS that the other lacks, or does not trust the other's certificate
//   UNIMPLEMENTED      the server at the address is no recbots server
absl::Status AwaitServing(const std::string& peer_name, const std::string& address, Instant deadline,
                          std::shared_ptr<const Security> security = {});

}  // namespace recbots
