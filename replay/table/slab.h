// One region of zeroed memory on huge pages, taken from the system when first touched; in segments, so that a checkpoint
// can write what changed, as it was at one moment, while rows go on coming in.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"

namespace recbots::replay {

// Memory for copies of segments that are overwritten before a checkpoint has written them. Shared by all tables of a
// store. Thread-safe.
class CopyBudget {
 public:
  explicit CopyBudget(int64_t bytes) : left_(bytes) {}
  bool Take(int64_t bytes) {
    if (left_.fetch_sub(bytes) >= bytes) return true;
    left_.fetch_add(bytes);
    return false;
  }
  void GiveBack(int64_t bytes) { left_.fetch_add(bytes); }

 private:
  std::atomic<int64_t> left_;
};

// Owns the region. Movable. Not thread-safe beyond what plain memory is: Table guards it.
class Slab {
 public:
  static constexpr int64_t kSegmentBytes = int64_t{4} << 20;

  Slab() = default;
  ~Slab();
  Slab(Slab&& other) noexcept;
  Slab& operator=(Slab&& other) noexcept;

  // RESOURCE_EXHAUSTED  the address space does not hold so many bytes
  static absl::StatusOr<Slab> Create(size_t bytes);

  char* data() const { return data_; }
  size_t size() const { return size_; }

  // Helper "table" completes this part: TouchForWrite(offset, bytes) marks segments dirty and copies those that a cut
  // still needs (false: no budget, nothing may be written there), BeginCut(used_bytes), ReadSegment, EndCut(kept).

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace recbots::replay
