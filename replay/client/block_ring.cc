#include "replay/client/block_ring.h"

#include <algorithm>
#include <string>

#include "absl/time/clock.h"
#include "common/base/crc32c.h"
#include "common/base/log.h"

namespace recbots::replay {

BlockRing::BlockRing(int64_t row_bytes, int64_t block_rows, int64_t num_blocks)
    : row_bytes_(row_bytes), block_rows_(block_rows), blocks_(static_cast<size_t>(num_blocks)) {
  for (Block& block : blocks_) {
    block.message.mutable_block()->mutable_rows()->reserve(static_cast<size_t>(row_bytes * block_rows));
  }
}

int64_t BlockRing::Append(const char* rows, int64_t num_rows, int64_t weights_version) {
  if (full()) return 0;
  Block& block = At(sealed_);
  if (block.num_rows == 0) {
    block.first_row = appended_;
    block.since = absl::Now();
  }
  const int64_t taken = std::min(num_rows, block_rows_ - block.num_rows);
  block.message.mutable_block()->mutable_rows()->append(rows, static_cast<size_t>(taken * row_bytes_));
  block.message.mutable_block()->set_weights_version(weights_version);
  block.num_rows += taken;
  appended_ += taken;
  if (block.num_rows == block_rows_) Seal();
  return taken;
}

void BlockRing::Seal() {
  RECBOTS_CHECK(filling_rows() > 0);
  ++sealed_;
}

v1::InsertRequest& BlockRing::Send(int64_t base) {
  RECBOTS_CHECK(has_unsent());
  Block& block = At(sent_++);
  v1::InsertBlock& message = *block.message.mutable_block();
  message.set_first_sequence(block.first_row - base);
  message.set_num_rows(static_cast<int32_t>(block.num_rows));
  sent_rows_ = std::max(sent_rows_, block.first_row + block.num_rows);
  return block.message;
}

void BlockRing::AddChecksum(v1::InsertRequest& request) {
  request.mutable_block()->set_crc32c(Crc32c(request.block().rows()));
}

int64_t BlockRing::bytes_in_flight() const {
  if (sent_ == 0) return 0;
  const Block& last = At(sent_ - 1);
  return std::max<int64_t>(0, last.first_row + last.num_rows - acknowledged_) * row_bytes_;
}

int64_t BlockRing::Forget() {
  acknowledged_ = At(0).num_rows > 0 ? At(0).first_row : appended_;
  return acknowledged_;
}

void BlockRing::Release(int64_t row, bool last_sent_is_being_written) {
  acknowledged_ = std::max(acknowledged_, row);
  while (sealed_ > 0 && At(0).first_row + At(0).num_rows <= acknowledged_) {
    if (last_sent_is_being_written && sent_ == 1) return;
    Block& block = At(0);
    block.message.mutable_block()->mutable_rows()->clear();
    block.num_rows = 0;
    oldest_ = (oldest_ + 1) % static_cast<int64_t>(blocks_.size());
    --sealed_;
    if (sent_ > 0) --sent_;
  }
}

}  // namespace recbots::replay
