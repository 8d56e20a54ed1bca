// Memory for payloads that gRPC sends from where they lie: taken, filled, sent, and used again when the last reference
// to the slice is gone.
#pragma once

#include <grpcpp/support/slice.h>

#include <cstddef>
#include <memory>

namespace recbots::replay {

// Thread-safe. Slices may outlive the pool.
class SlicePool {
 public:
  // Keeps at most this many unused bytes.
  explicit SlicePool(size_t max_free_bytes);
  ~SlicePool();

  struct Buffer {
    grpc::Slice slice;     // `bytes` long.
    char* data = nullptr;  // Its first byte, aligned to 64 bytes; written to before the slice is given away.
  };
  // Zeroes when the memory is new, otherwise what it held last. bytes > 0.
  Buffer Take(size_t bytes);

  // Unused bytes that are kept.
  size_t free_bytes() const;

  struct Shared;

 private:
  const std::shared_ptr<Shared> shared_;
};

}  // namespace recbots::replay
