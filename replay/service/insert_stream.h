// One writer's stream: hello, then blocks and commits in, acknowledgements out.
//
// The next block is read when the last one is in the table, so a stream never holds more than one message of ours (8
// MiB at most) whatever the writer does; the window it is told keeps honest writers from filling the transport's
// buffers. Rows go from the slices in which a message came straight into the table. Acknowledgements are coalesced: one
// is written at a time, and says what is so when it is written; a writer that does not read them holds nothing up.
// While a writer streams full blocks, one is written for every half of its window, or two milliseconds later; for every
// block where the window is but a few of them; at once for rows that somebody waits for. Rows of a block that comes in
// bit by bit, as the limiter lets them, are acknowledged every two milliseconds.
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
  // What is to be done once the lock is free.
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
  // Puts what is admitted of the block into the table, acknowledges it, and reads on when all is in.
  Next ApplyLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Refuses the block whole; what comes behind it is dropped until the sequence is continued.
  void RefuseBlockLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ReadOnLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SetBlockedLocked(BlockedOn reason) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Writes an acknowledgement, now or when the one under way is written.
  void AcknowledgeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The same, or a little later when no writer seems to wait for it. `complete`: all of the block is in the table.
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

  // The block being applied: its rows not yet in the table, how many are, and priorities of all.
  ByteRuns rows_ ABSL_GUARDED_BY(mu_);
  int64_t applied_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<float> priorities_ ABSL_GUARDED_BY(mu_);
  bool skipping_ ABSL_GUARDED_BY(mu_) = false;  // After a refusal.

  BlockedOn blocked_on_ ABSL_GUARDED_BY(mu_) = BlockedOn::kNone;
  Instant blocked_since_ ABSL_GUARDED_BY(mu_);
  absl::Duration was_blocked_ ABSL_GUARDED_BY(mu_);  // Before the next acknowledgement, which says it.

  bool ack_due_ ABSL_GUARDED_BY(mu_) = false;    // One has to follow the write under way.
  bool ack_later_ ABSL_GUARDED_BY(mu_) = false;  // The timer was asked for one.
  int64_t said_rows_ ABSL_GUARDED_BY(mu_) = 0;
  bool greeted_ ABSL_GUARDED_BY(mu_) = false;
  int64_t said_window_ ABSL_GUARDED_BY(mu_) = 0;
  std::optional<v1::BlockRefusal> refused_block_ ABSL_GUARDED_BY(mu_);
  std::optional<v1::BlockRefusal> refused_commit_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots::replay
