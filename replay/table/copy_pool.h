// Memory for copies of chunks that are overwritten before a checkpoint has written them: a fixed number of bytes in one
// separate region. If this memory came from the heap, it would leave holes in the heap of every thread that inserts.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "replay/table/mapped_memory.h"

namespace recbots::replay {

// All tables of a store share one pool. The system provides a page when it is first used, and the pool keeps it,
// because the next checkpoint needs it again. Thread-safe.
class CopyPool {
 public:
  static constexpr int64_t kChunkBytes = int64_t{256} << 10;

  // A pool of as many whole chunks as fit in `bytes`, but at least one.
  //   RESOURCE_EXHAUSTED  no address space for them
  static absl::StatusOr<std::shared_ptr<CopyPool>> Create(int64_t bytes);

  // Returns kChunkBytes of memory, or nullptr if all chunks are in use.
  char* Take() ABSL_LOCKS_EXCLUDED(mu_);
  // Returns a chunk from Take to the pool.
  void GiveBack(char* chunk) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  CopyPool(MappedMemory memory, int64_t chunks);

  const MappedMemory memory_;
  Mutex mu_;
  std::vector<char*> free_ ABSL_GUARDED_BY(mu_);  // Chunks used before are taken first.
};

}  // namespace recbots::replay
