#include "replay/checkpoint/manifest.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>

#include "common/base/crc32c.h"
#include "tests/replay/checkpoint/test_manifest.h"

namespace recbots::replay {
namespace {

TEST(ManifestTest, ComesBackAsItWas) {
  const v1::CheckpointManifest manifest = MakeManifest(3);
  const auto decoded = DecodeManifest(EncodeManifest(manifest));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->SerializeAsString(), manifest.SerializeAsString());
  EXPECT_EQ(ContentBytes(decoded->tables(0)), 150 * 32 + 877);
  EXPECT_TRUE(DecodeManifest(EncodeManifest(MakeManifest(3, /*used=*/0))).ok());
}

TEST(ManifestTest, EveryChangedOrMissingByteIsFound) {
  const std::string whole = EncodeManifest(MakeManifest(3));
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << (at % 8)));
    EXPECT_TRUE(absl::IsDataLoss(DecodeManifest(changed).status())) << at;
    EXPECT_TRUE(absl::IsDataLoss(DecodeManifest(whole.substr(0, at)).status())) << at;
  }
  EXPECT_TRUE(absl::IsDataLoss(DecodeManifest(whole + '\0').status()));
}

TEST(ManifestTest, ANewerFormatIsNoDamage) {
  std::string bytes = EncodeManifest(MakeManifest(3));
  const int32_t format = kManifestFormat + 1;
  std::memcpy(bytes.data() + 8, &format, sizeof(format));
  const uint32_t crc = Crc32c(absl::string_view(bytes).substr(20), Crc32c({bytes.data(), 16}));
  std::memcpy(bytes.data() + 16, &crc, sizeof(crc));
  EXPECT_TRUE(absl::IsFailedPrecondition(DecodeManifest(bytes).status()));
}

// What the bytes' CRC cannot tell: each of these was encoded like that.
TEST(ManifestTest, WhatContradictsItselfIsRefused) {
  using Change = std::function<void(v1::CheckpointManifest&, v1::CheckpointTable&)>;
  constexpr int64_t kHuge = std::numeric_limits<int64_t>::max();
  const std::vector<std::pair<const char*, Change>> changes = {
      {"sequence", [](auto& m, auto&) { m.set_sequence(0); }},
      {"older than its files", [](auto& m, auto&) { m.set_sequence(2); }},
      {"no tables", [](auto& m, auto&) { m.clear_tables(); }},
      {"no name", [](auto&, auto& t) { t.mutable_frozen()->set_name(""); }},
      {"two of one name", [](auto& m, auto& t) { *m.add_tables() = v1::CheckpointTable(t); }},
      {"no schema", [](auto&, auto& t) { t.mutable_frozen()->clear_schema(); }},
      {"no slots", [](auto&, auto& t) { t.mutable_frozen()->set_num_slots(0); }},
      {"too many slots", [](auto&, auto& t) { t.mutable_frozen()->set_num_slots(kHuge); }},
      {"more used than there are", [](auto&, auto& t) { t.mutable_frozen()->set_used_slots(201); }},
      {"negative use", [](auto&, auto& t) { t.mutable_frozen()->set_used_slots(-1); }},
      {"fewer used than written", [](auto&, auto& t) { t.mutable_frozen()->set_used_slots(149); }},
      {"a segment less", [](auto&, auto& t) { t.mutable_segments()->RemoveLast(); }},
      {"a segment longer", [](auto&, auto& t) { t.mutable_segments(1)->set_bytes(4096); }},
      {"the last one longest",
       [](auto&, auto& t) {
         t.mutable_segments(0)->set_bytes(32);
         t.mutable_segments(1)->set_bytes(32);
         t.mutable_segments(2)->set_bytes(148 * 32);
       }},
      {"an empty segment", [](auto&, auto& t) { t.mutable_segments(2)->set_bytes(0); }},
      {"lengths that overflow",
       [](auto&, auto& t) {
         for (auto& s : *t.mutable_segments()) s.set_bytes(kHuge);
       }},
      {"a path", [](auto&, auto& t) { t.mutable_segments(0)->set_name("../" + t.segments(0).name()); }},
      {"arrays as a segment", [](auto&, auto& t) { t.mutable_segments(0)->set_name(t.arrays().name()); }},
      {"another CRC than in the name", [](auto&, auto& t) { t.mutable_arrays()->set_crc32c(6); }},
      {"arrays too short", [](auto&, auto& t) { t.mutable_arrays()->set_bytes(876); }},
      {"a negative array", [](auto&, auto& t) { t.mutable_frozen()->mutable_arrays(0)->set_bytes(-1); }},
      {"arrays that overflow", [](auto&, auto& t) { t.mutable_frozen()->mutable_arrays(0)->set_bytes(kHuge); }},
  };
  for (const auto& [name, change] : changes) {
    v1::CheckpointManifest manifest = MakeManifest(3);
    change(manifest, *manifest.mutable_tables(0));
    EXPECT_TRUE(absl::IsDataLoss(DecodeManifest(EncodeManifest(manifest)).status())) << name;
  }
}

}  // namespace
}  // namespace recbots::replay
