// The stream of one writer: reads a hello, then blocks and commits, and writes acknowledgements.
//
// The next block is read when the last one is in the table, so a stream never holds more than one message (at most 8
// MiB) in our memory, whatever the writer does; its window keeps an honest writer from filling the transport's buffers.
// Rows are copied from the slices of the message straight into the table. Acknowledgements are coalesced: one is
// written at a time, with the state at the time of writing, so a writer that does not read them delays nothing. While a
// writer streams full blocks, an acknowledgement is written when half of its window is unacknowledged, or after
// ReplayServiceOptions::ack_delay. It is written after every block if the window has room for only a few blocks, and at
// once for rows that a caller waits for. If the limiter admits a block in several steps, its rows are acknowledged
// after ack_delay each time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/instant.h"
#include "recbots/v1/replay.pb.h"
#include "replay/service/stream.h"
#include "replay/service/stream_hub.h"
#include "replay/wire/insert_codec.h"

namespace recbots::replay {

class InsertStream final : public ServiceStream {
 public:
  InsertStream(StreamHub* hub, RpcCall* call);

  BlockedOn Resume() override ABSL_LOCKS_EXCLUDED(mu_);
  void OnReadDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnWriteDone(bool ok) override ABSL_LOCKS_EXCLUDED(mu_);
  void OnWindow() override ABSL_LOCKS_EXCLUDED(mu_);
  void OnCheckpoint() override ABSL_LOCKS_EXCLUDED(mu_);
  void OnAckTimer() override ABSL_LOCKS_EXCLUDED(mu_);
  void Describe(v1::InfoResponse& response) override ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // What the caller must do after releasing the lock.
  struct Next {
    BlockedOn park = BlockedOn::kNone;
    bool wake_samplers = false;
    bool announce_window = false;
  };
  Next ReadDoneLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Next AcceptHelloLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status OpenLocked(const v1::WriterHello& hello) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CommitLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  Next TakeBlockLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Inserts the admitted rows of the block, acknowledges them, and reads the next message when all are inserted.
  Next ApplyLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Refuses the whole block. Later blocks are dropped until one continues the sequence.
  void RefuseBlockLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ReadOnLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SetBlockedLocked(BlockedOn reason) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Writes an acknowledgement now, or when the write under way is over.
  void AcknowledgeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Writes an acknowledgement now, or a little later if the writer does not seem to wait for it. `complete` means that
  // all rows of the block are in the table.
  void AcknowledgeSoonLocked(bool complete) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void LastWordsLocked() override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Gone() override ABSL_LOCKS_EXCLUDED(mu_);

  const std::string peer_;

  InsertMessage message_ ABSL_GUARDED_BY(mu_);
  WriterId writer_id_ ABSL_GUARDED_BY(mu_) = {};
  std::string writer_name_ ABSL_GUARDED_BY(mu_);
  bool durable_ ABSL_GUARDED_BY(mu_) = false;
  int64_t acknowledged_rows_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t durable_rows_ ABSL_GUARDED_BY(mu_) = 0;
  int64_t weights_version_ ABSL_GUARDED_BY(mu_) = 0;
  Instant newest_block_ ABSL_GUARDED_BY(mu_);

  // The block being applied: the rows not yet in the table, the number of rows in the table, and the priorities of all.
  ByteRuns rows_ ABSL_GUARDED_BY(mu_);
  int64_t applied_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<float> priorities_ ABSL_GUARDED_BY(mu_);
  bool skipping_ ABSL_GUARDED_BY(mu_) = false;  // True after a refusal.

  BlockedOn blocked_on_ ABSL_GUARDED_BY(mu_) = BlockedOn::kNone;
  Instant blocked_since_ ABSL_GUARDED_BY(mu_);
  absl::Duration was_blocked_ ABSL_GUARDED_BY(mu_);  // Reported by the next acknowledgement.

  bool ack_due_ ABSL_GUARDED_BY(mu_) = false;    // One must follow the write under way.
  bool ack_later_ ABSL_GUARDED_BY(mu_) = false;  // The timer will call for one.
  int64_t said_rows_ ABSL_GUARDED_BY(mu_) = 0;
  bool greeted_ ABSL_GUARDED_BY(mu_) = false;
  int64_t said_window_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<v1::BlockRefusal> refused_block_ ABSL_GUARDED_BY(mu_);
  std::optional<v1::BlockRefusal> refused_commit_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots::replay
