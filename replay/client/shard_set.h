// Which shards a client should have, given the addresses there are and where its shards are now: writers and samplers
// ask the same. A shard whose address is gone, and that is not connected, is an orphan: it takes over an address that
// no shard has, or is dropped when none came up for a while.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/instant.h"
#include "replay/client/address_resolver.h"

namespace recbots::replay {

// What to do, shards by their place in the list of members.
struct ShardChanges {
  std::vector<std::pair<size_t, ShardAddress>> moved;  // Orphans that take over an address.
  std::vector<size_t> gone;                            // Orphans for longer than kGrace.
  std::vector<size_t> spare;                           // At an address that a member before has as well.
  std::vector<ShardAddress> added;                     // Addresses that want a new shard.
};

// Plain bookkeeping: knows no network and no clock. Not thread-safe.
class ShardSet {
 public:
  // How long the shard of an address that is gone may yet come back.
  static constexpr absl::Duration kGrace = absl::Seconds(10);

  struct Member {
    std::string target;
    bool connected = false;
  };
  // `listed`: the addresses there are now, each once. Who cannot drop a shard that is gone is told again next time.
  ShardChanges Update(const std::vector<ShardAddress>& listed, const std::vector<Member>& members, Instant now);

 private:
  std::map<std::string, Instant> gone_since_;  // Addresses of orphans.
};

}  // namespace recbots::replay
