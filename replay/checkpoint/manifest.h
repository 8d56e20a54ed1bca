// Encodes manifests, and decodes them with all checks that must pass before any part of a manifest is trusted.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/row_schema.h"
#include "recbots/v1/checkpoint.pb.h"

namespace recbots::replay {

inline constexpr absl::string_view kManifestMagic = "RBREPLAY";
inline constexpr int32_t kManifestFormat = 1;
inline constexpr int64_t kMaxManifestBytes = int64_t{256} << 20;

// The message, preceded by magic word, format, length and CRC-32C.
std::string EncodeManifest(const v1::CheckpointManifest& manifest);

// Returns the message after these checks: nothing is cut off or changed; all names have our form and lie in the
// directory; sequence numbers and lengths are in range; the segments of each table have exactly the size of its used
// slots, and its arrays file the size of its arrays; tables have different names, and schemas that RowSchema accepts.
//   DATA_LOSS            a check fails; the message says which
//   FAILED_PRECONDITION  the checksum is right, but the format is newer
absl::StatusOr<v1::CheckpointManifest> DecodeManifest(absl::string_view bytes);

// Bytes of a table's arrays; -1 if some length is out of range.
int64_t ArraysBytes(const v1::FrozenTable& frozen);
// Content bytes of all files of a table.
int64_t ContentBytes(const v1::CheckpointTable& table);

}  // namespace recbots::replay
