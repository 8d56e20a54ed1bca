// The rows that a writer has for one shard, and all decisions of ShardWriter about them: which rows are taken, sent,
// sent again, dropped or lost, and when a commit or a flush is due.
//
// Rows are numbered over the life of the session. The store knows them by sequence numbers, which begin with 0 again
// whenever the session goes on as a new writer.
//
// Plain bookkeeping: knows no network. Not thread-safe: ShardWriter guards it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/clock.h"
#include "common/base/instant.h"
#include "recbots/v1/replay.pb.h"
#include "replay/client/block_ring.h"
#include "replay/client/replay_writer.h"

namespace recbots::replay {

class WriterSession {
 public:
  // The options and the clock outlive this.
  WriterSession(const ReplayWriterOptions* options, int64_t row_bytes, Clock* clock = &Clock::Real());

  struct Rows {
    const char* data;
    int64_t count;
    int64_t weights_version;
    absl::Span<const float> priorities;  // One per row, or none.
  };
  // Copies rows into the block being filled, at most up to its end, and returns how many.
  int64_t Append(const Rows& rows);
  // Whether Append would take num_rows rows, if the ring can hold this many at all. From then on this many may wait to
  // be sent, whatever the share.
  bool HasRoom(int64_t num_rows);
  // True, once, if rows for which there was no room would find some now.
  bool TakeRoomNews();
  // Whether the block being filled has rows.
  bool filling() const { return ring_.filling_rows() > 0; }

  // Drops rows that have waited behind the limiter for longer than max_waiting and were never sent; returns how many.
  int64_t DropWaited();
  // When to call DropWaited next; InfiniteFuture: not in the present state.
  Instant NextDrop() const;

  // Hurries the rows appended so far; returns their number.
  int64_t StartFlush();
  // Rows below this number are acknowledged: in the table or, for durable writers, in a checkpoint.
  int64_t safe_rows() const { return ring_.released_below(); }
  // Whether no row has to be kept: safe_rows() covers all of them.
  bool idle() const { return ring_.released_below() >= ring_.appended_rows(); }
  int64_t waiting_rows() const { return ring_.appended_rows() - ring_.acknowledged_rows(); }

  // A stream began; what was said on earlier ones no longer counts.
  void BeginStream();
  // Takes a message from the store. An error is final: the message breaks the protocol, or refuses rows for good.
  absl::Status OnAck(const v1::InsertAck& ack);
  // Whether the store has answered, and thereby said which one it is.
  bool answered() const { return ack_.has_value(); }
  uint64_t answering_store() const { return answering_store_; }
  // The rows belong to the store that answered: those it does not have will be sent.
  //   ABORTED  the store does not know rows that it had acknowledged; call StartAnew
  //   others   as OnAck
  absl::Status Accept();
  // The stream ended, after Accept.
  void EndStream();
  // Goes on as a new writer, whose row 0 is the oldest row kept; returns how many acknowledged rows are lost with the
  // store, which still has the first `known_rows` of them.
  int64_t StartAnew(int64_t known_rows);
  // How many rows the store said last that it has.
  int64_t known_rows() const { return ack_->acknowledged_rows(); }

  // What to send next. Between Accept and EndStream the sender calls BeginLook, waits until HasStep or until the time
  // that BeginLook returned, and calls NextStep. `can_write`: the stream takes a message now.
  struct Step {
    enum class Kind { kWait, kBlock, kCommit, kFlush };
    Kind kind = Kind::kWait;
    BlockRing::Outgoing block = {};
  };
  // Returns when to begin the next look even if nothing has happened.
  Instant BeginLook();
  bool HasStep(bool can_write) const;
  // The step that it returns counts as sent.
  Step NextStep(bool can_write);

  BlockedOn blocked_on() const { return stats_.blocked_on; }
  int64_t resent_blocks() const { return stats_.resent_blocks; }
  ReplayWriterStats stats() const;

 private:
  absl::Status CheckPossible(const v1::InsertAck& ack) const;
  absl::Status OnRefusal(const v1::BlockRefusal& refusal);
  // How many of the next `rows` rows may be sent now, in one block.
  int64_t MaySend(int64_t rows) const;
  bool MustCommit() const;
  // A caller waits for blocks that had been sent before it began to wait.
  bool MustFlush() const;
  // Whether the block being filled is to be sent: it is old enough, or being flushed.
  bool IsDue() const;
  // The first row of the block being filled.
  int64_t FillingFrom() const { return ring_.appended_rows() - ring_.filling_rows(); }
  // How many rows may be in the ring without being acknowledged, by this writer's share; kAnyNumber: there is no limit.
  int64_t Share() const;
  // How many rows may be appended now: up to the share, or until as many are unsent as HasRoom last asked for.
  int64_t Room() const {
    return std::max(Share() - waiting_rows(), asked_rows_ - (ring_.appended_rows() - ring_.sent_now()));
  }
  // Makes TakeRoomNews return true once this many rows find room.
  void WantRoom(int64_t num_rows);
  // Whether the limiter, or a full table, holds rows up.
  bool Held() const;
  bool Drops() const { return !options_.durable && options_.max_waiting != absl::InfiniteDuration(); }

  const ReplayWriterOptions& options_;
  const int64_t row_bytes_;
  Clock& clock_;
  BlockRing ring_;
  int64_t base_ = 0;         // The row that has sequence number 0 of the present writer.
  int64_t flush_to_ = 0;     // A caller waits for the rows below this number.
  int64_t asked_rows_ = 0;   // The number of rows in the newest call of HasRoom.
  int64_t wanted_rows_ = 0;  // The fewest rows for which a caller found no room; 0: there was room for all.
  int refusals_in_row_ = 0;
  ReplayWriterStats stats_;

  // Of the current stream.
  std::optional<v1::InsertAck> ack_;  // The newest.
  uint64_t answering_store_ = 0;      // As the first acknowledgement said.
  bool accepted_ = false;
  int64_t flush_told_ = 0;     // The server knows that a caller waits for the rows below this number.
  int64_t commit_covers_ = 0;  // The newest commit covers the rows below this number.
  Instant commit_sent_;

  // Of the newest look.
  bool was_due_ = false;
  bool had_unsent_ = false;
  bool window_used_ = false;
};

}  // namespace recbots::replay
