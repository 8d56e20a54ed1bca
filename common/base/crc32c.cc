#include "common/base/crc32c.h"

#include <isa-l/crc.h>

#include <algorithm>

namespace recbots {

namespace {

// ISA-L takes lengths as int.
constexpr size_t kMaxBytesAtOnce = size_t{1} << 30;

}  // namespace

uint32_t Crc32c(absl::string_view data, uint32_t crc) {
  for (; !data.empty(); data.remove_prefix(std::min(data.size(), kMaxBytesAtOnce))) {
    const absl::string_view piece = data.substr(0, kMaxBytesAtOnce);
    // ISA-L leaves the inversions of the standard to the caller. It takes a pointer to mutable bytes but does not write
    // them.
    auto* bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));
    crc = ~crc32_iscsi(bytes, static_cast<int>(piece.size()), ~crc);
  }
  return crc;
}

}  // namespace recbots
