// A shard, and the connection to it that its client keeps up.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

namespace recbots::replay {

struct ShardChannel {
  std::string address;
  std::shared_ptr<grpc::Channel> channel;
};

}  // namespace recbots::replay
