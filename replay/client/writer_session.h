// The rows that a writer has for one shard, and what follows for them from what happens: which rows are taken, sent,
// sent again, dropped or lost, and when a commit or a flush is due. All decisions of ShardWriter about rows.
//
// Rows are numbered over the life of the session. For the store they have sequence numbers, which begin with 0 again
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
  // Copies rows into the block being filled, at most to its end. The result is the number taken; 0: none.
  int64_t Append(const Rows& rows);
  // Whether Append would take this many, if they are at most what the ring can hold. From then on that many may wait to
  // be sent, whatever the share.
  bool HasRoom(int64_t num_rows);
  // Rows for which there was no room would find some now; true once.
  bool TakeRoomNews();
  // The block being filled has rows.
  bool filling() const { return ring_.filling_rows() > 0; }

  // Drops rows that have waited behind the limiter for longer than max_waiting and were never sent; returns how many.
  int64_t DropWaited();
  // When to try that next; InfiniteFuture: as things are, never.
  Instant NextDrop() const;

  // Hurries what was appended so far; returns its number of rows.
  int64_t StartFlush();
  // Rows below this number are acknowledged: in the table or, for durable writers, in a checkpoint.
  int64_t safe_rows() const { return ring_.released_below(); }
  // Every row is where it should be: nothing is kept.
  bool idle() const { return ring_.released_below() >= ring_.appended_rows(); }
  int64_t waiting_rows() const { return ring_.appended_rows() - ring_.acknowledged_rows(); }

  // A stream began: nothing of an earlier one counts.
  void BeginStream();
  // Takes a message of the store. An error is final: the message breaks the protocol, or refuses rows for good.
  absl::Status OnAck(const v1::InsertAck& ack);
  // The store has answered, and said which it is.
  bool answered() const { return ack_.has_value(); }
  uint64_t answering_store() const { return answering_store_; }
  // Takes the store for the one that rows belong to: what it does not have is sent.
  //   ABORTED  it does not know rows that it had acknowledged: StartAnew
  //   others   as OnAck
  absl::Status Accept();
  // The stream ended, after Accept.
  void EndStream();
  // Goes on as another writer, whose row 0 is the oldest row kept; returns how many acknowledged rows are lost with the
  // store. `known_rows`: how many of the rows that it acknowledged it still has.
  int64_t StartAnew(int64_t known_rows);
  // What the store said last that it has.
  int64_t known_rows() const { return ack_->acknowledged_rows(); }

  // What to send next. Between Accept and EndStream the sender looks, waits until it has a step or until the look is
  // out of date, and takes the step. `can_write`: the stream takes a message.
  struct Step {
    enum class Kind { kWait, kBlock, kCommit, kFlush };
    Kind kind = Kind::kWait;
    BlockRing::Outgoing block = {};
  };
  // Returns when to look again although nothing happened.
  Instant BeginLook();
  bool HasStep(bool can_write) const;
  // What it returns counts as sent.
  Step NextStep(bool can_write);

  BlockedOn blocked_on() const { return stats_.blocked_on; }
  int64_t resent_blocks() const { return stats_.resent_blocks; }
  ReplayWriterStats stats() const;

 private:
  absl::Status CheckPossible(const v1::InsertAck& ack) const;
  absl::Status OnRefusal(const v1::BlockRefusal& refusal);
  // How many of `rows` rows that are next may be sent now, in one block.
  int64_t MaySend(int64_t rows) const;
  bool MustCommit() const;
  // A caller waits for blocks that had been sent before it began to wait.
  bool MustFlush() const;
  // The block being filled has to go: it is old enough or being flushed.
  bool IsDue() const;
  // First row of the block being filled.
  int64_t FillingFrom() const { return ring_.appended_rows() - ring_.filling_rows(); }
  // Rows that may be in the ring and not acknowledged, by this writer's share; kAnyNumber: any.
  int64_t Share() const;
  // Rows that may be appended now: to the share, or, as HasRoom asked for, to that many that are not sent.
  int64_t Room() const {
    return std::max(Share() - waiting_rows(), asked_rows_ - (ring_.appended_rows() - ring_.sent_now()));
  }
  // Asks for news when that many rows find room.
  void WantRoom(int64_t num_rows);
  // The limiter, or a full table, holds rows up.
  bool Held() const;
  bool Drops() const { return !options_.durable && options_.max_waiting != absl::InfiniteDuration(); }

  const ReplayWriterOptions& options_;
  const int64_t row_bytes_;
  Clock& clock_;
  BlockRing ring_;
  int64_t base_ = 0;         // Row that is sequence number 0 of the present writer.
  int64_t flush_to_ = 0;     // A caller waits for the rows below this number.
  int64_t asked_rows_ = 0;   // By the newest HasRoom.
  int64_t wanted_rows_ = 0;  // The fewest rows for which a caller found no room; 0: there was room for all.
  int refusals_in_row_ = 0;
  ReplayWriterStats stats_;

  // Of the stream under way.
  std::optional<v1::InsertAck> ack_;  // Newest.
  uint64_t answering_store_ = 0;      // By the first.
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
