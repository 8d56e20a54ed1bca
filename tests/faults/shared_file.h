// A file mapped into memory, so that what a process wrote there is read by others after a kill -9 as well: the pages
// belong to the kernel, not to the process.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace recbots::faults {

// Movable. The memory is zero where nobody wrote. Reading and writing in it follows the rules of atomics, as between
// threads.
class SharedFile {
 public:
  // Makes or opens it and has it hold `bytes`; what nobody touches takes no room on disk.
  //   UNAVAILABLE  names the file and errno's text
  static absl::StatusOr<SharedFile> Open(const std::string& path, size_t bytes);

  SharedFile() = default;
  SharedFile(SharedFile&& other) noexcept;
  SharedFile& operator=(SharedFile&& other) noexcept;
  ~SharedFile();

  template <typename T>
  T* as() const {
    return static_cast<T*>(memory_);
  }
  size_t bytes() const { return bytes_; }

 private:
  SharedFile(void* memory, size_t bytes) : memory_(memory), bytes_(bytes) {}

  void* memory_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace recbots::faults
