// How an actor sends rows to replay.
//
// Append copies rows once, into the memory from which blocks are sent: one memcpy, no lock per row, no allocation once
// warm. A thread per shard sends full blocks, and smaller ones max_delay after their first row. Blocks are kept until
// they are acknowledged (durable writers: until a checkpoint holds them) and are sent again after a reconnection, or if
// they were damaged on the way. So no row is lost or doubled while the store lives, and for durable writers even after
// it died, as long as its checkpoints exist. When a store comes back without rows that it had acknowledged and that the
// writer no longer has, the writer goes on as a new one; that is logged and counted (lost_rows).
//
// Several shards take blocks in turn. A shard that is away or holds rows back is passed over as long as another one
// takes rows; the writer reconnects to it by itself.
//
// Memory is bounded by buffer_bytes per shard, which serves to bridge outages: when no shard has room, Append waits. In
// addition, the server tells how many rows this writer may have that are not yet in the table (its share of
// replay.max_waiting_rows, for each shard), and Append waits when there are more: rows in a queue grow old. A caller
// that can make rows at any time calls AwaitRoom first, and makes the rows when they are wanted.
//
// Rows are dropped only if max_waiting allows it: those that were never sent and have waited longer than that behind
// the limiter, when newer ones are to take their place. They are counted (dropped_rows).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/instant.h"
#include "common/base/row_schema.h"
#include "common/rpc/retry.h"
#include "common/rpc/security.h"
#include "recbots/v1/identity.pb.h"
#include "replay/client/address_resolver.h"
#include "replay/table/rate_limiter.h"

namespace recbots::replay {

// 128 KiB, or 16 rows if these are larger, but at most 512 KiB, and at least one row. A block costs about as much as
// copying 100 kB, besides its own bytes.
int64_t DefaultBlockBytes(int64_t row_bytes);

struct ReplayWriterOptions {
  // One or several of host:port and unix:/path, separated by commas. Every address that a name resolves to is a shard.
  std::string address = {};
  std::string table = {};                // Empty: the servers' first.
  std::string writer_name = {};          // For logs: host or container. At most 256 bytes.
  v1::ExperimentIdentity identity = {};  // What the rows mean. Without fields nothing is compared.
  bool durable = false;                  // Keep rows until a checkpoint holds them.
  int64_t block_bytes = 0;               // Up to 4 MiB; 0: DefaultBlockBytes. More: less work per row, more delay.
  absl::Duration max_delay = absl::Milliseconds(5);  // A block that is not full is sent this long after its first row.
  // Memory for the rows kept per shard. Durable writers ask for a checkpoint when half of it is not yet durable: give
  // them as much as they write in a few seconds.
  int64_t buffer_bytes = 2 << 20;
  // Rows that have waited this long behind the limiter without being sent make room for newer ones; precise to an
  // eighth. Infinite: nothing is dropped. Durable writers never drop rows.
  absl::Duration max_waiting = absl::InfiniteDuration();
  absl::Duration connect_timeout = absl::Seconds(3);  // For one attempt.
  RetryOptions retry = {};                            // give_up_after: while no shard is connected.
  std::shared_ptr<const Security> security = {};      // nullptr: none.
  std::shared_ptr<AddressResolver> resolver = {};     // nullptr: one for `address`.
};

struct ReplayWriterStats {
  int64_t appended_rows = 0;
  int64_t acknowledged_rows = 0;  // In the table.
  int64_t durable_rows = 0;       // In a checkpoint.
  int64_t lost_rows = 0;          // Acknowledged, and then unknown to a store that came back.
  int64_t dropped_rows = 0;       // Never sent: they waited longer than max_waiting and made room for newer ones.
  int64_t waiting_rows = 0;       // Now: appended, and neither acknowledged nor dropped.
  int64_t resent_blocks = 0;      // Refused because of their checksum, and sent again.
  int64_t connections = 0;        // Streams that were accepted: one per shard when all is well.
  int64_t store_restarts = 0;     // How often a store had forgotten this writer.
  int shards = 0;                 // Known now, and how many of them are connected.
  int connected_shards = 0;
  BlockedOn blocked_on = BlockedOn::kNone;  // What replay said last; kNone if any connected shard takes rows.
  // The time that Append and AwaitRoom waited, by what replay said last; kNone: for the network or for replay itself.
  std::array<absl::Duration, kNumBlockedOn> blocked;
};

// Thread-safe. The rows of one Append reach a shard in order; the rows of concurrent calls mix.
class ReplayWriter {
 public:
  // Connects in the background. INVALID_ARGUMENT: an option is out of range, or the addresses cannot be parsed.
  static absl::StatusOr<std::unique_ptr<ReplayWriter>> Create(const RowSchema& schema,
                                                              const ReplayWriterOptions& options);
  // Drops rows that are not acknowledged: call Close first.
  ~ReplayWriter();

  // Takes num_rows x row_bytes bytes. Returns how many rows it took: all, or fewer if the deadline came first (append
  // the rest later). `weights_version` is that of the policy that chose the newest of the rows. `priorities` has one
  // per row; if it is empty, the rows get the highest priority that the table has seen.
  //   CANCELLED         Close() was called
  //   INVALID_ARGUMENT  a priority is negative, infinite or NaN (names the row), or there is not one per row: nothing
  //                     was taken, and later calls may succeed
  //   others            final errors, see status()
  absl::StatusOr<int64_t> Append(const void* rows, int64_t num_rows, int64_t weights_version, Instant deadline,
                                 absl::Span<const float> priorities = {});

  // Waits until Append would take num_rows rows without waiting (if they fit the buffer). From then on this many rows
  // may wait whatever this writer's share is, so that a caller that appends this many at a time never stops half way.
  //   DEADLINE_EXCEEDED  no room by then
  //   CANCELLED          Close() was called
  //   others             final errors, see status()
  absl::Status AwaitRoom(int64_t num_rows, Instant deadline);

  // Waits until all rows appended before are in the table or, for durable writers, in a checkpoint, which it asks for.
  //   DEADLINE_EXCEEDED  not by then; tells how many rows are missing, what replay waits for, and the last error
  //   CANCELLED          the writer was closed meanwhile
  //   others             final errors, see status()
  absl::Status Flush(Instant deadline);

  // Flushes until the deadline, then ends the streams, which takes 2 s at most. Afterwards no row is taken or sent.
  // Idempotent. The result is that of Flush.
  absl::Status Close(Instant deadline);

  // OK as long as the writer keeps trying; any other status is final: FAILED_PRECONDITION (another schema; rows of
  // another experiment; durable, but replay keeps no checkpoints), INVALID_ARGUMENT (a block was refused), DATA_LOSS (a
  // block arrived damaged six times in a row), INTERNAL (an acknowledgement that cannot be), DEADLINE_EXCEEDED (no
  // shard was connected for retry.give_up_after), or what the server said if another attempt would fail in the same
  // way.
  absl::Status status() const;
  ReplayWriterStats stats() const;
  // As in stats(), but cheap.
  int64_t dropped_rows() const;

 private:
  class Impl;
  explicit ReplayWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace recbots::replay
