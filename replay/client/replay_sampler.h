// How a learner gets its batches from replay.
//
// The sampler keeps batches_in_flight batches ordered, ready or in the learner's hands, so that the next one is there
// when the learner asks. A batch is drawn when it is sent, so more batches in flight mean staler rows. With several
// shards each batch has rows of all of them, in proportion to the total weights that the shards last told. If a shard
// dies, only its rows are lost: its parts are drawn again from the others, batches keep their order, and the shard
// takes part again when it is back. Parts of a batch not yet taken are dropped when their connection breaks, because
// replay takes back what it charged for them. The sampler reconnects by itself, also to a store that was restarted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/instant.h"
#include "common/base/row_schema.h"
#include "common/rpc/retry.h"
#include "common/rpc/security.h"
#include "recbots/v1/replay.pb.h"
#include "replay/client/address_resolver.h"
#include "replay/client/shard_channel.h"
#include "replay/table/importance_weights.h"
#include "replay/table/item_key.h"
#include "replay/table/sampled_batch.h"

namespace recbots::replay {

struct ReplaySamplerOptions {
  std::string address = {};  // As in ReplayWriterOptions: one or several shards.
  std::string table = {};    // Empty: the servers' first.
  int32_t batch_size = 256;  // Rows, 1..65536.
  // 1..1024, including the batch in the learner's hands: with 1, nothing is drawn ahead. More of them mean less
  // waiting, staler rows and more memory.
  int32_t batches_in_flight = 2;
  uint64_t seed = 0;                     // Of the draws that choose shards; rows within a shard are drawn there.
  v1::ExperimentIdentity identity = {};  // What the rows have to mean. Without fields nothing is compared.
  // Called with the highest streams_below of all tables once every shard has told its table's state (3 s after the
  // first did at the latest), and again when a new table has a higher one. The result goes to UseStreams. Runs in
  // threads of the sampler, without its lock, and never after the destructor has returned.
  std::function<int64_t(int64_t streams_below)> on_streams = {};
  absl::Duration connect_timeout = absl::Seconds(3);  // For one attempt.
  RetryOptions retry = {};                            // give_up_after: while no shard is connected.
  std::shared_ptr<const Security> security = {};      // nullptr: none.
  std::shared_ptr<AddressResolver> resolver = {};     // nullptr: one for `address`.
};

struct ReplaySamplerStats {
  int64_t batches = 0;      // How many Next returned.
  int64_t connections = 0;  // Streams that were accepted: one per shard when all is well.
  int shards = 0;           // Known now, and how many of them are connected.
  int connected_shards = 0;
  int64_t dropped_priorities = 0;  // Their shard was away, or took no message before too many had gathered.
  absl::Duration waited;           // Time spent waiting in Next.
};

// Thread-safe.
class ReplaySampler {
 public:
  // Connects in the background. INVALID_ARGUMENT: an option is out of range, or the addresses cannot be parsed.
  static absl::StatusOr<std::unique_ptr<ReplaySampler>> Create(const RowSchema& schema,
                                                               const ReplaySamplerOptions& options);
  ~ReplaySampler();

  // Returns the next batch; batches keep their order. Asking for it tells replay that the batch before is used, and
  // orders another. What a learner has not used when it dies or closes, replay gives to the next reader.
  //   DEADLINE_EXCEEDED  none came by then; tells whether replay is connected and holds it back, and the last error
  //   CANCELLED          Close() was called
  //   others             final errors, see status()
  absl::StatusOr<SampledBatch> Next(Instant deadline);

  // Sets new priorities, one per key, for rows of batches that Next returned; they are sent with the next order, or
  // within 0.1 s. A priority that is negative, infinite or NaN is refused; one whose row is on a shard that is away is
  // dropped and counted.
  //   INVALID_ARGUMENT  some were refused: names the first, and the others are sent; or not one per key: none is sent
  absl::Status UpdatePriorities(absl::Span<const ItemKey> keys, absl::Span<const float> priorities);

  // Random streams below `below` are in use, or will be: all tables remember that, also those of shards to come.
  void UseStreams(int64_t below);

  // Gives the memory of a batch back for later ones. Optional: without it every batch is newly allocated.
  void Recycle(SampledBatch batch);

  // The shards that are connected now, for calls of another kind over the same connections.
  std::vector<ShardChannel> connected_shards() const;

  // Ends the streams and wakes the thread that waits in Next. Idempotent.
  void Close();

  // OK as long as the sampler keeps trying; any other status is final: FAILED_PRECONDITION (another schema, rows of
  // another experiment, a batch that the limiter never admits), INTERNAL (what came is no batch that was ordered),
  // DEADLINE_EXCEEDED (no shard was connected for retry.give_up_after), or what the server said if another attempt
  // would fail in the same way (!IsTransient).
  absl::Status status() const;
  ReplaySamplerStats stats() const;

 private:
  class Impl;
  explicit ReplaySampler(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Asks the server at one `address` what it holds and whom it waits for. Waits for the server until the deadline.
//   DEADLINE_EXCEEDED, UNAVAILABLE  no answer; names the address
absl::StatusOr<v1::InfoResponse> GetInfo(const std::string& address, Instant deadline,
                                         std::shared_ptr<const Security> security = {});

}  // namespace recbots::replay
