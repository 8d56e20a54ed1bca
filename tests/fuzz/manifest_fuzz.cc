#include "common/base/log.h"
#include "replay/checkpoint/manifest.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_targets.h"
#include "tests/replay/checkpoint/test_manifest.h"

namespace recbots::replay {
namespace {

void Decode(absl::string_view bytes) {
  const auto manifest = DecodeManifest(bytes);
  if (!manifest.ok()) return;
  // What was accepted is encoded to something that is accepted and means the same.
  const auto again = DecodeManifest(EncodeManifest(*manifest));
  RECBOTS_CHECK_OK(again.status());
  RECBOTS_CHECK(again->SerializeAsString() == manifest->SerializeAsString());
  for (const v1::CheckpointTable& table : manifest->tables()) {
    RECBOTS_CHECK(ArraysBytes(table.frozen()) >= 0 && ContentBytes(table) >= 0);
    for (const v1::CheckpointFile& file : table.segments()) {
      RECBOTS_CHECK(ParseFileName(file.name()).kind == FileName::Kind::kSegment) << file.name();
    }
  }
}

}  // namespace

void FuzzManifest(absl::string_view bytes) {
  SilenceProtobuf();
  Decode(bytes);
  // No fuzzer guesses a CRC.
  v1::CheckpointManifest manifest;
  if (manifest.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) Decode(EncodeManifest(manifest));
}

std::vector<std::string> ManifestSeeds() {
  v1::CheckpointManifest two = MakeManifest(7);
  *two.add_tables() = two.tables(0);
  two.mutable_tables(1)->mutable_frozen()->set_name("second");
  v1::FrozenWriter& writer = *two.mutable_tables(0)->mutable_frozen()->add_writers();
  writer.set_writer_id("0123456789abcdef");
  writer.set_rows(55);
  return {EncodeManifest(MakeManifest(3)), MakeManifest(3).SerializeAsString(), two.SerializeAsString(),
          MakeManifest(1, /*used=*/0).SerializeAsString()};
}

}  // namespace recbots::replay
