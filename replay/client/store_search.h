// Knows the store that a shard writer's rows belong to, and where to look for it when another store answers at its
// address, or none does. A search that finds nothing ends after a while: then the rows may go to any store.
//
// Plain bookkeeping: knows no network. Not thread-safe: ShardWriter guards it.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/instant.h"
#include "replay/client/address_resolver.h"
#include "replay/client/store_directory.h"

namespace recbots::replay {

class StoreSearch {
 public:
  // How long the store is looked for while some addresses do not answer.
  static constexpr absl::Duration kSearchFor = absl::Seconds(10);

  // `pause` is the time between two rounds of a search. The directory and the clock outlive this.
  StoreSearch(StoreDirectory* directory, absl::Duration pause, Clock* clock = &Clock::Real())
      : directory_(*directory), pause_(pause), clock_(*clock) {}

  // A store answered. True: the rows belong to it (from now on, if they had no store yet), and a search is over.
  bool Answered(const std::string& target, uint64_t store_id);
  // The stream to `target` ended.
  void Left(const std::string& target) { directory_.Note(target, 0); }

  bool active() const { return since_ != Instant::InfiniteFuture(); }
  struct Step {
    std::optional<ShardAddress> address = {};  // Where to look next; none: at the same address.
    absl::Duration delay = {};                 // How long to wait before.
    bool given_up = false;                     // The store was not found: from now on any other will do.
  };
  // Begins or continues a search: the store was not at `at`. `answered`: another store was there; otherwise none was.
  Step Next(const ShardAddress& at, bool answered);

 private:
  void End();

  StoreDirectory& directory_;
  const absl::Duration pause_;
  Clock& clock_;
  uint64_t store_id_ = 0;  // The store of the rows; 0: any store will do.
  Instant since_ = Instant::InfiniteFuture();
  ShardAddress from_;
  std::set<std::string> tried_;   // Addresses where another store answered.
  std::set<std::string> failed_;  // Addresses where none answered in this round.
};

}  // namespace recbots::replay
