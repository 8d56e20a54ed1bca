// Manifests that check, made by hand.
#pragma once

#include <cstdint>

#include "common/wire/row_schema_proto.h"
#include "recbots/v1/checkpoint.pb.h"
#include "replay/checkpoint/file_names.h"
#include "replay/checkpoint/manifest.h"
#include "tests/replay/support/test_rows.h"

namespace recbots::replay {

inline v1::CheckpointFile FileOf(std::string name, int64_t bytes, uint32_t crc32c) {
  v1::CheckpointFile file;
  file.set_name(std::move(name));
  file.set_bytes(bytes);
  file.set_crc32c(crc32c);
  return file;
}

// One table, `used` rows of 32 bytes in segments of 64 rows, two arrays.
inline v1::CheckpointManifest MakeManifest(int64_t sequence, int64_t used = 150) {
  v1::CheckpointManifest manifest;
  manifest.set_format(kManifestFormat);
  manifest.set_sequence(sequence);
  manifest.set_store_id(99);
  v1::CheckpointTable& table = *manifest.add_tables();
  v1::FrozenTable& frozen = *table.mutable_frozen();
  frozen.set_name("transitions");
  *frozen.mutable_schema() = RowSchemaToProto(TestSchema());
  frozen.set_num_slots(200);
  frozen.set_used_slots(used);
  for (int64_t row = 0, segment = 0; row < used; row += 64, ++segment) {
    const auto crc = static_cast<uint32_t>(0xc0de0000 + segment);
    *table.add_segments() = FileOf(SegmentName(0, segment, sequence, crc), std::min<int64_t>(64, used - row) * 32, crc);
  }
  for (const int64_t bytes : {800, 77}) {
    v1::FrozenArray& array = *frozen.add_arrays();
    array.set_name(absl::StrCat("array", bytes));
    array.set_bytes(bytes);
  }
  *table.mutable_arrays() = FileOf(ArraysName(0, sequence, 5), 877, 5);
  return manifest;
}

}  // namespace recbots::replay
