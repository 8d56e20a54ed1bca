// The state that all streams of one service share.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "replay/service/ack_timer.h"
#include "replay/service/parking_lot.h"
#include "replay/service/replay_service.h"
#include "replay/service/stream.h"
#include "replay/service/waiting_rows.h"
#include "replay/wire/slice_pool.h"

namespace recbots::replay {

// The place of a table, the streams that wait for the table, and the service's counters for it.
struct TableHub {
  static constexpr size_t kMaxFreeBytes = size_t{64} << 20;

  TableHub(const TablePlace* the_place, const WaitingRows::Options& waiting_options)
      : place(*the_place), start(Instant::Now()), pool(kMaxFreeBytes), waiting(waiting_options) {}

  // Every open stream has a table; without one, place.table() may be null.
  Table& table() const { return *place.table(); }

  void RaiseWeightsVersion(int64_t version) {
    int64_t newest = weights_version.load(std::memory_order_relaxed);
    while (newest < version && !weights_version.compare_exchange_weak(newest, version)) {
    }
  }

  const TablePlace& place;
  const Instant start;  // When the service of this table began.
  ParkingLot lot;
  SlicePool pool;  // For batches.
  WaitingRows waiting;
  std::atomic<int> writers{0};
  std::atomic<int> readers{0};  // Observers are not among them.
  std::atomic<int> observers{0};
  std::atomic<int64_t> observed_rows{0};
  std::atomic<int64_t> refused_blocks{0};
  std::atomic<int64_t> dead_writers{0};
  std::atomic<int64_t> weights_version{0};  // Newest version of any block.
};

// Thread-safe. The store must outlive the hub, and the hub the streams.
class StreamHub {
 public:
  StreamHub(Store* store, const ReplayServiceOptions& options);

  // NOT_FOUND: there is no table of that name; the message begins with `caller` and lists the tables that exist.
  absl::StatusOr<TableHub*> Find(absl::string_view caller, absl::string_view table) const;
  // In the order of the store.
  const std::vector<std::unique_ptr<TableHub>>& tables() const { return tables_; }
  Store& store() const { return store_; }
  Checkpointer* checkpointer() const { return options_.checkpointer; }
  bool allow_other_experiment() const { return options_.allow_other_experiment; }

  // Keeps the stream alive until Remove. Returns false if the service drains; the stream must then end at once.
  bool Add(std::shared_ptr<ServiceStream> stream) ABSL_LOCKS_EXCLUDED(mu_);
  std::shared_ptr<ServiceStream> Remove(ServiceStream* stream) ABSL_LOCKS_EXCLUDED(mu_);
  std::vector<std::shared_ptr<ServiceStream>> streams() const ABSL_LOCKS_EXCLUDED(mu_);
  // From now on Add returns false.
  void SetDraining() ABSL_LOCKS_EXCLUDED(mu_);
  bool draining() const ABSL_LOCKS_EXCLUDED(mu_);

  // A writer's share of the budget. The share is computed for the next power of two of the number of writers, so that
  // it changes rarely, because every change is sent to every writer.
  //
  // The learner has priority. Rows that writers have sent lie in front of the learner's next order, in buffers of the
  // kernel and of gRPC in which no message overtakes another. Therefore the budget is small as long as there is a
  // reader.
  int64_t window_bytes() const { return window_bytes_.load(std::memory_order_relaxed); }
  // Counts one writer or reader more (1) or less (-1). Returns true if window_bytes() has changed and AnnounceWindow is
  // due.
  bool CountWriter(int change) ABSL_LOCKS_EXCLUDED(mu_);
  bool CountReader(int change) ABSL_LOCKS_EXCLUDED(mu_);
  // Tells every stream the new window. Call it without locks.
  void AnnounceWindow();

  AckTimer& ack_timer() { return ack_timer_; }

  // True at most once a second; limits log lines that a peer can cause.
  bool MayLog();

 private:
  // Computes window_bytes() for the present number of writers and readers; returns whether it has changed.
  bool UpdateWindow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  Store& store_;
  const ReplayServiceOptions options_;
  std::vector<std::unique_ptr<TableHub>> tables_;
  std::atomic<int64_t> window_bytes_;
  std::atomic<int64_t> next_log_micros_{0};

  mutable Mutex mu_;
  int64_t writers_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t readers_ ABSL_GUARDED_BY(mu_) = 0;
  absl::flat_hash_map<ServiceStream*, std::shared_ptr<ServiceStream>> streams_ ABSL_GUARDED_BY(mu_);
  bool draining_ ABSL_GUARDED_BY(mu_) = false;

  AckTimer ack_timer_;
};

}  // namespace recbots::replay
