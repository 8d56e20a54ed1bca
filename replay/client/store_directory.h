// Which store answers at which address, as far as the shard writers of one ReplayWriter know.
//
// A store is a set of tables with its checkpoints; it keeps its id when its server is restarted, but not its address. A
// writer that is known to one store (which has its sequence, and perhaps its durable rows) therefore looks for it at
// the other addresses when somebody else answers.
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

// Thread-safe; a leaf among locks.
class StoreDirectory {
 public:
  // The addresses there are now.
  void SetAddresses(const std::vector<ShardAddress>& addresses) ABSL_LOCKS_EXCLUDED(mu_);
  // That store answers there; 0: nobody is connected there any more.
  void Note(const std::string& target, uint64_t store_id) ABSL_LOCKS_EXCLUDED(mu_);
  // Where `store_id` may be, `tried` left out: where it is known to be, else where nobody else is known to be.
  std::optional<ShardAddress> Candidate(uint64_t store_id, const std::set<std::string>& tried) const
      ABSL_LOCKS_EXCLUDED(mu_);

 private:
  struct Entry {
    ShardAddress address;
    bool listed = false;
    uint64_t store_id = 0;
  };
  // Nothing is known of it.
  static bool IsBlank(const Entry& entry) { return !entry.listed && entry.store_id == 0; }

  mutable Mutex mu_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots::replay
