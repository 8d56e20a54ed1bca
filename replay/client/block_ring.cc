#include "replay/client/block_ring.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "common/base/instant.h"
#include "common/base/log.h"

namespace recbots::replay {
namespace {

// The priorities of a block lie behind its rows, aligned.
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
                          absl::Span<const float> priorities, Instant now) {
  // A block is sealed as it is when rows of the other kind (with or without priorities) come.
  if (filling_rows() > 0 && At(sealed_).has_priorities != !priorities.empty()) Seal();
  if (full()) return 0;
  Block& block = At(sealed_);
  if (block.num_rows == 0) Begin(block, !priorities.empty());
  if (options_.age_step != absl::InfiniteDuration()) MarkAge(now);
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
  block.since = options_.clock->Now();
}

void BlockRing::Seal() {
  RECBOTS_CHECK(filling_rows() > 0);
  ++sealed_;
}

BlockRing::Outgoing BlockRing::Send(int64_t base, int64_t max_rows) {
  RECBOTS_CHECK(has_unsent());
  const Block& block = At(sent_);
  const auto skipped = static_cast<size_t>(sent_row_ - block.first_row);
  const auto num_rows = static_cast<size_t>(std::min(next_rows(), max_rows));
  const auto row_bytes = static_cast<size_t>(options_.row_bytes);
  Outgoing out;
  out.header.first_sequence = sent_row_ - base;
  out.header.num_rows = static_cast<int32_t>(num_rows);
  out.header.weights_version = block.weights_version;
  out.rows = block.buffer.slice.sub(skipped * row_bytes, (skipped + num_rows) * row_bytes);
  if (block.has_priorities) {
    out.priorities = block.buffer.slice.sub(priorities_offset_ + skipped * sizeof(float),
                                            priorities_offset_ + (skipped + num_rows) * sizeof(float));
  }
  sent_row_ += static_cast<int64_t>(num_rows);
  if (sent_row_ == EndOf(block)) ++sent_;
  sent_rows_ = std::max(sent_rows_, sent_row_);
  return out;
}

void BlockRing::Acknowledge(int64_t row) {
  acknowledged_ = std::max(acknowledged_, row);
  SkipSent(acknowledged_);
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
  sent_row_ = kept_from();
  SkipSent(acknowledged_);
  merged_ = 0;
}

void BlockRing::SkipSent(int64_t row) {
  sent_row_ = std::max(sent_row_, row);
  while (sent_ < sealed_ && EndOf(At(sent_)) <= sent_row_) ++sent_;
}

void BlockRing::Forget() {
  acknowledged_ = durable_ = kept_from();
  Rewind();
}

void BlockRing::Release() {
  const int64_t below = released_below();
  while (sealed_ > 0 && EndOf(At(0)) <= below) {
    Block& block = At(0);
    block.buffer = {};  // The pool gets it back once gRPC has released it as well.
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
  // gRPC may still hold memory of the block, but only in front of these rows.
  std::memcpy(block.buffer.data + block.num_rows * options_.row_bytes, next.buffer.data,
              static_cast<size_t>(next.num_rows * options_.row_bytes));
  if (block.has_priorities) {
    std::copy_n(PrioritiesOf(next), next.num_rows, PrioritiesOf(block) + block.num_rows);
  }
  block.num_rows += next.num_rows;
  block.weights_version = std::max(block.weights_version, next.weights_version);
  const int64_t last = full() ? sealed_ - 1 : sealed_;  // The block being filled moves as well.
  for (int64_t j = i + 1; j < last; ++j) At(j) = std::move(At(j + 1));
  At(last) = Block();
  --sealed_;
  --sent_;
  return true;
}

void BlockRing::MarkAge(Instant now) {
  while (marks_.size() > 1 && marks_[1].first_row <= sent_rows_) marks_.pop_front();
  if (marks_.empty() || marks_.back().since + options_.age_step <= now) marks_.push_back({appended_, now});
}

Instant BlockRing::UnsentSince(int64_t keep_below) const {
  const int64_t from = std::max(sent_rows_, keep_below);
  if (from >= appended_) return Instant::InfiniteFuture();
  const auto behind = std::find_if(marks_.begin(), marks_.end(), [from](const Mark& m) { return m.first_row > from; });
  return behind == marks_.begin() ? Instant::InfiniteFuture() : std::prev(behind)->since;
}

int64_t BlockRing::DropUnsent(Instant before, int64_t keep_below) {
  RECBOTS_CHECK(!options_.until_durable);
  const int64_t from = std::max(sent_rows_, keep_below);
  const auto behind = std::find_if(marks_.begin(), marks_.end(), [before](const Mark& m) { return m.since > before; });
  const int64_t to = behind == marks_.end() ? appended_ : std::min(behind->first_row, appended_);
  if (to <= from) return 0;
  const int64_t blocks = sealed_ + (filling_rows() > 0 ? 1 : 0);
  for (int64_t i = 0; i < blocks; ++i) Cut(At(i), from, to);
  CloseGaps();
  appended_ -= to - from;
  for (Mark& mark : marks_) mark.first_row -= std::clamp<int64_t>(mark.first_row - from, 0, to - from);
  return to - from;
}

void BlockRing::Cut(Block& block, int64_t from, int64_t to) {
  const int64_t end = EndOf(block);
  const int64_t first = std::clamp(from, block.first_row, end);
  const int64_t last = std::clamp(to, block.first_row, end);
  if (first < last && last < end) {  // gRPC holds nothing from `first` on.
    const auto rest = static_cast<size_t>(end - last);
    char* const data = block.buffer.data;
    std::memmove(data + (first - block.first_row) * options_.row_bytes,
                 data + (last - block.first_row) * options_.row_bytes, rest * static_cast<size_t>(options_.row_bytes));
    if (block.has_priorities) {
      float* const priorities = PrioritiesOf(block);
      std::memmove(priorities + (first - block.first_row), priorities + (last - block.first_row), rest * sizeof(float));
    }
  }
  block.num_rows -= last - first;
  block.first_row -= std::clamp<int64_t>(block.first_row - from, 0, to - from);
}

void BlockRing::CloseGaps() {
  const int64_t blocks = std::min(sealed_ + 1, options_.num_blocks);
  int64_t kept = 0;
  int64_t sealed = 0;
  for (int64_t i = 0; i < blocks; ++i) {
    if (At(i).num_rows > 0) {
      if (kept < i) At(kept) = std::exchange(At(i), Block());
      ++kept;
      if (i < sealed_) ++sealed;
    } else {
      At(i) = Block();
    }
  }
  sealed_ = sealed;
  SkipSent(sent_row_);
}

}  // namespace recbots::replay
