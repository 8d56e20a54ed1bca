// Manifests as bytes, and what must hold in one before any of it is believed.
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

// Magic, format, length and CRC-32C before the message.
std::string EncodeManifest(const v1::CheckpointManifest& manifest);

// The message, after these checks: nothing is cut off or changed; names are of our making and lie in the directory;
// sequence numbers and lengths are in range; the segments of each table hold exactly its used slots and its arrays file
// exactly its arrays; tables have different names and schemas that RowSchema takes.
//   DATA_LOSS            it does not check; says what
//   FAILED_PRECONDITION  it checks, but was written in a newer format
absl::StatusOr<v1::CheckpointManifest> DecodeManifest(absl::string_view bytes);

// Bytes of a table's arrays; -1: some length is out of range.
int64_t ArraysBytes(const v1::FrozenTable& frozen);
// Bytes of all its files.
int64_t ContentBytes(const v1::CheckpointTable& table);

}  // namespace recbots::replay
