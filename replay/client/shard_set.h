// Decides for writers and samplers which shards they should have, given the listed addresses and where their shards are
// now. A shard that is not connected and whose address is no longer listed is an orphan: it takes over an address that
// no shard has, or is dropped if there is none for a while.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "common/base/instant.h"
#include "replay/client/address_resolver.h"

namespace recbots::replay {

// What to do. Shards are named by their index in the list of members.
struct ShardChanges {
  std::vector<std::pair<size_t, ShardAddress>> moved;  // Orphans that take over an address.
  std::vector<size_t> gone;                            // Orphans for at least kGrace.
  std::vector<size_t> spare;                           // At the same address as an earlier member.
  std::vector<ShardAddress> added;                     // Addresses that need a new shard.
};

// Plain bookkeeping: knows no network and no clock. Not thread-safe.
class ShardSet {
 public:
  // How long an orphan is kept, as its address may come back.
  static constexpr absl::Duration kGrace = absl::Seconds(10);

  struct Member {
    std::string target;
    bool connected = false;
  };
  // `listed` has the addresses there are now, each once. A shard that is gone and that the caller keeps is named again
  // by the next call.
  ShardChanges Update(const std::vector<ShardAddress>& listed, const std::vector<Member>& members, Instant now);

 private:
  std::map<std::string, Instant> gone_since_;  // By the addresses of orphans.
};

}  // namespace recbots::replay
