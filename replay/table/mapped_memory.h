// Zeroed memory that the system gives page by page when it is first touched: large arrays of which a table uses as much
// as it has rows.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"

namespace recbots::replay {

// Owns a region. Movable. Not thread-safe beyond what plain memory is.
class MappedMemory {
 public:
  MappedMemory() = default;
  ~MappedMemory();
  MappedMemory(MappedMemory&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  MappedMemory& operator=(MappedMemory&& other) noexcept;

  // Regions of 16 MiB and more lie on huge pages where the system has them: such are touched 2 MiB at a time.
  //   RESOURCE_EXHAUSTED  the address space does not hold this many bytes; `what` names them
  static absl::StatusOr<MappedMemory> Create(size_t bytes, const char* what);

  char* data() const { return data_; }
  size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  size_t size_ = 0;
};

// An array in such memory, each element zero at first. Starts at a page.
template <typename T>
class LazyArray {
 public:
  static_assert(std::is_trivially_copyable_v<T>);

  LazyArray() = default;

  static absl::StatusOr<LazyArray> Create(size_t elements, const char* what) {
    auto memory = MappedMemory::Create(elements * sizeof(T), what);
    if (!memory.ok()) return std::move(memory).status();
    LazyArray array;
    array.memory_ = *std::move(memory);
    return array;
  }

  T* data() const { return reinterpret_cast<T*>(memory_.data()); }
  size_t size() const { return memory_.size() / sizeof(T); }
  T& operator[](size_t i) { return data()[i]; }
  const T& operator[](size_t i) const { return data()[i]; }

 private:
  MappedMemory memory_;
};

}  // namespace recbots::replay
