#include "replay/table/mapped_memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace recbots::replay {
namespace {

// For smaller regions, the unused part of a huge page would be large compared to the memory that the table reports.
constexpr size_t kHugeFrom = size_t{16} << 20;

}  // namespace

absl::StatusOr<MappedMemory> MappedMemory::Create(size_t bytes, const char* what) {
  MappedMemory memory;
  if (bytes == 0) return memory;
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    return absl::ResourceExhaustedError(absl::StrCat(what, " of ", bytes, " bytes: ", std::strerror(errno)));
  }
  // This is only advice: without huge pages each random row costs one more TLB miss, and nothing else changes.
  madvise(data, bytes, bytes >= kHugeFrom ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  memory.data_ = static_cast<char*>(data);
  memory.size_ = bytes;
  return memory;
}

MappedMemory::~MappedMemory() {
  if (data_ != nullptr) munmap(data_, size_);
}

MappedMemory& MappedMemory::operator=(MappedMemory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace recbots::replay
