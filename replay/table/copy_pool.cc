#include "replay/table/copy_pool.h"

#include <algorithm>
#include <utility>

#include "common/base/status_macros.h"

namespace recbots::replay {

absl::StatusOr<std::shared_ptr<CopyPool>> CopyPool::Create(int64_t bytes) {
  const int64_t chunks = std::max<int64_t>(1, bytes / kChunkBytes);
  RECBOTS_ASSIGN_OR_RETURN(MappedMemory memory,
                           MappedMemory::Create(static_cast<size_t>(chunks * kChunkBytes), "memory for copies"));
  return std::shared_ptr<CopyPool>(new CopyPool(std::move(memory), chunks));
}

CopyPool::CopyPool(MappedMemory memory, int64_t chunks) : memory_(std::move(memory)) {
  free_.reserve(static_cast<size_t>(chunks));
  for (int64_t i = chunks; i-- > 0;) free_.push_back(memory_.data() + i * kChunkBytes);
}

char* CopyPool::Take() {
  MutexLock lock(&mu_);
  if (free_.empty()) return nullptr;
  char* const chunk = free_.back();
  free_.pop_back();
  return chunk;
}

void CopyPool::GiveBack(char* chunk) {
  MutexLock lock(&mu_);
  free_.push_back(chunk);
}

}  // namespace recbots::replay
