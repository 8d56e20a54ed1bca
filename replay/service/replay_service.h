// ReplayService (proto/recbots/v1/replay.proto) over a Store: translates calls and contains no logic of storage.
//
// No reaction ever waits (parking_lot.h). When the server stops, it cancels the streams that wait, and they end. Order
// of shutdown: Drain(), RpcServer::Stop(), this object, the checkpointer, the store.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "absl/time/time.h"
#include "common/rpc/rpc_call.h"
#include "common/rpc/security.h"
#include "recbots/v1/membership.pb.h"
#include "recbots/v1/replay.pb.h"
#include "replay/checkpoint/checkpointer.h"
#include "replay/table/store.h"

namespace recbots::replay {

struct ReplayServiceOptions {
  // Bytes of rows that a writer may have unacknowledged. A larger value means more rows under way and fewer pauses.
  int64_t insert_window_bytes = 1 << 20;
  // Bytes for all writers together: each writer has a share of it, at least 4 KiB.
  int64_t insert_budget_bytes = int64_t{64} << 20;
  // Replaces insert_budget_bytes while there are readers: this many bytes may wait in front of a learner's order. A
  // larger value means more rows under way and later batches.
  int64_t insert_budget_beside_readers_bytes = 256 << 10;
  // How many rows of all writers together may wait behind the limiter of each table, and for how long (waiting_rows.h).
  // 0 means no bound.
  int64_t max_waiting_rows = 2048;
  absl::Duration max_waiting = absl::Seconds(1);
  // How long an acknowledgement that no writer waits for may be held back to cover the next block as well. A shorter
  // delay costs more messages; with a longer delay, a writer whose buffer is full of blocks under way stands still for
  // longer.
  absl::Duration ack_delay = absl::Milliseconds(2);
  std::shared_ptr<const Security> security = {};  // nullptr: none.
  // nullptr: the server keeps no checkpoints. The checkpointer must outlive the service, which sets its listener.
  Checkpointer* checkpointer = nullptr;
  // Decides, in addition to the table and its readers, whether the limiter of a table may be changed to `limiter`: an
  // error refuses the change. It checks against the run's configuration. Must be thread-safe. Null means no further
  // check.
  std::function<absl::Status(const std::string& table, const RateLimiterOptions& limiter)> check_limiter = {};
  // What the process says of itself (RoleService.Report). Must be thread-safe and quick. Null: the call is not known.
  std::function<v1::RoleReport()> report = {};
  // Lets in, with a warning, writers and readers whose rows have another meaning than the rows of the table.
  bool allow_other_experiment = false;
};

// Counters of the service for one table, since the service was made; TableState has those of the table itself.
struct ReplayServiceStats {
  int writers = 0;  // Insert streams open now.
  int readers = 0;  // Sample streams open now, without those of observers.
  int observers = 0;
  int64_t observed_rows = 0;  // Sent to observers.
  int64_t refused_blocks = 0;
  int64_t dead_writers = 0;     // Insert streams that broke off.
  int64_t weights_version = 0;  // Newest version that chose rows of any block.
  // The time during which at least one stream waited, indexed by BlockedOn.
  std::array<absl::Duration, kNumBlockedOn> blocked;
};

// Thread-safe.
class ReplayService {
 public:
  // The store must outlive the service.
  ReplayService(Store* store, const ReplayServiceOptions& options);
  ~ReplayService();

  // For RpcServer::Start; this object must outlive the server.
  CallService& service();

  // Answers calls of RoleService.Report that are due. Call it several times a second.
  void AnswerReports();

  // From now on takes no rows and no streams, acknowledges the rows applied, and ends every stream with UNAVAILABLE.
  // Reports say from now on that the process is leaving. Returns at once; RpcServer::Stop waits for the streams.
  // Idempotent.
  void Drain();

  // The counters for the table of that name.
  ReplayServiceStats stats(absl::string_view table) const;
  // The answer of the call Info, also used for pages.
  v1::InfoResponse info() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace recbots::replay
