// Memory for payloads that gRPC sends without a copy. A buffer is taken, filled and sent; it is reused when the last
// reference to its slice is gone.
#pragma once

#include <grpcpp/support/slice.h>

#include <cstddef>
#include <memory>

namespace recbots::replay {

// Thread-safe. Slices may outlive the pool.
class SlicePool {
 public:
  // The pool keeps at most `max_free_bytes` unused bytes.
  explicit SlicePool(size_t max_free_bytes);
  ~SlicePool();

  struct Buffer {
    grpc::Slice slice;     // Has `bytes` bytes.
    char* data = nullptr;  // The first byte, aligned to 64 bytes; write before passing the slice on.
  };
  // Takes a buffer of `bytes` > 0 bytes. New memory is zeroed; reused memory has its old content.
  Buffer Take(size_t bytes);

  // The number of unused bytes in the pool.
  size_t free_bytes() const;

  struct Shared;

 private:
  const std::shared_ptr<Shared> shared_;
};

}  // namespace recbots::replay
