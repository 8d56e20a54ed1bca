// Which index and which random streams belong to which worker, so that no two live ones ever share any, also when
// streams break and learners are restarted.
//
// An index chooses an actor's share of exploration. It belongs to its worker while a stream of the worker is open, and
// for keep_index after the last one broke; a worker that comes back states the index that it had. After a restart the
// learner does not know who has which index: then new actors wait (veterans_first) until those of before are back.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/instant.h"
#include "learner/run/stream_ledger.h"
#include "recbots/v1/weights.pb.h"

namespace recbots {

struct WorkerPlacesOptions {
  // Whether the process with this instance has said goodbye, or is lost (MemberTable::Gone): its index is free at once.
  // It must be thread-safe. nullptr: not known.
  std::function<bool(uint64_t instance)> gone = nullptr;
  // After the last stream of a worker broke, its index is kept for it for this long.
  absl::Duration keep_index = absl::Seconds(10);
  // If streams were given away before this process began, actors that ask for their first streams get nothing for this
  // long.
  absl::Duration veterans_first = absl::Seconds(1.5);
};

// What a new actor gets.
struct WorkerPlace {
  int index = 0;
  int64_t first_stream = 0;
};

// Not thread-safe: the service guards it.
class WorkerPlaces {
 public:
  // `ledger` and `clock` must outlive this.
  WorkerPlaces(const WorkerPlacesOptions& options, StreamLedger& ledger, Clock& clock = Clock::Real());

  // A stream of a worker begins: gives it the index that it `had`, if that is free, otherwise the smallest free one.
  // `instance` tells processes apart; 0: of an older version, for which nothing is kept.
  int Take(v1::WorkerRole role, uint64_t instance, std::optional<int> had);
  // The stream that took the index has ended.
  void Release(v1::WorkerRole role, uint64_t instance, int index);

  // Takes an index and streams for a new actor; nullopt: not yet, because the ledger is not open, or actors of before
  // may still come back.
  std::optional<WorkerPlace> Admit(v1::WorkerRole role, uint64_t instance, const std::string& name,
                                   int64_t num_streams);

  // FAILED_PRECONDITION: streams that the worker has were given to another one by this process, which did not know of
  // them.
  absl::Status CheckStreams(const v1::WatchRequest& request) const;

 private:
  struct Held {
    uint64_t instance;
    int streams;  // Open ones: a process may have a second one before its first one is noticed to be broken.
  };
  struct Kept {
    uint64_t instance;
    Instant until;
  };
  struct Given {
    int64_t count;
    uint64_t instance;
    std::string name;
  };
  using Place = std::pair<v1::WorkerRole, int>;

  bool IsFree(const Place& place, uint64_t instance) const;

  const WorkerPlacesOptions options_;
  StreamLedger& ledger_;
  Clock& clock_;
  const Instant start_;
  std::map<Place, Held> held_;
  std::map<Place, Kept> kept_;
  std::map<int64_t, Given> given_;  // By the first of the streams; the newest kMaxGiven.
};

}  // namespace recbots
