#include "replay/table/slab.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/base/log.h"
#include "common/base/status_macros.h"

namespace recbots::replay {
namespace {

constexpr size_t kChunksPerSegment = Slab::kSegmentBytes / Slab::kChunkBytes;

size_t Divide(size_t bytes, int64_t part) {
  return (bytes + static_cast<size_t>(part) - 1) / static_cast<size_t>(part);
}

}  // namespace

absl::StatusOr<Slab> Slab::Create(size_t bytes) {
  Slab slab;
  RECBOTS_ASSIGN_OR_RETURN(slab.memory_, MappedMemory::Create(bytes, "slab"));
  slab.dirty_.resize(Divide(bytes, kSegmentBytes));
  slab.cut_segments_.resize(slab.dirty_.size());
  slab.writable_.resize(Divide(bytes, kChunkBytes));
  slab.needed_.resize(slab.writable_.size());
  slab.copies_.resize(slab.writable_.size());
  return slab;
}

Slab::~Slab() {
  if (in_cut_) EndCut(/*kept=*/false);
}

bool Slab::TouchChunk(size_t chunk) {
  if (needed_[chunk] != 0 && copies_[chunk] == nullptr) {
    char* const copy = pool_ != nullptr ? pool_->Take() : new char[kChunkBytes];
    if (copy == nullptr) return false;
    std::memcpy(copy, data() + chunk * kChunkBytes, static_cast<size_t>(CutBytesOf(chunk)));
    copies_[chunk] = copy;
  }
  dirty_[chunk / kChunksPerSegment] = 1;
  writable_[chunk] = 1;
  return true;
}

void Slab::BeginCut(int64_t used_bytes) {
  RECBOTS_CHECK(!in_cut_) << "one cut at a time";
  in_cut_ = true;
  cut_bytes_ = used_bytes;
  const size_t used_segments = Divide(static_cast<size_t>(used_bytes), kSegmentBytes);
  for (size_t segment = 0; segment < used_segments; ++segment) {
    cut_segments_[segment] = std::exchange(dirty_[segment], uint8_t{0});
  }
  std::fill(writable_.begin(), writable_.end(), uint8_t{0});
  const size_t used_chunks = Divide(static_cast<size_t>(used_bytes), kChunkBytes);
  for (size_t chunk = 0; chunk < used_chunks; ++chunk) needed_[chunk] = cut_segments_[chunk / kChunksPerSegment];
}

std::vector<int64_t> Slab::dirty_segments() const {
  const std::vector<uint8_t>& noted = in_cut_ ? cut_segments_ : dirty_;
  std::vector<int64_t> segments;
  for (size_t i = 0; i < noted.size(); ++i) {
    if (noted[i] != 0) segments.push_back(static_cast<int64_t>(i));
  }
  return segments;
}

int64_t Slab::CutBytesOf(size_t chunk) const {
  return std::clamp<int64_t>(cut_bytes_ - static_cast<int64_t>(chunk) * kChunkBytes, 0, kChunkBytes);
}

int64_t Slab::ReadChunk(int64_t chunk, char* to) {
  const auto i = static_cast<size_t>(chunk);
  RECBOTS_CHECK(in_cut_ && i < needed_.size() && needed_[i] != 0) << "chunk " << chunk << " is in no cut or was read";
  const char* const from = copies_[i] != nullptr ? copies_[i] : data() + i * kChunkBytes;
  const int64_t bytes = CutBytesOf(i);
  std::memcpy(to, from, static_cast<size_t>(bytes));
  FreeCopy(i);
  needed_[i] = 0;
  return bytes;
}

void Slab::FreeCopy(size_t chunk) {
  char* const copy = std::exchange(copies_[chunk], nullptr);
  if (copy == nullptr) return;
  if (pool_ != nullptr) {
    pool_->GiveBack(copy);
  } else {
    delete[] copy;
  }
}

void Slab::EndCut(bool kept) {
  RECBOTS_CHECK(in_cut_) << "there is no cut to end";
  in_cut_ = false;
  for (size_t chunk = 0; chunk < needed_.size(); ++chunk) {
    FreeCopy(chunk);
    needed_[chunk] = 0;
  }
  for (size_t segment = 0; segment < dirty_.size(); ++segment) {
    if (std::exchange(cut_segments_[segment], uint8_t{0}) != 0 && !kept) dirty_[segment] = 1;
  }
}

}  // namespace recbots::replay
