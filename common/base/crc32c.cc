#include "common/base/crc32c.h"

#include <isa-l/crc.h>

namespace recbots {

uint32_t Crc32c(absl::string_view data, uint32_t crc) {
  // ISA-L leaves the inversions of the standard to the caller and takes a pointer that it does not write through.
  auto* bytes = reinterpret_cast<unsigned char*>(const_cast<char*>(data.data()));
  return ~crc32_iscsi(bytes, static_cast<int>(data.size()), ~crc);
}

}  // namespace recbots
