// Memory for copies of chunks that are overwritten before a checkpoint has written them: a fixed number of bytes in one
// separate region. If these bytes came from the heap, they would leave holes in that of every thread that inserts.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/mutex.h"
#include "replay/table/mapped_memory.h"

namespace recbots::replay {

// Shared by all tables of a store. Taken from the system as far as it was ever needed at once, and kept: the next
// checkpoint needs it again. Thread-safe.
class CopyPool {
 public:
  static constexpr int64_t kChunkBytes = int64_t{256} << 10;

  // As many whole chunks as `bytes` hold, at least one.
  //   RESOURCE_EXHAUSTED  no address space for them
  static absl::StatusOr<std::shared_ptr<CopyPool>> Create(int64_t bytes);

  // kChunkBytes of memory; nullptr: all of it is in use.
  char* Take() ABSL_LOCKS_EXCLUDED(mu_);
  // What was taken.
  void GiveBack(char* chunk) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  CopyPool(MappedMemory memory, int64_t chunks);

  const MappedMemory memory_;
  Mutex mu_;
  std::vector<char*> free_ ABSL_GUARDED_BY(mu_);  // Those that were used before are taken first.
};

}  // namespace recbots::replay
