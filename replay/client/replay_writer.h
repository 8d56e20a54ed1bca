// Streams rows to replay: what actors hold.
//
// Append copies rows once, into the memory from which blocks are sent: one memcpy, no lock per row, no allocation once
// warm. A thread per shard sends full blocks, or smaller ones 5 ms after their first row. Blocks are kept until
// they are acknowledged (durable writers: until a checkpoint holds them) and are sent again after a reconnection, or
// when they were damaged on the way: nothing is lost and nothing doubled while the store lives, and for durable writers
// whatever happens to it as long as its checkpoints are there. When a store came back without rows it had acknowledged,
// the writer goes on as a new one with what it still has; that is logged and counted (lost_rows).
//
// Several shards take blocks in turn. One that is away or holds rows back is passed over as long as another takes rows,
// and comes back by itself.
//
// Memory is bounded by buffer_bytes per shard: when no shard has room, Append waits. That much is for outages. While
// the limiter of a shard's table holds rows up, the server says how many rows this writer may have that are not in the
// table (replay.max_waiting_rows, shared by all writers; each shard has its own bound), and Append waits beyond that:
// rows that queue grow old. Who can make rows at any time asks first (AwaitRoom), and makes them when they are wanted.
//
// Rows are dropped only if max_waiting says so, and only such as were never sent and have waited longer behind the
// limiter, when newer ones are to take their place. They are counted (dropped_rows).
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

// 128 KiB, or 16 rows where these are more, up to 512 KiB; a row at least. A block costs as much as copying 100 kB or
// so, besides its bytes.
int64_t DefaultBlockBytes(int64_t row_bytes);

struct ReplayWriterOptions {
  // One or several of host:port and unix:/path, separated by commas. Every address that a name resolves to is a shard.
  std::string address = {};
  std::string table = {};                // Empty: the servers' first.
  std::string writer_name = {};          // For logs: host or container. At most 256 bytes.
  v1::ExperimentIdentity identity = {};  // What the rows mean; without fields nothing is said and nothing compared.
  bool durable = false;                  // Keep rows until a checkpoint holds them.
  int64_t block_bytes = 0;               // Up to 4 MiB; 0: DefaultBlockBytes. Larger: less work per row, more delay.
  absl::Duration max_delay = absl::Milliseconds(5);  // From a block's first row until it is sent, at most.
  // Rows kept per shard before Append waits. Durable writers ask for a checkpoint when half of it is not yet durable:
  // give them what they write in a few seconds.
  int64_t buffer_bytes = 2 << 20;
  // Rows that waited for this long behind the limiter without being sent make room for newer ones; known to an eighth.
  // Infinite: they never do. Durable writers drop nothing.
  absl::Duration max_waiting = absl::InfiniteDuration();
  absl::Duration connect_timeout = absl::Seconds(3);  // For one attempt.
  RetryOptions retry = {};                            // give_up_after: of all shards together.
  std::shared_ptr<const Security> security = {};      // nullptr: none.
  std::shared_ptr<AddressResolver> resolver = {};     // nullptr: of `address`.
};

struct ReplayWriterStats {
  int64_t appended_rows = 0;
  int64_t acknowledged_rows = 0;  // In the table.
  int64_t durable_rows = 0;       // In a checkpoint.
  int64_t lost_rows = 0;          // Acknowledged, and not known to a store that came back.
  int64_t dropped_rows = 0;       // Never sent: they waited longer than max_waiting and made room for newer ones.
  int64_t waiting_rows = 0;       // Now: appended, and neither acknowledged nor dropped.
  int64_t resent_blocks = 0;      // Refused for their checksum and sent again.
  int64_t connections = 0;        // Streams that were accepted: one per shard when all is well.
  int64_t store_restarts = 0;     // Times a store had forgotten this writer.
  int shards = 0;                 // Known now, and how many of them are connected.
  int connected_shards = 0;
  BlockedOn blocked_on = BlockedOn::kNone;  // As replay said last: of a shard only when all shards hold back.
  // Time Append waited, by what replay said last; under kNone: for the network or for replay itself.
  std::array<absl::Duration, kNumBlockedOn> blocked;
};

// Thread-safe; rows of one Append reach a shard in order, those of concurrent ones mix.
class ReplayWriter {
 public:
  // Connects in the background. INVALID_ARGUMENT: an option out of range, addresses that cannot be read.
  static absl::StatusOr<std::unique_ptr<ReplayWriter>> Create(const RowSchema& schema,
                                                              const ReplayWriterOptions& options);
  // Drops what is not acknowledged; Close first.
  ~ReplayWriter();

  // Takes num_rows x row_bytes bytes. Returns the rows taken: all, or fewer when the deadline came first (append the
  // rest later). weights_version: of the policy that chose the newest of them. `priorities`: one per row; empty: the
  // highest the table has seen.
  //   CANCELLED         Close() was called
  //   INVALID_ARGUMENT  a priority that is negative, infinite or NaN (names the row), or not one per row: nothing was
  //                     taken, more may follow
  //   others            final errors, see status()
  absl::StatusOr<int64_t> Append(const void* rows, int64_t num_rows, int64_t weights_version, Instant deadline,
                                 absl::Span<const float> priorities = {});

  // Waits until Append would take num_rows rows without waiting (as far as they fit the buffer). From then on that many
  // may wait whatever this writer's share is, so that who appends as many at a time never stops half way.
  //   DEADLINE_EXCEEDED  no room by then
  //   CANCELLED          Close() was called
  //   others             final errors, see status()
  absl::Status AwaitRoom(int64_t num_rows, Instant deadline);

  // Waits until all that was appended before is in the table, for durable writers in a checkpoint (and asks for one).
  //   DEADLINE_EXCEEDED  not by then; names the rows missing, what replay said it waits for, and the last error
  //   others             final errors, see status()
  absl::Status Flush(Instant deadline);

  // Flushes, then ends the streams, which takes 2 s at most. After it nothing is taken or sent. Idempotent. The result
  // is that of Flush.
  absl::Status Close(Instant deadline);

  // OK while there is hope; final otherwise: FAILED_PRECONDITION (another schema; rows of another experiment; durable,
  // but replay keeps no checkpoints), INVALID_ARGUMENT (a block was refused), DATA_LOSS (a block arrived damaged five
  // times in a row), DEADLINE_EXCEEDED (all of replay was away for retry.give_up_after).
  absl::Status status() const;
  ReplayWriterStats stats() const;
  // As in stats(), for little.
  int64_t dropped_rows() const;

 private:
  class Impl;
  explicit ReplayWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace recbots::replay
