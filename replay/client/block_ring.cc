#include "replay/client/block_ring.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/base/instant.h"
#include "common/base/log.h"

namespace recbots::replay {
namespace {

// Rows of any size, then floats.
size_t PrioritiesOffset(const BlockRing::Options& options) {
  return (static_cast<size_t>(options.row_bytes * options.block_rows) + alignof(float) - 1) & ~(alignof(float) - 1);
}
size_t BufferBytes(const BlockRing::Options& options) {
  return PrioritiesOffset(options) + static_cast<size_t>(options.block_rows) * sizeof(float);
}

}  // namespace

BlockRing::BlockRing(const Options& options)
    : options_(options),
      priorities_offset_(PrioritiesOffset(options)),
      pool_(BufferBytes(options) * static_cast<size_t>(options.num_blocks)),
      blocks_(static_cast<size_t>(options.num_blocks)) {}

int64_t BlockRing::Append(const char* rows, int64_t num_rows, int64_t weights_version,
                          absl::Span<const float> priorities) {
  // A block of the other kind goes as it is.
  if (filling_rows() > 0 && At(sealed_).has_priorities != !priorities.empty()) Seal();
  if (full()) return 0;
  Block& block = At(sealed_);
  if (block.num_rows == 0) Begin(block, !priorities.empty());
  const int64_t taken = std::min(num_rows, options_.block_rows - block.num_rows);
  std::memcpy(block.buffer.data + block.num_rows * options_.row_bytes, rows,
              static_cast<size_t>(taken * options_.row_bytes));
  if (block.has_priorities) std::copy_n(priorities.data(), taken, PrioritiesOf(block) + block.num_rows);
  block.weights_version = weights_version;
  block.num_rows += taken;
  appended_ += taken;
  if (block.num_rows == options_.block_rows) Seal();
  return taken;
}

void BlockRing::Begin(Block& block, bool has_priorities) {
  block.buffer = pool_.Take(BufferBytes(options_));
  block.first_row = appended_;
  block.has_priorities = has_priorities;
  block.since = Instant::Now();
}

void BlockRing::Seal() {
  RECBOTS_CHECK(filling_rows() > 0);
  ++sealed_;
}

BlockRing::Outgoing BlockRing::Send(int64_t base) {
  RECBOTS_CHECK(has_unsent());
  const Block& block = At(sent_++);
  sent_rows_ = std::max(sent_rows_, EndOf(block));
  const auto num_rows = static_cast<size_t>(block.num_rows);
  Outgoing out;
  out.header.first_sequence = block.first_row - base;
  out.header.num_rows = static_cast<int32_t>(block.num_rows);
  out.header.weights_version = block.weights_version;
  out.rows = block.buffer.slice.sub(0, num_rows * static_cast<size_t>(options_.row_bytes));
  if (block.has_priorities) {
    out.priorities = block.buffer.slice.sub(priorities_offset_, priorities_offset_ + num_rows * sizeof(float));
  }
  return out;
}

int64_t BlockRing::bytes_in_flight() const {
  if (sent_ == 0) return 0;
  return std::max<int64_t>(0, EndOf(At(sent_ - 1)) - acknowledged_) * options_.row_bytes;
}

void BlockRing::Acknowledge(int64_t row) {
  acknowledged_ = std::max(acknowledged_, row);
  Release();
  if (options_.until_durable) Merge();
}

void BlockRing::SetDurable(int64_t row) {
  durable_ = std::max(durable_, std::min(row, acknowledged_));
  Release();
}

void BlockRing::Resume(int64_t acknowledged, int64_t durable) {
  RECBOTS_CHECK(acknowledged >= kept_from() && acknowledged <= std::max(sent_rows_, kept_from()));
  acknowledged_ = acknowledged;
  durable_ = std::min(durable, acknowledged);
  Release();
  Rewind();
}

void BlockRing::Rewind() {
  sent_ = 0;
  while (sent_ < sealed_ && EndOf(At(sent_)) <= acknowledged_) ++sent_;
  merged_ = 0;
}

void BlockRing::Forget() {
  acknowledged_ = durable_ = kept_from();
  Rewind();
}

void BlockRing::Release() {
  const int64_t below = released_below();
  while (sealed_ > 0 && EndOf(At(0)) <= below) {
    Block& block = At(0);
    block.buffer = {};  // Back to the pool, once gRPC lets go of it as well.
    block.num_rows = 0;
    oldest_ = (oldest_ + 1) % options_.num_blocks;
    --sealed_;
    if (sent_ > 0) --sent_;
    if (merged_ > 0) --merged_;
  }
}

void BlockRing::Merge() {
  while (merged_ + 1 < sent_ && EndOf(At(merged_ + 1)) <= acknowledged_) {
    if (!MergeWithNext(merged_)) ++merged_;
  }
}

bool BlockRing::MergeWithNext(int64_t i) {
  Block& block = At(i);
  const Block& next = At(i + 1);
  if (block.has_priorities != next.has_priorities || block.num_rows + next.num_rows > options_.block_rows) return false;
  // What gRPC may still hold of the block lies before these rows.
  std::memcpy(block.buffer.data + block.num_rows * options_.row_bytes, next.buffer.data,
              static_cast<size_t>(next.num_rows * options_.row_bytes));
  if (block.has_priorities) {
    std::copy_n(PrioritiesOf(next), next.num_rows, PrioritiesOf(block) + block.num_rows);
  }
  block.num_rows += next.num_rows;
  block.weights_version = std::max(block.weights_version, next.weights_version);
  const int64_t last = full() ? sealed_ - 1 : sealed_;  // The one being filled moves as well.
  for (int64_t j = i + 1; j < last; ++j) At(j) = std::move(At(j + 1));
  At(last) = Block();
  --sealed_;
  --sent_;
  return true;
}

}  // namespace recbots::replay
