// The rows that a writer has to keep, in the blocks in which they are sent: a fixed ring that is filled at one end,
// sent from in the middle and released at the other end.
//
//   oldest ... acknowledged, not durable | sent | sealed, not sent | being filled | free
//
// gRPC sends from the memory of the blocks, and may hold that memory longer than the ring does. Rows are numbered from
// 0 over the life of the ring. Rows that were never sent can be dropped: the rows behind them then take over their
// numbers, so that the numbers of sent rows have no gap. Not thread-safe: ShardWriter guards it.
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
    int64_t block_rows = 1;  // Rows of a full block.
    int64_t num_blocks = 1;
    bool until_durable = false;  // Keep rows until they are durable; otherwise until they are acknowledged.
    // How exactly the ring remembers when rows came. Infinite: not at all; then do not call DropUnsent.
    absl::Duration age_step = absl::InfiniteDuration();
    Clock* clock = &Clock::Real();
  };
  explicit BlockRing(const Options& options);

  // Copies as many rows as fit into the block being filled, and seals the block when it is full. Returns how many; 0:
  // there is no room. `priorities` has one per row, or is empty; a block has priorities for all of its rows or for
  // none. `now` is needed only with an age_step.
  int64_t Append(const char* rows, int64_t num_rows, int64_t weights_version, absl::Span<const float> priorities,
                 Instant now = Instant());
  // Seals the block being filled. Requires filling_rows() > 0.
  void Seal();

  bool full() const { return sealed_ == options_.num_blocks; }
  // After the ring was full: whether there is enough room to wake those who wait for some.
  bool roomy() const { return sealed_ <= options_.num_blocks * 3 / 4; }
  bool half_full() const { return sealed_ >= (options_.num_blocks + 1) / 2; }
  int64_t filling_rows() const { return full() ? 0 : At(sealed_).num_rows; }
  // When the first row of the block being filled was appended. Requires filling_rows() > 0.
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
  // Rows that are sent and not yet acknowledged.
  int64_t rows_in_flight() const { return std::max<int64_t>(0, sent_row_ - acknowledged_); }

  // Drops the rows from `keep_below` on that were never sent and came until `before`. Returns how many: the numbers of
  // the rows behind them fall by this many. Not with until_durable.
  int64_t DropUnsent(Instant before, int64_t keep_below);
  // When the oldest row that DropUnsent could drop was appended; InfiniteFuture: there is none.
  Instant UnsentSince(int64_t keep_below) const;

  // Rows below `row` are acknowledged, or durable: frees the blocks that need not be kept any longer. Only acknowledged
  // rows can become durable.
  void Acknowledge(int64_t row);
  void SetDurable(int64_t row);
  // A new stream began, and the store said which rows it has (perhaps fewer than before): the rest is to be sent again.
  // Requires kept_from() <= acknowledged <= sent_rows().
  void Resume(int64_t acknowledged, int64_t durable);
  // All rows that are not acknowledged are to be sent again.
  void Rewind();
  // None of the rows that are kept counts as acknowledged any more.
  void Forget();

  int64_t appended_rows() const { return appended_; }
  int64_t acknowledged_rows() const { return acknowledged_; }
  int64_t durable_rows() const { return durable_; }
  // The first row that is kept: all rows below it are released.
  int64_t kept_from() const { return At(0).num_rows > 0 ? At(0).first_row : appended_; }
  // Rows from this one on have to be kept.
  int64_t released_below() const { return options_.until_durable ? durable_ : acknowledged_; }
  // One past the last row sent on any stream; the store cannot have acknowledged more.
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
  // Rows from `first_row` to the next mark came at `since` or up to an age_step later.
  struct Mark {
    int64_t first_row = 0;
    Instant since;
  };

  // The i-th block, counted from the oldest.
  Block& At(int64_t i) { return blocks_[static_cast<size_t>((oldest_ + i) % options_.num_blocks)]; }
  const Block& At(int64_t i) const { return const_cast<BlockRing*>(this)->At(i); }
  static int64_t EndOf(const Block& block) { return block.first_row + block.num_rows; }
  float* PrioritiesOf(const Block& block) const {
    return reinterpret_cast<float*>(block.buffer.data + priorities_offset_);
  }
  void Begin(Block& block, bool has_priorities);
  void Release();
  // Goes on sending at `row` unless a later row is next anyway.
  void SkipSent(int64_t row);
  // Remembers that the next rows come at `now`.
  void MarkAge(Instant now);
  // Takes the rows from..to - 1 out of a block, and renumbers the rest.
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
  int64_t sent_ = 0;      // How many of the sealed blocks are sent completely.
  int64_t sent_row_ = 0;  // The next row to send.
  int64_t appended_ = 0;
  int64_t acknowledged_ = 0;
  int64_t durable_ = 0;
  int64_t merged_ = 0;  // How many blocks, from the oldest on, Merge is done with.
  int64_t sent_rows_ = 0;
  std::deque<Mark> marks_;  // Of the rows that were never sent; the first mark may begin before them.
};

}  // namespace recbots::replay
