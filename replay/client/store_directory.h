// Remembers which store answers at which address, as far as the shard writers of one ReplayWriter know.
//
// A store is a set of tables with its checkpoints. When its server is restarted, a store keeps its id, but perhaps not
// its address. Only the writer's own store knows its sequence, and perhaps its durable rows: when another store
// answers, the writer therefore looks for its own at the other addresses.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/base/mutex.h"
#include "replay/client/address_resolver.h"

namespace recbots::replay {

// Thread-safe: its mutex is always the last to be locked.
class StoreDirectory {
 public:
  // Replaces the list of addresses.
  void SetAddresses(const std::vector<ShardAddress>& addresses) ABSL_LOCKS_EXCLUDED(mu_);
  // Store `store_id` answers at `target`; 0: no writer is connected there any more.
  void Note(const std::string& target, uint64_t store_id) ABSL_LOCKS_EXCLUDED(mu_);
  // The listed address where `store_id` is known to be, or else one where no store is known to be. Addresses in `tried`
  // are left out.
  std::optional<ShardAddress> Candidate(uint64_t store_id, const std::set<std::string>& tried) const
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Entry {
    ShardAddress address;
    bool listed = false;
    uint64_t store_id = 0;
  };
  // Whether nothing is known of the address, so that its entry can go.
  static bool IsBlank(const Entry& entry) { return !entry.listed && entry.store_id == 0; }

  mutable Mutex mu_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots::replay
