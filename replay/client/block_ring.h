// The rows a writer has not yet had acknowledged, in the blocks in which they are sent: a fixed ring, filled at one
// end, sent from the middle, released at the other end.
//
//   oldest ... sent | sealed, not sent | being filled | free
//
// Rows are numbered from 0 over the life of the ring. Not thread-safe: ReplayWriter guards it.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "recbots/v1/replay.pb.h"

namespace recbots::replay {

class BlockRing {
 public:
  // One row's bytes, rows in a full block, blocks. All at least 1.
  BlockRing(int64_t row_bytes, int64_t block_rows, int64_t num_blocks);

  // Copies what fits into the block being filled and seals it when full; 0: all blocks are sealed.
  int64_t Append(const char* rows, int64_t num_rows, int64_t weights_version);
  // Seals the block being filled. Requires filling_rows() > 0.
  void Seal();

  // After the ring was full: room enough that it is worth waking somebody.
  bool roomy() const { return sealed_ <= static_cast<int64_t>(blocks_.size()) * 3 / 4; }
  bool full() const { return sealed_ == static_cast<int64_t>(blocks_.size()); }
  int64_t filling_rows() const { return full() ? 0 : At(sealed_).num_rows; }
  // When the first row of the block being filled came. Requires filling_rows() > 0.
  absl::Time filling_since() const { return At(sealed_).since; }
  bool has_unsent() const { return sent_ < sealed_; }

  // The next block to send, its first_sequence relative to row `base`; it counts as sent. Requires has_unsent(). Until
  // it is released the message is the caller's, who adds the checksum.
  v1::InsertRequest& Send(int64_t base);
  // Makes the block ready for the wire.
  static void AddChecksum(v1::InsertRequest& request);
  // Bytes of rows in the next block to send. Requires has_unsent().
  int64_t next_bytes() const { return At(sent_).num_rows * row_bytes_; }
  // Bytes sent and not acknowledged.
  int64_t bytes_in_flight() const;
  // All that is left has to be sent again.
  void Rewind() { sent_ = 0; }

  // Nothing that is kept is acknowledged any more; returns the first row kept, appended_rows() when there is none.
  int64_t Forget();

  // Rows below `row` are acknowledged: frees the blocks that end there, but not the last one sent while it is being
  // written.
  void Release(int64_t row, bool last_sent_is_being_written);

  int64_t appended_rows() const { return appended_; }
  int64_t acknowledged_rows() const { return acknowledged_; }
  // One past the last row sent on any stream; what is acknowledged cannot be beyond it.
  int64_t sent_rows() const { return sent_rows_; }

 private:
  struct Block {
    v1::InsertRequest message;
    int64_t first_row = 0;
    int64_t num_rows = 0;
    absl::Time since;
  };

  // The i-th block from the oldest on.
  Block& At(int64_t i) { return blocks_[static_cast<size_t>((oldest_ + i) % static_cast<int64_t>(blocks_.size()))]; }
  const Block& At(int64_t i) const { return const_cast<BlockRing*>(this)->At(i); }

  const int64_t row_bytes_;
  const int64_t block_rows_;
  std::vector<Block> blocks_;
  int64_t oldest_ = 0;
  int64_t sealed_ = 0;
  int64_t sent_ = 0;  // Of the sealed ones.
  int64_t appended_ = 0;
  int64_t acknowledged_ = 0;
  int64_t sent_rows_ = 0;
};

}  // namespace recbots::replay
