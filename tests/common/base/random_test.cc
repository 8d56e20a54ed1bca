#include "common/base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

namespace recbots {
namespace {

using Block = std::array<uint32_t, 4>;

uint64_t Key(uint32_t key0, uint32_t key1) { return uint64_t{key1} << 32 | key0; }

// Known answers for philox4x32-10 published with Random123.
TEST(PhiloxTest, MatchesPublishedValues) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, 0), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  constexpr uint32_t kOnes = 0xffffffff;
  EXPECT_EQ(Philox4x32({kOnes, kOnes, kOnes, kOnes}, Key(kOnes, kOnes)),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, Key(0xa4093822, 0x299f31d0)),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

std::vector<uint32_t> Draws(Rng rng, int count) {
  std::vector<uint32_t> bits;
  for (int i = 0; i < count; ++i) bits.push_back(rng.Bits());
  return bits;
}

TEST(RngTest, IsAFunctionOfSeedPurposeAndPosition) {
  const std::vector<uint32_t> draws = Draws(Rng(5, Purpose::kTest, {1, 2, 3}), 10);
  EXPECT_EQ(Draws(Rng(5, Purpose::kTest, {1, 2, 3}), 10), draws);
  EXPECT_NE(Draws(Rng(6, Purpose::kTest, {1, 2, 3}), 10), draws);
  EXPECT_NE(Draws(Rng(5 + (uint64_t{1} << 32), Purpose::kTest, {1, 2, 3}), 10), draws);
  EXPECT_NE(Draws(Rng(5, Purpose::kUser, {1, 2, 3}), 10), draws);
  EXPECT_NE(Draws(Rng(5, Purpose::kTest, {0, 2, 3}), 10), draws);
  EXPECT_NE(Draws(Rng(5, Purpose::kTest, {1, 0, 3}), 10), draws);
  EXPECT_NE(Draws(Rng(5, Purpose::kTest, {1, 2, 0}), 10), draws);
}

TEST(RngTest, GoesOnAfterAFirstBlockThatWasComputedAhead) {
  const StreamPosition position{7, 8, 9};
  const Block first = Philox4x32({uint32_t{10} << 16, 9, 8, 7}, 5);
  EXPECT_EQ(Draws(Rng(5, Purpose::kTest, position, first), 23), Draws(Rng(5, Purpose::kTest, position), 23));
}

// Collisions among 32-bit numbers would be about 1 in 100,000 by chance; two streams that share a part would show many.
TEST(RngTest, NeighbouringPositionsAndPurposesShareNoNumbers) {
  std::multiset<uint64_t> pairs;
  for (uint16_t purpose = 1; purpose <= 10; ++purpose) {
    for (uint32_t i = 0; i < 1000; ++i) {
      Rng rng(1, static_cast<Purpose>(purpose), {i % 10, i / 10 % 10, i / 100});
      pairs.insert(uint64_t{rng.Bits()} << 32 | rng.Bits());
    }
  }
  EXPECT_EQ(std::set<uint64_t>(pairs.begin(), pairs.end()).size(), pairs.size());
}

// Sum of (observed - expected)^2 / expected over equally likely bins.
double ChiSquare(const std::vector<int>& counts) {
  double total = 0;
  for (const int count : counts) total += count;
  const double expected = total / static_cast<double>(counts.size());
  double sum = 0;
  for (const int count : counts) sum += (count - expected) * (count - expected) / expected;
  return sum;
}

// P(chi-square with 99 degrees of freedom > 181.9) = 1e-6. A bin 2.8 % too full at 10^6 draws would be caught.
constexpr double kChiSquare99 = 181.9;

TEST(RngTest, IndexIsUniformAlongEveryCoordinate) {
  for (int coordinate = 0; coordinate < 4; ++coordinate) {
    std::vector<int> counts(100, 0);
    Rng successive(11, Purpose::kTest, {});
    for (uint32_t i = 0; i < 200000; ++i) {
      const StreamPosition position{coordinate == 0 ? i : 3, coordinate == 1 ? i : 4, coordinate == 2 ? i : 5};
      ++counts[coordinate == 3 ? successive.Index(100) : Rng(11, Purpose::kTest, position).Index(100)];
    }
    EXPECT_LT(ChiSquare(counts), kChiSquare99) << "coordinate " << coordinate;
  }
}

TEST(RngTest, PairsOfSuccessiveDrawsFillTheSquare) {
  std::vector<int> counts(100, 0);
  Rng rng(12, Purpose::kTest, {});
  for (int i = 0; i < 100000; ++i) {
    const uint32_t row = rng.Index(10);
    ++counts[row * 10 + rng.Index(10)];
  }
  EXPECT_LT(ChiSquare(counts), kChiSquare99);
}

TEST(RngTest, UniformStaysInItsIntervalWithTheRightMoments) {
  constexpr int kCount = 200000;
  Rng rng(13, Purpose::kTest, {});
  double sum = 0, squares = 0;
  for (int i = 0; i < kCount; ++i) {
    const double u = rng.Uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    squares += u * u;
  }
  EXPECT_NEAR(sum / kCount, 0.5, 5 * std::sqrt(1.0 / 12 / kCount));
  EXPECT_NEAR(squares / kCount, 1.0 / 3, 5 * std::sqrt(4.0 / 45 / kCount));
  EXPECT_LT(UniformFrom(0xffffffff), 1.0);
  EXPECT_EQ(UniformFrom(0), 0.0);
  EXPECT_EQ(IndexFrom(0xffffffff, 7), 6U);
  EXPECT_EQ(IndexFrom(0, 7), 0U);
}

TEST(RngTest, NormalHasTheRightMomentsAndTails) {
  constexpr int kCount = 200000;
  Rng rng(14, Purpose::kTest, {});
  double sum = 0, squares = 0;
  int beyond_two = 0;
  for (int i = 0; i < kCount; ++i) {
    const double z = rng.Normal();
    ASSERT_TRUE(std::isfinite(z));
    sum += z;
    squares += z * z;
    beyond_two += std::abs(z) > 2 ? 1 : 0;
  }
  const double tail = std::erfc(std::sqrt(2.0));
  EXPECT_NEAR(sum / kCount, 0, 5 / std::sqrt(kCount));
  EXPECT_NEAR(squares / kCount, 1, 5 * std::sqrt(2.0 / kCount));
  EXPECT_NEAR(beyond_two / double{kCount}, tail, 5 * std::sqrt(tail * (1 - tail) / kCount));
}

}  // namespace
}  // namespace recbots
