// Batches from replay: what learners hold.
//
// Keeps batches_in_flight batches ordered, ready or in the learner's hands, so that the next one is there when the
// learner asks; a batch is drawn when it is sent, so more in flight means staler rows. Of several shards each batch has
// rows of all, in proportion to the total weights they last told; one that dies costs its rows and nothing else: its
// parts are drawn again from the others, batches come in order as before, and when it is back it takes part again.
// Parts that came over a connection that broke are dropped, because replay takes their charge back. Reconnects by
// itself, also to a store that was restarted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/instant.h"
#include "common/base/row_schema.h"
#include "common/rpc/retry.h"
#include "common/rpc/security.h"
#include "recbots/v1/replay.pb.h"
#include "replay/client/address_resolver.h"
#include "replay/table/importance_weights.h"
#include "replay/table/item_key.h"
#include "replay/table/sampled_batch.h"

namespace recbots::replay {

struct ReplaySamplerOptions {
  std::string address = {};  // As of ReplayWriterOptions: one or several shards.
  std::string table = {};    // Empty: the servers' first.
  int32_t batch_size = 256;  // Rows, 1..65536.
  // 1..1024, the one in the learner's hands among them: with 1, nothing is drawn ahead. More: less waiting, staler
  // rows, more memory.
  int32_t batches_in_flight = 2;
  uint64_t seed = 0;                     // Key of the draws of shards; rows within a shard are its own draws.
  v1::ExperimentIdentity identity = {};  // What rows are to mean; without fields nothing is said and nothing compared.
  // Called once the tables of all shards have told their state (or of those that did, 3 s after the first), with the
  // highest streams_below of them, and again when one tells a higher one. The result is what UseStreams would tell
  // them. On threads of the sampler, without its lock; not any more when the destructor returns.
  std::function<int64_t(int64_t streams_below)> on_streams = {};
  absl::Duration connect_timeout = absl::Seconds(3);  // For one attempt.
  RetryOptions retry = {};                            // give_up_after: of all shards together.
  std::shared_ptr<const Security> security = {};      // nullptr: none.
  std::shared_ptr<AddressResolver> resolver = {};     // nullptr: of `address`.
};

struct ReplaySamplerStats {
  int64_t batches = 0;      // Handed out.
  int64_t connections = 0;  // Streams that were accepted: one per shard when all is well.
  int shards = 0;           // Known now, and how many of them are connected.
  int connected_shards = 0;
  int64_t dropped_priorities = 0;  // Of rows whose shard is away.
  absl::Duration waited;           // In Next.
};

// Thread-safe.
class ReplaySampler {
 public:
  // Connects in the background. INVALID_ARGUMENT: an option out of range, addresses that cannot be read.
  static absl::StatusOr<std::unique_ptr<ReplaySampler>> Create(const RowSchema& schema,
                                                               const ReplaySamplerOptions& options);
  ~ReplaySampler();

  // The next batch, in the order sent. Coming for it tells replay that the one before is used, and orders another; what
  // was not used when a learner dies or closes, replay gives to the next reader.
  //   DEADLINE_EXCEEDED  none by then; says whether replay is connected and holds it back, and the last error
  //   CANCELLED          Close() was called
  //   others             final errors, see status()
  absl::StatusOr<SampledBatch> Next(Instant deadline);

  // New priorities for rows of batches that were handed out, as many as keys: they travel with the next order, or 0.1 s
  // later. A negative or infinite priority or a NaN is refused for its row; those of rows whose shard is away are
  // dropped and counted.
  //   INVALID_ARGUMENT  some were refused: names the first, the others are under way; or not as many as keys
  absl::Status UpdatePriorities(absl::Span<const ItemKey> keys, absl::Span<const float> priorities);

  // Random streams below `below` are given away, or will be: all tables remember it, those that come later too.
  void UseStreams(int64_t below);

  // Gives the memory of a batch back for later ones. Optional; without it each batch is newly allocated.
  void Recycle(SampledBatch batch);

  // Ends the streams and wakes the thread that waits in Next. Idempotent.
  void Close();

  // OK while there is hope; final otherwise: FAILED_PRECONDITION (another schema, rows of another experiment, a batch
  // the limiter never admits), INVALID_ARGUMENT, INTERNAL (what came is no batch), DEADLINE_EXCEEDED (all of replay was
  // away for retry.give_up_after).
  absl::Status status() const;
  ReplaySamplerStats stats() const;

 private:
  class Impl;
  explicit ReplaySampler(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// What the server at one `address` holds and whom it waits for. Waits for the server until the deadline.
//   DEADLINE_EXCEEDED, UNAVAILABLE  no answer; names the address
absl::StatusOr<v1::InfoResponse> GetInfo(const std::string& address, Instant deadline,
                                         std::shared_ptr<const Security> security = {});

}  // namespace recbots::replay
