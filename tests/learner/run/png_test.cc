#include "learner/run/png.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <string>

namespace recbots {
namespace {

uint32_t NumberAt(const std::string& bytes, size_t at) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number = number << 8 | static_cast<uint8_t>(bytes[at + i]);
  return number;
}

// Reads a file by the standard, not by the writer: chunks with their checksums, then the lines.
TEST(PngTest, HoldsThePixels) {
  Picture picture{3, 2, {}};
  for (int i = 0; i < 18; ++i) picture.rgb += static_cast<char>(i * 14);
  const std::string png = EncodePng(picture);
  ASSERT_EQ(png.substr(0, 8), std::string("\x89PNG\r\n\x1a\n", 8));
  std::string types, header, data;
  size_t at = 8;
  while (at < png.size()) {
    const uint32_t length = NumberAt(png, at);
    ASSERT_LE(at + 12 + length, png.size());
    const std::string body = png.substr(at + 4, 4 + length);
    EXPECT_EQ(NumberAt(png, at + 8 + length),
              ::crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
    types += body.substr(0, 4) + " ";
    if (body.substr(0, 4) == "IHDR") header = body.substr(4);
    if (body.substr(0, 4) == "IDAT") data += body.substr(4);
    at += 12 + length;
  }
  EXPECT_EQ(types, "IHDR IDAT IEND ");
  EXPECT_EQ(NumberAt(header, 0), 3u);
  EXPECT_EQ(NumberAt(header, 4), 2u);
  EXPECT_EQ(header.substr(8), std::string("\x08\x02\x00\x00\x00", 5));
  std::string lines(2 * 10, '?');
  uLongf size = lines.size();
  ASSERT_EQ(::uncompress(reinterpret_cast<Bytef*>(lines.data()), &size, reinterpret_cast<const Bytef*>(data.data()),
                         data.size()),
            Z_OK);
  ASSERT_EQ(size, 20u);
  EXPECT_EQ(lines, std::string(1, '\0') + picture.rgb.substr(0, 9) + std::string(1, '\0') + picture.rgb.substr(9));
}

}  // namespace
}  // namespace recbots
