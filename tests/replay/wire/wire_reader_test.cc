#include "replay/wire/wire_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/crc32c.h"
#include "replay/wire/wire_writer.h"
#include "tests/replay/wire/wire_support.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

TEST(WireReaderTest, ReadsNumbersAcrossPieces) {
  WireWriter writer;
  writer.Number(1, 300);
  writer.Number(2, -1);
  writer.Fixed32(3, 0x01020304);
  Rng rng(1, Purpose::kTest, {});
  const Pieces pieces = Cut(writer.written(), rng, 1);
  WireReader reader("test", pieces);
  EXPECT_EQ(reader.ReadTag()->field, 1u);
  EXPECT_EQ(reader.ReadVarint().value(), 300u);
  EXPECT_EQ(reader.ReadTag()->field, 2u);
  EXPECT_EQ(reader.ReadVarint().value(), ~uint64_t{0});
  const WireTag tag = reader.ReadTag().value();
  EXPECT_EQ(tag.field, 3u);
  EXPECT_EQ(tag.type, WireType::kFixed32);
  EXPECT_EQ(reader.ReadFixed32().value(), 0x01020304u);
  EXPECT_EQ(reader.left(), 0u);
}

TEST(WireReaderTest, AnEmbeddedMessageEndsWhereItsLengthSays) {
  const Pieces pieces = {absl::string_view("\x0a\x04\x10\x05", 4), absl::string_view("\x18\x06\x20\x07", 4)};
  WireReader reader("outer", pieces);
  WireReader inner = reader.ReadMessage(reader.ReadTag().value(), "inner").value();
  EXPECT_EQ(inner.left(), 4u);
  EXPECT_TRUE(inner.Skip(inner.ReadTag().value()).ok());
  EXPECT_TRUE(inner.Skip(inner.ReadTag().value()).ok());
  EXPECT_EQ(inner.left(), 0u);
  EXPECT_THAT(std::string(inner.ReadTag().status().message()), HasSubstr("inner: ends within a field"));
  EXPECT_EQ(reader.ReadTag()->field, 4u);
}

TEST(WireReaderTest, RefusesTagsAndNumbersThatAreNone) {
  const auto tag_error = [](absl::string_view bytes) {
    const Pieces pieces = {bytes};
    return std::string(WireReader("test", pieces).ReadTag().status().message());
  };
  EXPECT_THAT(tag_error(absl::string_view("\0", 1)), HasSubstr("test: field 0 of wire type 0"));
  EXPECT_THAT(tag_error("\x0b"), HasSubstr("field 1 of wire type 3"));
  EXPECT_THAT(tag_error("\x0c"), HasSubstr("field 1 of wire type 4"));
  EXPECT_THAT(tag_error("\x0e"), HasSubstr("field 1 of wire type 6"));
  EXPECT_THAT(tag_error("\xff\xff\xff\xff\xff"), HasSubstr("number of over 5 bytes"));
  EXPECT_THAT(tag_error("\xf8\xff\xff\xff\x7f"), HasSubstr("want field 1..536870911"));
  const Pieces eleven = {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"};
  EXPECT_THAT(std::string(WireReader("test", eleven).ReadVarint().status().message()),
              HasSubstr("number of over 10 bytes"));
  const Pieces three = {"abc"};
  EXPECT_THAT(std::string(WireReader("test", three).ReadFixed32().status().message()), HasSubstr("3 bytes, want 4"));
}

TEST(WireReaderTest, ChecksumsAndSizesDoNotDependOnTheCut) {
  Rng rng(2, Purpose::kTest, {});
  const std::string bytes = RandomBytes(rng, 5000);
  const Pieces pieces = Cut(bytes, rng, 300);
  EXPECT_EQ(SizeOf(pieces), 5000u);
  EXPECT_EQ(Crc32cOf(pieces, 0), Crc32c(bytes));
}

}  // namespace
}  // namespace recbots::replay
