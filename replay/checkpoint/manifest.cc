#include "replay/checkpoint/manifest.h"

#include <cstring>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/crc32c.h"
#include "common/base/status_macros.h"
#include "common/wire/experiment_identity.h"
#include "common/wire/row_schema_proto.h"
#include "replay/checkpoint/block_file.h"
#include "replay/checkpoint/file_names.h"

namespace recbots::replay {
namespace {

constexpr int64_t kMaxSlots = (int64_t{1} << 32) - 1;

// Little-endian, like block_file.cc.
struct Prefix {
  char magic[8];
  int32_t format;
  uint32_t bytes;   // Of the message.
  uint32_t crc32c;  // Of the twelve bytes from `magic` on, of `bytes` and of the message.
};
static_assert(sizeof(Prefix) == 20);

uint32_t CrcOf(const Prefix& prefix, absl::string_view message) {
  const uint32_t crc = Crc32c({reinterpret_cast<const char*>(&prefix), sizeof(prefix) - sizeof(prefix.crc32c)});
  return Crc32c(message, crc);
}

template <typename... Parts>
absl::Status Wrong(const Parts&... parts) {
  return absl::DataLossError(absl::StrCat(parts...));
}

absl::Status CheckFile(const v1::CheckpointFile& file, FileName::Kind kind, int64_t sequence) {
  const FileName name = ParseFileName(file.name());
  if (name.kind != kind) return Wrong("file name '", absl::CHexEscape(file.name()), "' is not one of ours");
  if (name.sequence > sequence) return Wrong("'", file.name(), "' is newer than checkpoint ", sequence);
  if (name.crc32c != file.crc32c()) {
    return Wrong(absl::StrFormat("'%s' with CRC %08x", file.name(), file.crc32c()));
  }
  if (file.bytes() < 0 || file.bytes() > kMaxBlockFileBytes) {
    return Wrong("'", file.name(), "' of ", file.bytes(), " bytes, want 0..", kMaxBlockFileBytes);
  }
  return absl::OkStatus();
}

// Checks that all segments except the last have the same size, and that together they have the size of the used slots.
absl::Status CheckSegments(const v1::CheckpointTable& table, int64_t row_bytes, int64_t sequence) {
  int64_t total = 0;
  for (int i = 0; i < table.segments_size(); ++i) {
    const v1::CheckpointFile& file = table.segments(i);
    RECBOTS_RETURN_IF_ERROR(CheckFile(file, FileName::Kind::kSegment, sequence));
    const bool last = i + 1 == table.segments_size();
    if (file.bytes() < 1 || file.bytes() > table.segments(0).bytes() ||
        (!last && file.bytes() != table.segments(0).bytes())) {
      return Wrong("segment ", i, " of ", file.bytes(), " bytes, want ", table.segments(0).bytes());
    }
    total += file.bytes();
    if (total > kMaxSlots * row_bytes) break;
  }
  if (total != table.frozen().used_slots() * row_bytes) {
    return Wrong("segments of ", total, " bytes for ", table.frozen().used_slots(), " rows of ", row_bytes);
  }
  return absl::OkStatus();
}

absl::Status CheckTable(const v1::CheckpointTable& table, int64_t sequence) {
  const v1::FrozenTable& frozen = table.frozen();
  if (frozen.name().empty()) return Wrong("a table without a name");
  const absl::StatusOr<RowSchema> schema = RowSchemaFromProto(frozen.schema());
  if (!schema.ok()) return Wrong(schema.status().message());
  if (frozen.num_slots() < 1 || frozen.num_slots() > kMaxSlots) {
    return Wrong(frozen.num_slots(), " slots, want 1..", kMaxSlots);
  }
  if (frozen.used_slots() < 0 || frozen.used_slots() > frozen.num_slots()) {
    return Wrong(frozen.used_slots(), " used slots of ", frozen.num_slots());
  }
  if (const absl::Status identity = CheckIdentity(frozen.identity()); !identity.ok()) return Wrong(identity.message());
  if (frozen.streams_below() < 0) return Wrong("streams_below ", frozen.streams_below(), ", want at least 0");
  RECBOTS_RETURN_IF_ERROR(CheckSegments(table, static_cast<int64_t>(schema->row_bytes()), sequence));
  RECBOTS_RETURN_IF_ERROR(CheckFile(table.arrays(), FileName::Kind::kArrays, sequence));
  if (table.arrays().bytes() != ArraysBytes(frozen)) {
    return Wrong("'", table.arrays().name(), "' of ", table.arrays().bytes(), " bytes for arrays of ",
                 ArraysBytes(frozen));
  }
  return absl::OkStatus();
}

absl::Status CheckMessage(const v1::CheckpointManifest& manifest) {
  if (manifest.format() != kManifestFormat) return Wrong("format ", manifest.format(), ", want ", kManifestFormat);
  if (manifest.sequence() < 1) return Wrong("sequence ", manifest.sequence(), ", want at least 1");
  if (manifest.tables().empty()) return Wrong("no tables");
  std::set<std::string> names;
  for (const v1::CheckpointTable& table : manifest.tables()) {
    const absl::Status status = CheckTable(table, manifest.sequence());
    if (!status.ok()) return Wrong("table '", absl::CHexEscape(table.frozen().name()), "': ", status.message());
    if (!names.insert(table.frozen().name()).second) return Wrong("two tables '", table.frozen().name(), "'");
  }
  return absl::OkStatus();
}

}  // namespace

std::string EncodeManifest(const v1::CheckpointManifest& manifest) {
  const std::string message = manifest.SerializeAsString();
  Prefix prefix = {};
  std::memcpy(prefix.magic, kManifestMagic.data(), sizeof(prefix.magic));
  prefix.format = kManifestFormat;
  prefix.bytes = static_cast<uint32_t>(message.size());
  prefix.crc32c = CrcOf(prefix, message);
  return absl::StrCat(absl::string_view(reinterpret_cast<const char*>(&prefix), sizeof(prefix)), message);
}

absl::StatusOr<v1::CheckpointManifest> DecodeManifest(absl::string_view bytes) {
  Prefix prefix = {};
  if (bytes.size() < sizeof(prefix)) return Wrong(bytes.size(), " bytes, want at least ", sizeof(prefix));
  std::memcpy(&prefix, bytes.data(), sizeof(prefix));
  const absl::string_view message = bytes.substr(sizeof(prefix));
  if (std::memcmp(prefix.magic, kManifestMagic.data(), sizeof(prefix.magic)) != 0) {
    return Wrong("does not begin with '", kManifestMagic, "'");
  }
  if (message.size() != prefix.bytes || prefix.bytes > kMaxManifestBytes) {
    return Wrong(message.size(), " bytes behind the header, which says ", prefix.bytes);
  }
  if (prefix.crc32c != CrcOf(prefix, message)) return Wrong("does not check");
  if (prefix.format > kManifestFormat) {
    return absl::FailedPreconditionError(absl::StrCat("was written in format ", prefix.format, ", this program reads ",
                                                      kManifestFormat, ": use the newer program, or move it away"));
  }
  v1::CheckpointManifest manifest;
  if (!manifest.ParseFromArray(message.data(), static_cast<int>(message.size()))) return Wrong("is no manifest");
  RECBOTS_RETURN_IF_ERROR(CheckMessage(manifest));
  return manifest;
}

int64_t ArraysBytes(const v1::FrozenTable& frozen) {
  int64_t total = 0;
  for (const v1::FrozenArray& array : frozen.arrays()) {
    if (array.bytes() < 0 || array.bytes() > kMaxBlockFileBytes - total) return -1;
    total += array.bytes();
  }
  return total;
}

int64_t ContentBytes(const v1::CheckpointTable& table) {
  int64_t total = table.arrays().bytes();
  for (const v1::CheckpointFile& file : table.segments()) total += file.bytes();
  return total;
}

}  // namespace recbots::replay
