#include "common/base/encoding.h"

#include <gtest/gtest.h>

#include <string>

namespace recbots {
namespace {

constexpr uint32_t kVersions[] = {1, 2};

std::string Encoded(uint32_t version = 2) {
  std::string body;
  AppendNumber(3, &body);
  return Framed("TEST", version, body + "abc");
}

std::string RefusalOf(const std::string& encoded) {
  return std::string(ByteReader("thing", encoded).Frame("TEST", kVersions).status().message());
}

TEST(EncodingTest, WhatWasWrittenIsRead) {
  const std::string encoded = Encoded();
  ByteReader reader("thing", encoded);
  EXPECT_EQ(reader.Frame("TEST", kVersions).value(), 2u);
  const uint32_t size = reader.NumberUpTo(3, "size").value();
  EXPECT_EQ(reader.Bytes(size, "word").value(), "abc");
  EXPECT_EQ(reader.left(), 0u);
}

TEST(EncodingTest, AFrameThatIsWrongIsRefused) {
  EXPECT_EQ(RefusalOf("TES"), "thing: cut short: 3 bytes left, the magic needs 4");
  EXPECT_EQ(RefusalOf("ELSE" + Encoded().substr(4)), "thing: magic is not 'TEST'");
  EXPECT_EQ(RefusalOf(Encoded(/*version=*/3)), "thing: format version 3, want 1 or 2");
  EXPECT_EQ(RefusalOf(Encoded().substr(0, 10)), "thing: cut short: 2 bytes left, the checksum needs 4");
}

TEST(EncodingTest, EveryDamagedByteBehindTheVersionIsSeen) {
  for (size_t i = 8; i < Encoded().size(); ++i) {
    std::string damaged = Encoded();
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_NE(RefusalOf(damaged).find("as the header says"), std::string::npos) << "byte " << i;
  }
}

TEST(EncodingTest, PartsThatAreTooLargeAreRefused) {
  const std::string encoded = Encoded().substr(kFrameBytes);
  ByteReader reader("thing", encoded);
  EXPECT_EQ(reader.NumberUpTo(2, "size").status().message(), "thing: size 3, want at most 2");
  EXPECT_EQ(reader.Bytes(4, "word").status().message(), "thing: cut short: 3 bytes left, word needs 4");
  EXPECT_EQ(reader.Invalid("is ", 7).message(), "thing: is 7");
}

}  // namespace
}  // namespace recbots
