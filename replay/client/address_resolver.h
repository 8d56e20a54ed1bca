// Turns the addresses that a person writes into shards: every IP address that a name stands for is one shard.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace recbots::replay {

struct ShardAddress {
  // host:port in numbers, or unix:/path: what a channel connects to, and what tells shards apart.
  std::string target = {};
  // The name that was looked up, which the server's certificate has to show; empty: the host in `target`.
  std::string server_name = {};

  friend bool operator==(const ShardAddress&, const ShardAddress&) = default;
};

struct Resolution {
  std::vector<ShardAddress> shards = {};  // In the order written; each once; at most kMaxShards.
  absl::Status status = {};               // The first name that was not found, and why; or more than kMaxShards.
};

// Used by one thread.
class AddressResolver {
 public:
  virtual ~AddressResolver() = default;
  // May take as long as the resolver of the system does (seconds, when name servers are away).
  virtual Resolution Resolve() = 0;
  // True if the answer never changes and costs nothing.
  virtual bool constant() const = 0;
};

// Resolves a list of host:port and unix:/path, separated by commas. If a later look-up of a name fails, its last answer
// stays. If a name has IPv4 and IPv6 addresses, only the former are used, and a name whose addresses are all of this
// machine (localhost) is one shard: otherwise one server would count twice.
//   INVALID_ARGUMENT  the list is empty or malformed
absl::StatusOr<std::unique_ptr<AddressResolver>> MakeAddressResolver(const std::string& addresses);

}  // namespace recbots::replay
