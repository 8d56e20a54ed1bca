#include "common/base/crc32c.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "absl/strings/string_view.h"

namespace recbots {
namespace {

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
TEST(Crc32cTest, MatchesPublishedValues) {
  std::string ascending(32, '\0');
  for (size_t i = 0; i < ascending.size(); ++i) ascending[i] = static_cast<char>(i);
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  EXPECT_EQ(Crc32c(ascending), 0x46DD794EU);
  EXPECT_EQ(Crc32c(""), 0U);
}

TEST(Crc32cTest, GoesOnWhereAnEarlierCallStopped) {
  const std::string text = "the checksum of the whole is that of its parts, one after the other";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(Crc32c(text.substr(cut), Crc32c(text.substr(0, cut))), Crc32c(text)) << "cut at " << cut;
  }
}

// Zeros that were never written to take no memory.
TEST(Crc32cTest, ReadsMoreThanTwoGibibytesAtOnce) {
  const size_t size = (size_t{1} << 31) + 1000;
  void* const zeros = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(zeros, MAP_FAILED) << strerror(errno);
  const absl::string_view all(static_cast<const char*>(zeros), size);
  uint32_t in_parts = 0;
  for (size_t at = 0; at < size; at += 7000001) in_parts = Crc32c(all.substr(at, 7000001), in_parts);
  EXPECT_EQ(Crc32c(all), in_parts);
  munmap(zeros, size);
}

TEST(Crc32cTest, SeesEverySingleFlippedBit) {
  const std::string text(100, 'x');
  for (size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string damaged = text;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_NE(Crc32c(damaged), Crc32c(text)) << "bit " << bit;
  }
}

}  // namespace
}  // namespace recbots
