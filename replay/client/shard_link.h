// The link of a client to one shard, the same for writers and samplers. It knows where the shard is and whether it is
// connected, and decides what follows when a stream ends: another attempt (at which address, after how long) or giving
// up.
//
// The streams belong to the owner of the link. Not thread-safe: the owner guards the link.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/wait_board.h"
#include "common/rpc/channel.h"
#include "common/rpc/retry.h"
#include "replay/client/address_resolver.h"
#include "replay/client/connection_monitor.h"

namespace recbots::replay {

class ShardLink {
 public:
  struct Options {
    RetryOptions retry = {};                            // Without give_up_after: ConnectionMonitor has it.
    absl::Duration connect_timeout = absl::Seconds(3);  // For one attempt.
    ChannelOptions channel = {};                        // Without server_name: the address has it.
    Clock* clock = &Clock::Real();
  };
  // `connections`, which all shards share, outlives the link.
  ShardLink(const Options& options, ConnectionMonitor* connections, const ShardAddress& address);

  // Where the newest stream went. If no move is due, the next one goes there, too.
  const ShardAddress& address() const { return address_; }
  // Where the next stream will go.
  const std::string& target() const { return next_.has_value() ? next_->target : address_.target; }
  const std::shared_ptr<grpc::Channel>& channel();

  // Makes the next stream go to `address`. Without effect while connected.
  void MoveTo(const ShardAddress& address);
  // Whether a move is due. Arrive carries it out; call it between two streams.
  bool moving() const { return next_.has_value(); }
  void Arrive();
  // Moves at once; call it between two streams.
  void GoTo(const ShardAddress& address);

  // Waits until answered() is true. `mu` is held when it is evaluated.
  //   DEADLINE_EXCEEDED  it was not true within connect_timeout
  template <typename Condition>
  absl::Status AwaitAnswer(Mutex& mu, const Condition& answered) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    if (answered()) return absl::OkStatus();
    const Instant deadline = Instant::Now() + options_.connect_timeout;
    const ScopedWait wait(
        options_.retry.waits,
        {.thing = "an answer of replay", .peer = address_.target, .deadline = deadline, .kind = WaitKind::kBackground});
    return mu.AwaitUntil(answered, deadline) ? absl::OkStatus() : NoAnswer();
  }
  // A server answered: the next failure counts as the first one.
  void Answered() { retry_->Succeeded(); }
  // Connected: from now on the stream can be used. Disconnected: it has ended.
  void Connected();
  void Disconnected();
  bool connected() const { return connected_; }

  // A stream ended because of `reason`. Returns the time to wait before the next one, or a final error:
  //   the reason itself  another attempt would fail in the same way
  //   DEADLINE_EXCEEDED  no shard has been connected for too long
  absl::StatusOr<absl::Duration> Failed(const absl::Status& reason);

 private:
  absl::Status NoAnswer() const;

  const Options options_;
  ConnectionMonitor& connections_;
  ShardAddress address_;
  std::optional<ShardAddress> next_;
  std::shared_ptr<grpc::Channel> channel_;  // To address_; made when it is first needed.
  std::optional<PeerRetry> retry_;          // For address_.
  bool connected_ = false;
};

}  // namespace recbots::replay
