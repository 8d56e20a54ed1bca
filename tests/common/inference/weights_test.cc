#include "common/inference/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "common/base/crc32c.h"
#include "common/base/random.h"

namespace recbots {
namespace {

std::vector<NamedTensor> SomeTensors() {
  return {{"actor.w1", {2, 3}, {1, -2, 3.5f, 0, 1e-30f, 6}}, {"scalar", {}, {7}}, {"b", {1}, {-0.25f}}};
}

// Puts a number into an encoding and mends the checksum, so that what comes after it is reached.
std::string WithNumber(std::string encoded, size_t offset, uint32_t number) {
  std::memcpy(encoded.data() + offset, &number, sizeof(number));
  const uint32_t crc = Crc32c(absl::string_view(encoded).substr(12));
  std::memcpy(encoded.data() + 8, &crc, sizeof(crc));
  return encoded;
}

void ExpectRefused(const std::string& encoded, const std::string& message) {
  const auto decoded = DecodeTensors(encoded);
  ASSERT_FALSE(decoded.ok()) << message;
  EXPECT_EQ(decoded.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(decoded.status().message()), ::testing::HasSubstr(message));
}

TEST(WeightsTest, DecodesWhatWasEncoded) {
  EXPECT_EQ(DecodeTensors(EncodeTensors(SomeTensors())).value(), SomeTensors());
  EXPECT_TRUE(DecodeTensors(EncodeTensors({})).value().empty());
}

TEST(WeightsTest, RefusesEveryFlippedBit) {
  const std::string encoded = EncodeTensors(SomeTensors());
  for (size_t i = 0; i < encoded.size() * 8; ++i) {
    std::string flipped = encoded;
    flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ (1 << (i % 8)));
    EXPECT_EQ(DecodeTensors(flipped).status().code(), absl::StatusCode::kInvalidArgument) << i;
  }
}

TEST(WeightsTest, RefusesEveryTruncationAndAnExtension) {
  const std::string encoded = EncodeTensors(SomeTensors());
  for (size_t size = 0; size < encoded.size(); ++size) {
    EXPECT_EQ(DecodeTensors(encoded.substr(0, size)).status().code(), absl::StatusCode::kInvalidArgument) << size;
    if (size >= 16) ExpectRefused(WithNumber(encoded.substr(0, size), 4, 1), "cut short");
  }
  ExpectRefused(WithNumber(encoded + "x", 4, 1), "1 bytes after the last part");
}

TEST(WeightsTest, RefusesAbsurdSizesBehindAGoodChecksum) {
  const std::string encoded = EncodeTensors({{"w", {2, 3}, {1, 2, 3, 4, 5, 6}}});
  constexpr size_t kName = 16, kRank = 21, kExtent = 25;  // 16 of header, 4 of length, 1 of name.
  ExpectRefused(WithNumber(encoded, 4, 3), "format version 3, want 1 or 2");
  ExpectRefused(WithNumber(encoded, 12, 5000), "number of tensors 5000, want at most 4096");
  ExpectRefused(WithNumber(encoded, kName, 4000), "length of a name 4000, want at most 128");
  ExpectRefused(WithNumber(encoded, kRank, 9), "rank 9, want at most 4");
  ExpectRefused(WithNumber(encoded, kExtent, 0), "extent 0");
  ExpectRefused(WithNumber(encoded, kExtent, 0xFFFFFFFF), "extent 4294967295, want at most");
  ExpectRefused(WithNumber(encoded, kExtent, 1 << 28), "elements or more, want at most");
  ExpectRefused(WithNumber(encoded, kExtent, 1 << 20), "cut short");
}

TEST(WeightsTest, CarryTheBytesOfWhatTheyWereTrainedFor) {
  const std::string plain = EncodeTensors(SomeTensors());
  const std::string named = WithIdentityBytes(plain, absl::string_view("an\0identity", 11));
  EXPECT_EQ(DecodeTensors(named).value(), SomeTensors());
  EXPECT_EQ(DecodeIdentityBytes(named).value(), absl::string_view("an\0identity", 11));
  EXPECT_EQ(DecodeIdentityBytes(plain).value(), "") << "a file of before";
  for (size_t size = plain.size(); size < named.size(); ++size) {
    ExpectRefused(WithNumber(named.substr(0, size), 4, 2), "cut short");
  }
  ExpectRefused(WithNumber(named + "x", 4, 2), "1 bytes after the last part");
  ExpectRefused(WithNumber(named, plain.size(), 1 << 20), "length of the identity 1048576, want at most 32768");
}

TEST(WeightsTest, RefusesNumbersThatAreNotFinite) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity()}) {
    ExpectRefused(EncodeTensors({{"w", {3}, {1, bad, 2}}}), "w[1] is");
  }
}

TEST(WeightsTest, SurvivesRandomBytesBehindAGoodHeader) {
  Rng rng(1, Purpose::kTest, {});
  for (int i = 0; i < 20'000; ++i) {
    std::string encoded = EncodeTensors(SomeTensors());
    const size_t changes = 1 + rng.Index(4);
    for (size_t change = 0; change < changes; ++change) {
      encoded[12 + rng.Index(static_cast<uint32_t>(encoded.size()) - 12)] = static_cast<char>(rng.Index(256));
    }
    const auto decoded = DecodeTensors(WithNumber(encoded, 4, 1));
    if (!decoded.ok()) continue;
    EXPECT_EQ(DecodeTensors(EncodeTensors(*decoded)).value(), *decoded);
  }
}

}  // namespace
}  // namespace recbots
