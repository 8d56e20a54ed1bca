#include "replay/client/shard_link.h"

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"

namespace recbots::replay {

ShardLink::ShardLink(const Options& options, ConnectionMonitor* connections, const ShardAddress& address)
    : options_(options), connections_(*connections) {
  GoTo(address);
}

const std::shared_ptr<grpc::Channel>& ShardLink::channel() {
  if (channel_ == nullptr) {
    ChannelOptions channel = options_.channel;
    channel.server_name = address_.server_name;
    channel_ = MakeChannel(address_.target, channel);
  }
  return channel_;
}

void ShardLink::MoveTo(const ShardAddress& address) {
  if (!connected_) next_ = address;
}

void ShardLink::Arrive() {
  if (next_.has_value()) GoTo(*std::exchange(next_, std::nullopt));
}

void ShardLink::GoTo(const ShardAddress& address) {
  if (retry_.has_value() && address == address_) return;
  address_ = address;
  channel_ = nullptr;
  RetryOptions retry = options_.retry;
  retry.give_up_after = absl::InfiniteDuration();  // ConnectionMonitor decides, for all shards together.
  retry_.emplace("replay", address.target, retry, options_.clock);
}

void ShardLink::Connected() {
  connected_ = true;
  connections_.Connected();
}

void ShardLink::Disconnected() {
  connected_ = false;
  connections_.Disconnected();
}

absl::StatusOr<absl::Duration> ShardLink::Failed(const absl::Status& reason) {
  RECBOTS_ASSIGN_OR_RETURN(const absl::Duration delay, retry_->Failed(reason));
  RECBOTS_RETURN_IF_ERROR(connections_.CheckAway(address_.target, reason));
  return delay;
}

absl::Status ShardLink::NoAnswer() const {
  return absl::DeadlineExceededError(absl::StrCat("no answer within ", absl::FormatDuration(options_.connect_timeout)));
}

}  // namespace recbots::replay
