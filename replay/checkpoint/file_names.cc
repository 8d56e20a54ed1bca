#include "replay/checkpoint/file_names.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace recbots::replay {
namespace {

constexpr absl::string_view kPartial = ".partial";
constexpr size_t kMaxNameBytes = 128;

bool ParseNumber(absl::string_view text, int64_t& number) {
  return !text.empty() && absl::ascii_isdigit(static_cast<unsigned char>(text[0])) && absl::SimpleAtoi(text, &number);
}

bool ParseCrc(absl::string_view text, uint32_t& crc32c) {
  return text.size() == 8 && absl::SimpleHexAtoi(text, &crc32c);
}

}  // namespace

std::string ManifestName(int64_t sequence) { return absl::StrFormat("manifest-%012d", sequence); }

std::string PartialManifestName(int64_t sequence) { return absl::StrCat(ManifestName(sequence), kPartial); }

std::string SegmentName(int64_t table, int64_t segment, int64_t sequence, uint32_t crc32c) {
  return absl::StrFormat("segment-%03d-%08d-%012d-%08x", table, segment, sequence, crc32c);
}

std::string ArraysName(int64_t table, int64_t sequence, uint32_t crc32c) {
  return absl::StrFormat("arrays-%03d-%012d-%08x", table, sequence, crc32c);
}

FileName ParseFileName(absl::string_view name) {
  using Kind = FileName::Kind;
  if (name.size() > kMaxNameBytes) return {};
  absl::string_view stem = name;
  const bool partial = absl::ConsumeSuffix(&stem, kPartial);
  const std::vector<absl::string_view> parts = absl::StrSplit(stem, '-');
  int64_t table = 0;
  int64_t segment = 0;
  FileName result;
  std::string written;  // The name that we would write: other zeros, capitals or signs make a name foreign.
  if (parts.size() == 2 && ParseNumber(parts[1], result.sequence)) {
    result.kind = partial ? Kind::kPartialManifest : Kind::kManifest;
    written = partial ? PartialManifestName(result.sequence) : ManifestName(result.sequence);
  } else if (parts.size() == 5 && ParseNumber(parts[1], table) && ParseNumber(parts[2], segment) &&
             ParseNumber(parts[3], result.sequence) && ParseCrc(parts[4], result.crc32c)) {
    result.kind = Kind::kSegment;
    written = SegmentName(table, segment, result.sequence, result.crc32c);
  } else if (parts.size() == 4 && ParseNumber(parts[1], table) && ParseNumber(parts[2], result.sequence) &&
             ParseCrc(parts[3], result.crc32c)) {
    result.kind = Kind::kArrays;
    written = ArraysName(table, result.sequence, result.crc32c);
  }
  if (written != name || result.sequence < 1 || result.sequence > kMaxSequence) return {};
  return result;
}

}  // namespace recbots::replay
