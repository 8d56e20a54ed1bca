// CRC-32C (Castagnoli, RFC 3720 appendix B.4), by ISA-L; about 10 GB/s per core.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace recbots {

// Checksum of `data`. `crc` is the checksum of the bytes that precede `data`; 0 if there are none.
uint32_t Crc32c(absl::string_view data, uint32_t crc = 0);

}  // namespace recbots
