// The link of a client to one shard, the same for writers and samplers: where the shard is, whether it is connected,
// and what follows when a stream ends: another attempt, at which address and after how long, or the end of all
// attempts.
//
// The streams themselves belong to the owner. Not thread-safe: the owner guards the link.
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
#include "common/base/mutex.h"
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
    ChannelOptions channel = {};                        // The address gives the server's name.
    Clock* clock = &Clock::Real();
  };
  // `connections`, which all shards share, outlives the link.
  ShardLink(const Options& options, ConnectionMonitor* connections, const ShardAddress& address);

  // Where the newest stream went, or the next one will go if no move is due.
  const ShardAddress& address() const { return address_; }
  // Where the shard is looked for from the next stream on.
  const std::string& target() const { return next_.has_value() ? next_->target : address_.target; }
  const std::shared_ptr<grpc::Channel>& channel();

  // The next stream shall go to `address`. Without effect while connected.
  void MoveTo(const ShardAddress& address);
  // A move is due. Arrive carries it out, between two streams.
  bool moving() const { return next_.has_value(); }
  void Arrive();
  // Moves at once, between two streams.
  void GoTo(const ShardAddress& address);

  // Waits with `mu` held until answered() holds.
  //   DEADLINE_EXCEEDED  it did not within connect_timeout
  template <typename Condition>
  absl::Status AwaitAnswer(Mutex& mu, const Condition& answered) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return mu.AwaitFor(answered, options_.connect_timeout) ? absl::OkStatus() : NoAnswer();
  }
  // A server answered: the next failure is the first of a row.
  void Answered() { retry_->Succeeded(); }
  // The stream is of use from now on; until it ended.
  void Connected();
  void Disconnected();
  bool connected() const { return connected_; }

  // A stream ended, for that reason: the time to wait before the next one, or the error that is final:
  //   the reason itself  another attempt would fail in the same way
  //   DEADLINE_EXCEEDED  all shards were away for too long
  absl::StatusOr<absl::Duration> Failed(const absl::Status& reason);

 private:
  absl::Status NoAnswer() const;

  const Options options_;
  ConnectionMonitor& connections_;
  ShardAddress address_;
  std::optional<ShardAddress> next_;
  std::shared_ptr<grpc::Channel> channel_;  // To address_; made when it is first wanted.
  std::optional<PeerRetry> retry_;          // Of address_.
  bool connected_ = false;
};

}  // namespace recbots::replay
