// The rows a writer has to keep, in the blocks in which they are sent: a fixed ring, filled at one end, sent from the
// middle, released at the other end.
//
//   oldest ... acknowledged, not durable | sent | sealed, not sent | being filled | free
//
// Rows lie in memory that gRPC sends from, and that it may still hold when the block is gone. Rows are numbered from 0
// over the life of the ring. Rows that were never sent can be dropped: then those behind them take over their numbers,
// so that what is sent has no gap. Not thread-safe: ShardWriter guards it.
#pragma once

#include <grpcpp/support/slice.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <vector>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "common/base/clock.h"
#include "common/base/instant.h"
#include "replay/wire/insert_codec.h"
#include "replay/wire/slice_pool.h"

namespace recbots::replay {

class BlockRing {
 public:
  struct Options {
    int64_t row_bytes = 1;
    int64_t block_rows = 1;  // In a full block.
    int64_t num_blocks = 1;
    bool until_durable = false;  // Keep rows until they are durable; otherwise until they are acknowledged.
    // How exactly it is known when rows came. Infinite: not at all, and DropUnsent is not to be called.
    absl::Duration age_step = absl::InfiniteDuration();
    Clock* clock = &Clock::Real();
  };
  explicit BlockRing(const Options& options);

  // Copies what fits into the block being filled and seals it when it is full; 0: there is no room. A block has
  // priorities for all of its rows or for none: `priorities` has one per row, or is empty. `now`: with an age_step.
  int64_t Append(const char* rows, int64_t num_rows, int64_t weights_version, absl::Span<const float> priorities,
                 Instant now = Instant());
  // Seals the block being filled. Requires filling_rows() > 0.
  void Seal();

  bool full() const { return sealed_ == options_.num_blocks; }
  // After the ring was full: room enough that it is worth waking somebody.
  bool roomy() const { return sealed_ <= options_.num_blocks * 3 / 4; }
  bool half_full() const { return sealed_ >= (options_.num_blocks + 1) / 2; }
  int64_t filling_rows() const { return full() ? 0 : At(sealed_).num_rows; }
  // When the first row of the block being filled came. Requires filling_rows() > 0.
  Instant filling_since() const { return At(sealed_).since; }
  bool has_unsent() const { return sent_ < sealed_; }

  struct Outgoing {
    BlockHeader header;  // Without the checksum.
    grpc::Slice rows;
    grpc::Slice priorities;  // Empty: none.
  };
  // The next block to send, or its first max_rows rows; its first_sequence is relative to row `base`. They count as
  // sent. Requires has_unsent().
  Outgoing Send(int64_t base, int64_t max_rows = kMaxBlockRows);
  // Rows in the next block to send. Requires has_unsent().
  int64_t next_rows() const { return EndOf(At(sent_)) - sent_row_; }
  // Rows sent and not acknowledged.
  int64_t rows_in_flight() const { return std::max<int64_t>(0, sent_row_ - acknowledged_); }

  // Drops rows that came until `before` and were never sent, but none below row `keep_below`. Returns how many: by that
  // many the numbers of the rows behind them fall. Not with until_durable.
  int64_t DropUnsent(Instant before, int64_t keep_below);
  // When the oldest row came that DropUnsent could drop; InfiniteFuture: there is none.
  Instant UnsentSince(int64_t keep_below) const;

  // Rows below `row` are acknowledged, durable: frees the blocks that end there. Durable ones are acknowledged ones.
  void Acknowledge(int64_t row);
  void SetDurable(int64_t row);
  // A new stream, on which the store said what it has (which may be less than it had): the rest has to be sent again.
  // Requires kept_from() <= acknowledged <= sent_rows().
  void Resume(int64_t acknowledged, int64_t durable);
  // What is not acknowledged has to be sent again.
  void Rewind();
  // Nothing that is kept is acknowledged any more.
  void Forget();

  int64_t appended_rows() const { return appended_; }
  int64_t acknowledged_rows() const { return acknowledged_; }
  int64_t durable_rows() const { return durable_; }
  // Every row below is released, none from here on.
  int64_t kept_from() const { return At(0).num_rows > 0 ? At(0).first_row : appended_; }
  // What has to go on being kept.
  int64_t released_below() const { return options_.until_durable ? durable_ : acknowledged_; }
  // One past the last row sent on any stream; what is acknowledged cannot be beyond it.
  int64_t sent_rows() const { return sent_rows_; }
  // One past the last row sent since the last Resume, Rewind or Forget.
  int64_t sent_now() const { return sent_row_; }

 private:
  struct Block {
    SlicePool::Buffer buffer;  // Rows, then priorities.
    int64_t first_row = 0;
    int64_t num_rows = 0;
    int64_t weights_version = 0;
    bool has_priorities = false;
    Instant since;
  };
  // Rows from `first_row` on came at `since` or up to an age_step later, as far as to the next mark.
  struct Mark {
    int64_t first_row = 0;
    Instant since;
  };

  // The i-th block from the oldest on.
  Block& At(int64_t i) { return blocks_[static_cast<size_t>((oldest_ + i) % options_.num_blocks)]; }
  const Block& At(int64_t i) const { return const_cast<BlockRing*>(this)->At(i); }
  static int64_t EndOf(const Block& block) { return block.first_row + block.num_rows; }
  float* PrioritiesOf(const Block& block) const {
    return reinterpret_cast<float*>(block.buffer.data + priorities_offset_);
  }
  void Begin(Block& block, bool has_priorities);
  void Release();
  // Rows below `row` need not be sent.
  void SkipSent(int64_t row);
  // Notes when the next rows come.
  void MarkAge(Instant now);
  // Takes rows from..to - 1 out of a block, and renumbers it.
  void Cut(Block& block, int64_t from, int64_t to);
  // Takes blocks without rows out of the ring.
  void CloseGaps();
  // Puts acknowledged blocks that were sealed early together, so that a ring that waits for a checkpoint is full of
  // rows and not of half-empty blocks.
  void Merge();
  bool MergeWithNext(int64_t i);

  const Options options_;
  const size_t priorities_offset_;
  SlicePool pool_;
  std::vector<Block> blocks_;
  int64_t oldest_ = 0;
  int64_t sealed_ = 0;
  int64_t sent_ = 0;      // Of the sealed ones: all of their rows.
  int64_t sent_row_ = 0;  // The next row to send.
  int64_t appended_ = 0;
  int64_t acknowledged_ = 0;
  int64_t durable_ = 0;
  int64_t merged_ = 0;  // Blocks from the oldest on that were looked at by Merge.
  int64_t sent_rows_ = 0;
  std::deque<Mark> marks_;  // Of rows that were never sent; the first may begin before them.
};

}  // namespace recbots::replay
