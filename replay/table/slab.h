// One region of zeroed memory on huge pages, taken from the system when first touched.
#pragma once

#include <cstddef>

#include "absl/status/statusor.h"

namespace recbots::replay {

// Owns the region. Movable. Not thread-safe beyond what plain memory is.
class Slab {
 public:
  Slab() = default;
  ~Slab();
  Slab(Slab&& other) noexcept;
  Slab& operator=(Slab&& other) noexcept;

  // RESOURCE_EXHAUSTED  the address space does not hold so many bytes
  static absl::StatusOr<Slab> Create(size_t bytes);

  char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace recbots::replay
