// Rows on their way to one shard: the session that keeps them, the stream that sends them, and the thread that keeps
// the stream up.
//
// The rows belong to a store, not to an address (store_directory.h): the writer moves to another address when its own
// is no longer listed, and looks for its store when another store answers. Only if the store is nowhere to be found, or
// has forgotten the writer, does the writer go on as a new one; acknowledged rows that are lost with the store are
// counted.
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
#include "common/rpc/client_stream.h"
#include "recbots/v1/replay.pb.h"
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
  // Drops the rows that are kept.
  ~ShardWriter();

  // Which shards may take rows: one that is connected and holds nothing back; any that is connected; any.
  enum class Pick { kReady, kConnected, kAny };
  // As WriterSession::Append, but takes nothing unless `pick` fits, nor, if `started`, unless a block is begun already.
  int64_t Append(const WriterSession::Rows& rows, Pick pick, bool started) ABSL_LOCKS_EXCLUDED(mu_);
  bool HasRoom(int64_t num_rows, Pick pick) ABSL_LOCKS_EXCLUDED(mu_);
  // Drops rows as WriterSession does. True: there were some.
  bool DropWaited() ABSL_LOCKS_EXCLUDED(mu_);
  Instant NextDrop() const ABSL_LOCKS_EXCLUDED(mu_);

  // Hurries the rows appended so far; returns their number, for AwaitFlushed.
  int64_t StartFlush() ABSL_LOCKS_EXCLUDED(mu_);
  // Waits until safe_rows() >= target. False: not by the deadline, or never (a final error, or stopped).
  bool AwaitFlushed(int64_t target, Instant deadline) ABSL_LOCKS_EXCLUDED(mu_);

  // Stop makes the stream end, with a farewell if no row is outstanding. AwaitStopped: true if the thread has finished.
  void Stop() ABSL_LOCKS_EXCLUDED(mu_);
  bool AwaitStopped(Instant deadline) ABSL_LOCKS_EXCLUDED(mu_);
  // Stops if no rows are kept; false: some are.
  bool Retire() ABSL_LOCKS_EXCLUDED(mu_);
  // Goes on at another address. Without effect while connected, or while searching for the store.
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

  // Connects, sends and reconnects until stopped, or until there is a final error.
  void Run() ABSL_LOCKS_EXCLUDED(mu_);
  // The channel for the next stream; nullptr: there is to be none.
  std::shared_ptr<grpc::Channel> BeginStream() ABSL_LOCKS_EXCLUDED(mu_);
  // Runs one stream from the call to its end, and returns why it ended.
  absl::Status RunStream(const std::shared_ptr<grpc::Channel>& channel) ABSL_LOCKS_EXCLUDED(mu_);
  // After a stream that ended with `status`: waits until it is time for the next one.
  void AwaitNext(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mu_);

  absl::Status Greet(Stream& stream) ABSL_LOCKS_EXCLUDED(mu_);
  // Decides from the store's first answer whether the rows belong there, and which of them are to be sent.
  absl::Status AcceptStore() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Waits for the next thing to send; none: the stream has ended, or is to end.
  std::optional<WriterSession::Step> AwaitStep(Stream& stream) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status EndStream(Stream& stream) ABSL_LOCKS_EXCLUDED(mu_);
  void OnAck(const v1::InsertAck& ack) ABSL_LOCKS_EXCLUDED(mu_);

  bool Ended() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return stopping_ || !final_.ok(); }
  bool MayTake(Pick pick) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Returns the time to wait before the next stream.
  absl::Duration AfterStream(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Duration Search(bool answered) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void StartAnew(int64_t known_rows) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Makes an error final. FailHere: an error that the server's answer shows; adds the address.
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
  // Why the current stream cannot be used.
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
