// ReplayService (proto/recbots/v1/replay.proto) over a Store: translates, and holds no logic of storage.
//
// No reaction ever waits (parking_lot.h). Streams that wait when the server stops are cancelled by it and end. Order of
// shutdown: Drain(), RpcServer::Stop(), this object, the checkpointer, the store.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/rpc/rpc_call.h"
#include "common/rpc/security.h"
#include "recbots/v1/replay.pb.h"
#include "replay/checkpoint/checkpointer.h"
#include "replay/table/store.h"

namespace recbots::replay {

struct ReplayServiceOptions {
  // Bytes of rows a writer may have unacknowledged. Larger: more of a writer's rows in the air, fewer pauses.
  int64_t insert_window_bytes = 1 << 20;
  // Of all writers together: each has its share, at least 4 KiB.
  int64_t insert_budget_bytes = int64_t{64} << 20;
  // The same while there are readers: what a learner's order may find waiting in front of it. Larger: more rows in the
  // air, batches that come later.
  int64_t insert_budget_beside_readers_bytes = 256 << 10;
  // Rows that may wait behind the limiter of each table, of all writers together, and for how long (waiting_rows.h).
  // 0 rows: any number; 0: for any time.
  int64_t max_waiting_rows = 2048;
  absl::Duration max_waiting = absl::Seconds(1);
  // How long an acknowledgement that no writer waits for may be held back for the next block. A shorter delay costs
  // more messages; under a longer one, a writer whose buffer is full of blocks under way stands still for longer.
  absl::Duration ack_delay = absl::Milliseconds(2);
  std::shared_ptr<const Security> security = {};  // nullptr: none.
  // nullptr: the server keeps no checkpoints. Outlives the service, which takes its listener.
  Checkpointer* checkpointer = nullptr;
  // What the run's configuration says of another limiter of the table of that name, beside what the table and its
  // readers say: an error refuses the change. Thread-safe. Null: nothing.
  std::function<absl::Status(const std::string& table, const RateLimiterOptions& limiter)> check_limiter = {};
  // Writers and readers whose rows mean something else than those of the table are let in, with a warning.
  bool allow_other_experiment = false;
};

// Counters since the service was made, by table; those of the table itself are in TableState.
struct ReplayServiceStats {
  int writers = 0;  // Insert streams open now.
  int readers = 0;  // Sample streams open now.
  int64_t refused_blocks = 0;
  int64_t dead_writers = 0;     // Insert streams that ended without a farewell.
  int64_t weights_version = 0;  // Newest version any block was chosen with.
  // Time in which at least one stream waited, indexed by BlockedOn.
  std::array<absl::Duration, kNumBlockedOn> blocked;
};

// Thread-safe.
class ReplayService {
 public:
  // The store outlives the service.
  ReplayService(Store* store, const ReplayServiceOptions& options);
  ~ReplayService();

  // For RpcServer::Start; this object must outlive the server.
  CallService& service();

  // Takes no more rows and no more streams, acknowledges what is applied, ends every stream with UNAVAILABLE. Returns
  // at once; RpcServer::Stop waits for the streams. Idempotent.
  void Drain();

  // Of the table of that name.
  ReplayServiceStats stats(absl::string_view table) const;
  // What Info answers; also for pages.
  v1::InfoResponse info() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace recbots::replay
