#include "replay/table/slab.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"

namespace recbots::replay {

absl::StatusOr<Slab> Slab::Create(size_t bytes) {
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    return absl::ResourceExhaustedError(absl::StrCat("slab of ", bytes, " bytes: ", std::strerror(errno)));
  }
  // Advice only: without huge pages random rows cost a TLB miss more, nothing else changes.
  madvise(data, bytes, MADV_HUGEPAGE);
  Slab slab;
  slab.data_ = static_cast<char*>(data);
  slab.size_ = bytes;
  return slab;
}

Slab::~Slab() {
  if (data_ != nullptr) munmap(data_, size_);
}

Slab::Slab(Slab&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Slab& Slab::operator=(Slab&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace recbots::replay
