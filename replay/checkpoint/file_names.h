// The names of a checkpoint's files. Sequence numbers are in all of them, so that a name is never used twice.
//
//   manifest-000000000012                              checkpoint 12
//   manifest-000000000012.partial                      being written, or left by a crash
//   segment-000-00000007-000000000012-89abcdef         table 0, segment 7, first written by checkpoint 12, CRC-32C
//   arrays-000-000000000012-89abcdef                   the bookkeeping of table 0
//   lock                                               held by the server that owns the directory
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace recbots::replay {

inline constexpr absl::string_view kLockName = "lock";
// Twelve digits, so that names sort by sequence number; with one checkpoint per second they last for 31,000 years.
inline constexpr int64_t kMaxSequence = 999'999'999'999;

std::string ManifestName(int64_t sequence);
std::string PartialManifestName(int64_t sequence);
std::string SegmentName(int64_t table, int64_t segment, int64_t sequence, uint32_t crc32c);
std::string ArraysName(int64_t table, int64_t sequence, uint32_t crc32c);

struct FileName {
  enum class Kind { kForeign, kManifest, kPartialManifest, kSegment, kArrays };
  Kind kind = Kind::kForeign;
  int64_t sequence = 0;
  uint32_t crc32c = 0;  // For segments and arrays
};

// Parses a name. Every name that the functions above would not produce exactly is foreign.
FileName ParseFileName(absl::string_view name);

}  // namespace recbots::replay
