// Rows on their way to one shard: the session that keeps them, the stream that sends them, and a thread that keeps the
// stream up.
//
// The rows belong to a store, not to an address (store_directory.h): they take over another address when their own is
// gone, and look for their store when another one answers. Only a store that is nowhere, or that forgot, makes them go
// on as those of a new writer; rows that were acknowledged and are gone with it are counted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "recbots/v1/replay.pb.h"
#include "replay/client/client_stream.h"
#include "replay/client/shard_link.h"
#include "replay/client/store_search.h"
#include "replay/client/writer_session.h"
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
  // As of WriterSession. `started`: only into a block that was begun before.
  int64_t Append(const WriterSession::Rows& rows, Pick pick, bool started) ABSL_LOCKS_EXCLUDED(mu_);
  bool HasRoom(int64_t num_rows, Pick pick) ABSL_LOCKS_EXCLUDED(mu_);
  // True: some rows were dropped.
  bool DropWaited() ABSL_LOCKS_EXCLUDED(mu_);
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
  int64_t safe_rows() const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  using Stream = ClientStream<grpc::ByteBuffer, v1::InsertAck>;

  // Connects, sends, reconnects, until stopped or a final error.
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // What the next stream goes through; nullptr: there shall be none.
  std::shared_ptr<grpc::Channel> BeginStream() ABSL_LOCKS_EXCLUDED(mu_);
  // One stream, from the call to its end; the result is why it ended.
  absl::Status RunStream(const std::shared_ptr<grpc::Channel>& channel) ABSL_LOCKS_EXCLUDED(mu_);
  // After a stream that ended for that reason: waits until the time for another one has come.
  void AwaitNext(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

  absl::Status Greet(Stream& stream) ABSL_LOCKS_EXCLUDED(mu_);
  // What the store's first answer means for what is kept.
  absl::Status AcceptStore() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The next thing to send, when it is due; none: the stream ended, or shall.
  std::optional<WriterSession::Step> AwaitStep(Stream& stream) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status EndStream(Stream& stream) ABSL_LOCKS_EXCLUDED(mu_);
  void OnAck(const v1::InsertAck& ack) ABSL_LOCKS_EXCLUDED(mu_);

  bool Ended() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stopping_ || !final_.ok(); }
  bool MayTake(Pick pick) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The result is the time to wait before the next stream.
  absl::Duration AfterStream(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Duration Search(bool answered) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void StartAnew(int64_t known_rows) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Ends everything. FailHere: for what the server said.
  void Fail(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status FailHere(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  WriterShared& shared_;
  const ReplayWriterOptions& options_;
  grpc::ByteBuffer outgoing_;  // Used by the thread only.

  mutable Mutex mu_;
  WriterSession session_ ABSL_GUARDED_BY(mu_);
  ShardLink link_ ABSL_GUARDED_BY(mu_);
  StoreSearch search_ ABSL_GUARDED_BY(mu_);
  std::string writer_id_ ABSL_GUARDED_BY(mu_);
  // What keeps the stream under way from being of use.
  enum class Obstacle { kNone, kOtherStore, kForgotten };
  Obstacle obstacle_ ABSL_GUARDED_BY(mu_) = Obstacle::kNone;
  int64_t connections_ ABSL_GUARDED_BY(mu_) = 0;
  Instant next_drop_log_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status final_ ABSL_GUARDED_BY(mu_);
  absl::Status last_error_ ABSL_GUARDED_BY(mu_);

  Thread thread_;
};

}  // namespace recbots::replay
