// One region of zeroed memory for rows, taken from the system when first touched; in segments, so that a checkpoint
// can write what changed, as it was at one moment, while rows go on coming in.
//
// A segment (4 MiB) is what a checkpoint writes or leaves out. What it still has to write is protected in chunks of
// 256 KiB (CopyPool): a write into one copies it first, so that no caller waits for more than such a copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "replay/table/copy_pool.h"
#include "replay/table/mapped_memory.h"

namespace recbots::replay {

// Owns the region. Movable. Not thread-safe beyond what plain memory is: Table guards it.
class Slab {
 public:
  static constexpr int64_t kSegmentBytes = int64_t{4} << 20;
  static constexpr int64_t kChunkBytes = CopyPool::kChunkBytes;

  Slab() = default;
  ~Slab();
  Slab(Slab&&) noexcept = default;
  Slab& operator=(Slab&&) noexcept = default;

  // RESOURCE_EXHAUSTED  the address space does not hold this many bytes
  static absl::StatusOr<Slab> Create(size_t bytes);

  char* data() const { return memory_.data(); }
  size_t size() const { return memory_.size(); }

  // Memory for copies; not during a cut. Without it copies come from the heap and are not bounded.
  void SetCopyPool(std::shared_ptr<CopyPool> pool) { pool_ = std::move(pool); }

  // Call before every write to bytes offset .. offset + bytes - 1, at least one: notes that they change, and copies
  // what a cut still needs of them. False: there is no memory for the copy, nothing may be written there yet.
  bool TouchForWrite(int64_t offset, int64_t bytes) {
    const auto first = static_cast<size_t>(offset / kChunkBytes);
    const auto last = static_cast<size_t>((offset + bytes - 1) / kChunkBytes);
    for (size_t chunk = first; chunk <= last; ++chunk) {
      if (writable_[chunk] == 0 && !TouchChunk(chunk)) return false;
    }
    return true;
  }

  // The moment of a cut: from now on ReadChunk gives dirty segments as they are now, of the first used_bytes bytes.
  // One cut at a time.
  void BeginCut(int64_t used_bytes);
  // Segments that changed since the last cut that was kept (during one: before it), ascending.
  std::vector<int64_t> dirty_segments() const;
  int64_t cut_bytes() const { return cut_bytes_; }

  // During a cut: copies bytes of one chunk as they were at the cut to `to`, and frees it for writing. Each chunk of a
  // dirty segment once. Returns how many bytes there were: kChunkBytes, or less at the end of what was used.
  int64_t ReadChunk(int64_t chunk, char* to);
  // Frees all copies. What was not kept is dirty again.
  void EndCut(bool kept);

 private:
  bool TouchChunk(size_t chunk);
  // Bytes of a chunk that the cut covers.
  int64_t CutBytesOf(size_t chunk) const;
  void FreeCopy(size_t chunk);

  MappedMemory memory_;
  std::shared_ptr<CopyPool> pool_;
  std::vector<uint8_t> dirty_;  // By segment: changed since the last cut.
  // By chunk: its segment is dirty and no cut needs what lies there, so that a write need not look further.
  std::vector<uint8_t> writable_;

  bool in_cut_ = false;
  int64_t cut_bytes_ = 0;
  std::vector<uint8_t> cut_segments_;  // By segment: was dirty at the cut.
  std::vector<uint8_t> needed_;        // By chunk: the cut has not read it yet.
  std::vector<char*> copies_;          // By chunk: needed, and overwritten since; from the pool.
};

}  // namespace recbots::replay
