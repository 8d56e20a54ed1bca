// Rows on their way to one shard: a ring of blocks, the stream that sends them, and a thread that keeps it up.
//
// The ring belongs to a store, not to an address (store_directory.h): it takes over another address when its own is
// gone, and looks for its store when another one answers. Only a store that is nowhere, or that forgot, makes it go on
// as a new writer; rows that were acknowledged and are gone with it are counted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "recbots/v1/replay.pb.h"
#include "replay/client/block_ring.h"
#include "replay/client/client_stream.h"
#include "replay/client/shard_link.h"
#include "replay/client/writer_shared.h"

namespace recbots::replay {

// Thread-safe.
class ShardWriter {
 public:
  // Connects in the background. `shared` outlives this.
  ShardWriter(WriterShared* shared, const ShardAddress& address);
  // Drops what is kept.
  ~ShardWriter();

  // Who may take rows: a shard that is connected and holds nothing back; one that is connected; any with room.
  enum class Pick { kReady, kConnected, kAny };
  // Copies rows into the block being filled, at most to its end. The result is the number taken; 0: none. `started`:
  // only into a block that was begun before.
  int64_t Append(const char* rows, int64_t num_rows, int64_t weights_version, absl::Span<const float> priorities,
                 Pick pick, bool started) ABSL_LOCKS_EXCLUDED(mu_);
  // Whether Append would take this many, if they are at most what the ring can hold. From then on that many may wait to
  // be sent, whatever the share.
  bool HasRoom(int64_t num_rows, Pick pick) ABSL_LOCKS_EXCLUDED(mu_);
  // Drops rows that have waited behind the limiter for longer than max_waiting and were never sent; true: some.
  bool DropWaited() ABSL_LOCKS_EXCLUDED(mu_);
  // When to try that next; InfiniteFuture: as things are, never.
  Instant NextDrop() const ABSL_LOCKS_EXCLUDED(mu_);

  // Hurries what was appended so far; the result is its number of rows, for AwaitFlushed.
  int64_t StartFlush() ABSL_LOCKS_EXCLUDED(mu_);
  // Waits until rows below `target` are where they should be. False: not by then, or never (an error, stopped).
  bool AwaitFlushed(int64_t target, Instant deadline) ABSL_LOCKS_EXCLUDED(mu_);

  // Ends the stream, politely when nothing is outstanding. AwaitStopped: true once the thread is through.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);
  bool AwaitStopped(Instant deadline) ABSL_LOCKS_EXCLUDED(mu_);
  // Stops if nothing is kept; false: something is.
  bool Retire() ABSL_LOCKS_EXCLUDED(mu_);
  // Goes on at another address. Without effect while it is connected, or looks for its store.
  void MoveTo(const ShardAddress& address) ABSL_LOCKS_EXCLUDED(mu_);

  struct State {
    std::string target;
    bool connected = false;
    ReplayWriterStats stats;
    absl::Status final_error;
    absl::Status last_error;
  };
  State state() const ABSL_LOCKS_EXCLUDED(mu_);
  // Rows below this number are acknowledged: in the table or, for durable writers, in a checkpoint.
  int64_t safe_rows() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  using Stream = ClientStream<grpc::ByteBuffer, v1::InsertAck>;

  // Connects, sends, reconnects, until stopped or a final error.
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // One stream, from the call to its end; the result is why it ended.
  absl::Status RunStream() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Greet(Stream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // What the store's first answer means for what is kept.
  absl::Status AcceptStore() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // False: nobody who keeps to the protocol says that; it is final.
  bool IsPossible(const v1::InsertAck& ack) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Sends blocks and commits as they become due, until the stream ends or the writer stops.
  void SendBlocks(Stream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Write the next block, with the mutex free while gRPC works.
  void SendBlock(Stream& stream, int64_t max_rows) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SendCommit(Stream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SendFlush(Stream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status EndStream(Stream& stream) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // How many of `rows` rows that are next may be sent now, in one block.
  int64_t MaySend(const Stream& stream, int64_t rows) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool MustCommit() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Somebody waits for blocks that were sent before they did.
  bool MustFlush() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The block being filled has to go: it is old enough or being flushed.
  bool IsDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Rows that may be in the ring and not acknowledged, by this writer's share; kAnyNumber: any.
  int64_t Share() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  int64_t Waiting() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return ring_.appended_rows() - ring_.acknowledged_rows();
  }
  // Rows that may be appended now: to the share, or, as HasRoom asked for, to that many that are not sent.
  int64_t Room() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return std::max(Share() - Waiting(), asked_rows_ - (ring_.appended_rows() - ring_.sent_now()));
  }
  // Asks for news when that many rows find room; TellRoom: gives it when they do.
  void WantRoom(int64_t num_rows) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void TellRoom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The limiter, or a full table, holds rows up.
  bool Held() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool Drops() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // First row of the block being filled.
  int64_t FillingFrom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return ring_.appended_rows() - ring_.filling_rows();
  }
  Instant NextLook(bool due) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  v1::InsertRequest MakeHello() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  void OnAck(const v1::InsertAck& ack) ABSL_LOCKS_EXCLUDED(mu_);
  void OnRefusal(const v1::BlockRefusal& refusal) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Ends everything.
  void Fail(absl::Status status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // What to do after a stream that ended for that reason; the result is the time to wait before the next.
  absl::Duration AfterStream(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Where to look for the store next. `answered`: another store did, at the present address.
  absl::Duration Search(bool answered) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void EndSearch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Goes on as another writer, with the oldest row kept as its row 0; the store knows rows below `known`.
  void StartAnew(int64_t known) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  WriterShared& shared_;
  const ReplayWriterOptions& options_;
  const int64_t row_bytes_;

  mutable Mutex mu_;
  ShardLink link_ ABSL_GUARDED_BY(mu_);
  BlockRing ring_ ABSL_GUARDED_BY(mu_);
  std::string writer_id_ ABSL_GUARDED_BY(mu_);
  uint64_t store_id_ ABSL_GUARDED_BY(mu_) = 0;    // 0: any.
  int64_t base_ ABSL_GUARDED_BY(mu_) = 0;         // Row that is sequence number 0 of this incarnation.
  int64_t flush_to_ ABSL_GUARDED_BY(mu_) = 0;     // Somebody waits for the rows below.
  int64_t asked_rows_ ABSL_GUARDED_BY(mu_) = 0;   // By the newest HasRoom.
  int64_t wanted_rows_ ABSL_GUARDED_BY(mu_) = 0;  // Somebody found no room for these; 0: nobody did.
  Instant next_drop_log_ ABSL_GUARDED_BY(mu_);

  // Of the stream under way.
  std::optional<v1::InsertAck> ack_ ABSL_GUARDED_BY(mu_);  // Newest.
  uint64_t answering_store_ ABSL_GUARDED_BY(mu_) = 0;
  bool window_used_ ABSL_GUARDED_BY(mu_) = false;
  int64_t flush_told_ ABSL_GUARDED_BY(mu_) = 0;     // The server knows that somebody waits for the rows below.
  int64_t commit_covers_ ABSL_GUARDED_BY(mu_) = 0;  // Rows below, by the newest commit.
  Instant commit_sent_ ABSL_GUARDED_BY(mu_);
  bool forgotten_ ABSL_GUARDED_BY(mu_) = false;    // The store does not know rows it acknowledged.
  bool other_store_ ABSL_GUARDED_BY(mu_) = false;  // Not the one we belong to.
  int refusals_in_row_ ABSL_GUARDED_BY(mu_) = 0;
  grpc::ByteBuffer outgoing_;  // Used by the thread only.

  // Of the search for our store.
  Instant search_since_ ABSL_GUARDED_BY(mu_) = Instant::InfiniteFuture();
  ShardAddress search_from_ ABSL_GUARDED_BY(mu_);
  std::set<std::string> tried_ ABSL_GUARDED_BY(mu_);   // Another store answered.
  std::set<std::string> failed_ ABSL_GUARDED_BY(mu_);  // Nobody did, in this round.

  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status final_ ABSL_GUARDED_BY(mu_);
  absl::Status last_error_ ABSL_GUARDED_BY(mu_);
  ReplayWriterStats stats_ ABSL_GUARDED_BY(mu_);

  Thread thread_;
};

}  // namespace recbots::replay
