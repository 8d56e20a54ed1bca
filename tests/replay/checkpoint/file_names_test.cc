#include "replay/checkpoint/file_names.h"

#include <gtest/gtest.h>

namespace recbots::replay {
namespace {

using Kind = FileName::Kind;

TEST(FileNamesTest, WhatIsWrittenIsReadAgain) {
  EXPECT_EQ(ManifestName(12), "manifest-000000000012");
  EXPECT_EQ(PartialManifestName(12), "manifest-000000000012.partial");
  EXPECT_EQ(SegmentName(0, 7, 12, 0x89abcdef), "segment-000-00000007-000000000012-89abcdef");
  EXPECT_EQ(ArraysName(1, 12, 0xf), "arrays-001-000000000012-0000000f");

  EXPECT_EQ(ParseFileName(ManifestName(12)).kind, Kind::kManifest);
  EXPECT_EQ(ParseFileName(PartialManifestName(12)).kind, Kind::kPartialManifest);
  const FileName segment = ParseFileName(SegmentName(1234, 123456789, kMaxSequence, 0x89abcdef));
  EXPECT_EQ(segment.kind, Kind::kSegment);
  EXPECT_EQ(segment.sequence, kMaxSequence);
  EXPECT_EQ(segment.crc32c, 0x89abcdef);
  EXPECT_EQ(ParseFileName(ArraysName(1, 12, 0xf)).kind, Kind::kArrays);
}

TEST(FileNamesTest, SimilarNamesAreForeign) {
  for (const char* name : {"",
                           "-",
                           "lock",
                           "manifest",
                           "manifest-",
                           "manifest-12",
                           "manifest-00000000001x",
                           "manifest-000000000000",
                           "manifest--00000000012",
                           "manifest-+00000000012",
                           "manifest- 00000000012",
                           "manifest-0000000000012",
                           "manifest-1000000000000",
                           "manifest-9999999999999999999999",
                           "manifest-000000000012.bak",
                           "Manifest-000000000012",
                           "manifest-000000000012.partial.partial",
                           " manifest-000000000012",
                           "manifest-000000000012 ",
                           "segment-000-00000007-000000000012-89ABCDEF",
                           "segment-000-00000007-000000000012-89abcde",
                           "segment-000-00000007-000000000012-0x9abcde",
                           "segment-000-00000007-000000000012-89abcdef.partial",
                           "segment-000-00000007-000000000012-89abcdef.rows",
                           "segment-0-00000007-000000000012-89abcdef",
                           "segment-000-00000007-000000000000-89abcdef",
                           "arrays-000-00000007-000000000012-89abcdef",
                           "arrays-000-000000000012-89abcdef~",
                           "../arrays-000-000000000012-89abcdef",
                           "x/manifest-000000000012"}) {
    EXPECT_EQ(ParseFileName(name).kind, Kind::kForeign) << name;
  }
  EXPECT_EQ(ParseFileName(std::string(1 << 20, '-')).kind, Kind::kForeign);
}

}  // namespace
}  // namespace recbots::replay
