// One region of zeroed memory for rows, whose pages the system provides when they are first touched. It is divided into
// segments, so that a checkpoint can write what has changed, as it was at one moment, while new rows are inserted.
//
// A checkpoint writes or leaves out a whole segment (4 MiB). Segments that it still has to write are protected in
// chunks of 256 KiB: a write into such a chunk first copies the chunk (CopyPool), so that no caller waits for more than
// one such copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "replay/table/copy_pool.h"
#include "replay/table/mapped_memory.h"

namespace recbots::replay {

// Owns the region. Movable. Not thread-safe: Table guards it with its mutex.
class Slab {
 public:
  static constexpr int64_t kSegmentBytes = int64_t{4} << 20;
  static constexpr int64_t kChunkBytes = CopyPool::kChunkBytes;

  Slab() = default;
  ~Slab();
  Slab(Slab&&) noexcept = default;
  Slab& operator=(Slab&&) noexcept = default;

  // RESOURCE_EXHAUSTED  the address space has no room for `bytes` bytes
  static absl::StatusOr<Slab> Create(size_t bytes);

  char* data() const { return memory_.data(); }
  size_t size() const { return memory_.size(); }

  // Sets the memory for copies. Must not be called during a cut. Without a pool, copies come from the heap and are not
  // bounded.
  void SetCopyPool(std::shared_ptr<CopyPool> pool) { pool_ = std::move(pool); }

  // Call it before every write to bytes offset .. offset + bytes - 1; bytes >= 1. Notes that these bytes change, and
  // copies those that a cut still needs. Returns false if there is no memory for the copy: the caller must not write
  // there yet.
  bool TouchForWrite(int64_t offset, int64_t bytes) {
    const auto first = static_cast<size_t>(offset / kChunkBytes);
    const auto last = static_cast<size_t>((offset + bytes - 1) / kChunkBytes);
    for (size_t chunk = first; chunk <= last; ++chunk) {
      if (writable_[chunk] == 0 && !TouchChunk(chunk)) return false;
    }
    return true;
  }

  // Begins a cut: from now on ReadChunk returns the dirty segments among the first used_bytes bytes with their present
  // content. There is one cut at a time.
  void BeginCut(int64_t used_bytes);
  // Segments that have changed since the last cut that was kept, ascending. During a cut: those that had changed when
  // it began.
  std::vector<int64_t> dirty_segments() const;
  int64_t cut_bytes() const { return cut_bytes_; }

  // During a cut: copies one chunk, as it was at the cut, to `to`, and frees the chunk for writing. Call it once for
  // each chunk of a dirty segment. Returns the number of bytes: kChunkBytes, or less at the end of the used bytes.
  int64_t ReadChunk(int64_t chunk, char* to);
  // Ends the cut and frees all copies. If the cut is not kept, its segments are dirty again.
  void EndCut(bool kept);

 private:
  bool TouchChunk(size_t chunk);
  // The number of bytes of a chunk that the cut covers.
  int64_t CutBytesOf(size_t chunk) const;
  void FreeCopy(size_t chunk);

  MappedMemory memory_;
  std::shared_ptr<CopyPool> pool_;
  std::vector<uint8_t> dirty_;  // By segment: it has changed since the last cut.
  // By chunk: its segment is dirty and no cut needs its content, so that a write may proceed without further checks.
  std::vector<uint8_t> writable_;

  bool in_cut_ = false;
  int64_t cut_bytes_ = 0;
  std::vector<uint8_t> cut_segments_;  // By segment: it was dirty at the cut.
  std::vector<uint8_t> needed_;        // By chunk: the cut has not read it yet.
  std::vector<char*> copies_;          // By chunk: its content at the cut, if it is needed and was overwritten.
};

}  // namespace recbots::replay
