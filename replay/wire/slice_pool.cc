#include "replay/wire/slice_pool.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "common/base/log.h"
#include "common/base/mutex.h"

namespace recbots::replay {
namespace {

constexpr size_t kAlignment = 64;

}  // namespace

struct SlicePool::Shared {
  // Stands in front of the bytes. Only the pool refers to a free block; a block in use keeps Shared alive.
  struct alignas(kAlignment) Block {
    std::shared_ptr<Shared> home;
    size_t capacity = 0;

    char* data() { return reinterpret_cast<char*>(this + 1); }
  };
  struct Free {
    void operator()(Block* block) const {
      block->~Block();
      std::free(block);
    }
  };
  using Owned = std::unique_ptr<Block, Free>;

  explicit Shared(size_t max) : max_free_bytes(max) {}

  // Finds a free block of at least `bytes` and at most twice as many.
  Owned FindFree(size_t bytes) ABSL_LOCKS_EXCLUDED(mu) {
    MutexLock lock(&mu);
    const auto fits = [bytes](const Owned& block) { return block->capacity >= bytes && block->capacity / 2 <= bytes; };
    const auto found = std::find_if(free.rbegin(), free.rend(), fits);
    if (found == free.rend()) return nullptr;
    Owned block = std::move(*found);
    free.erase(std::next(found).base());
    free_bytes -= block->capacity;
    return block;
  }
  // The blocks unused for the longest time make room, because the sizes in use may have changed.
  void GiveBack(Owned block) ABSL_LOCKS_EXCLUDED(mu) {
    if (block->capacity > max_free_bytes) return;
    std::vector<Owned> dropped;  // Freed outside the lock.
    MutexLock lock(&mu);
    free_bytes += block->capacity;
    free.push_back(std::move(block));
    while (free_bytes > max_free_bytes) {
      free_bytes -= free.front()->capacity;
      dropped.push_back(std::move(free.front()));
      free.erase(free.begin());
    }
  }

  const size_t max_free_bytes;
  mutable Mutex mu;
  std::vector<Owned> free ABSL_GUARDED_BY(mu);
  size_t free_bytes ABSL_GUARDED_BY(mu) = 0;
};

namespace {

using Shared = SlicePool::Shared;

Shared::Owned NewBlock(size_t bytes) {
  const size_t capacity = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  void* const memory = std::aligned_alloc(kAlignment, sizeof(Shared::Block) + capacity);
  RECBOTS_CHECK(memory != nullptr);
  Shared::Owned block(new (memory) Shared::Block);
  block->capacity = capacity;
  std::memset(block->data(), 0, capacity);
  return block;
}

// gRPC calls this function when the last reference to a slice goes.
void GiveBack(void* memory) {
  Shared::Owned block(static_cast<Shared::Block*>(memory));
  const std::shared_ptr<Shared> home = std::move(block->home);
  home->GiveBack(std::move(block));
}

}  // namespace

SlicePool::SlicePool(size_t max_free_bytes) : shared_(std::make_shared<Shared>(max_free_bytes)) {}
SlicePool::~SlicePool() = default;

SlicePool::Buffer SlicePool::Take(size_t bytes) {
  RECBOTS_CHECK(bytes > 0);
  Shared::Owned block = shared_->FindFree(bytes);
  if (block == nullptr) block = NewBlock(bytes);
  block->home = shared_;
  Shared::Block* const used = block.release();
  return {grpc::Slice(used->data(), bytes, &GiveBack, used), used->data()};
}

size_t SlicePool::free_bytes() const {
  MutexLock lock(&shared_->mu);
  return shared_->free_bytes;
}

}  // namespace recbots::replay
