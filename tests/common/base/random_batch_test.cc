#include "common/base/random_batch.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace recbots {
namespace {

// Every length, so that whole vectors and what is left over are both met.
TEST(BlockBatchTest, GivesTheDrawsOfRngForEveryLength) {
  const auto batch = std::make_unique<BlockBatch>();
  Rng positions_rng(1, Purpose::kTest, {});
  for (size_t n = 0; n <= BlockBatch::kCapacity; ++n) {
    std::vector<StreamPosition> positions(n);
    for (StreamPosition& position : positions) {
      position = {positions_rng.Bits(), positions_rng.Bits(), positions_rng.Bits()};
    }
    const uint64_t seed = uint64_t{positions_rng.Bits()} << 32 | positions_rng.Bits();
    const auto purpose = static_cast<Purpose>(1 + n % 10);
    batch->Fill(seed, purpose, positions);
    for (size_t i = 0; i < n; ++i) {
      Rng rng(seed, purpose, positions[i]);
      const std::array<uint32_t, 4> block = batch->block(i);
      for (const uint32_t bits : block) ASSERT_EQ(bits, rng.Bits()) << "length " << n << ", position " << i;
    }
  }
}

TEST(BlockRunTest, GivesTheDrawsOfRngForEveryLength) {
  const auto run = std::make_unique<BlockRun>();
  Rng seeds(2, Purpose::kTest, {});
  for (uint32_t n = 1; n <= BlockRun::kCapacity; ++n) {
    const StreamPosition position = {seeds.Bits(), seeds.Bits(), seeds.Bits()};
    const uint64_t seed = seeds.Bits();
    run->Fill(seed, Purpose::kDocument, position, n);
    Rng plain(seed, Purpose::kDocument, position);
    Rng ahead(seed, Purpose::kDocument, position, run->numbers(), n);
    for (uint32_t i = 0; i < 4 * n + 9; ++i) {  // Beyond what lay ahead too.
      if (i == 4 * n - 1) {
        Rng copy = ahead;
        EXPECT_EQ(copy.Bits(), run->numbers()[i]);
      }
      ASSERT_EQ(ahead.Bits(), plain.Bits()) << n << " blocks, draw " << i;
    }
  }
}

TEST(BlockBatchDeathTest, RefusesMoreThanItHolds) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const std::vector<StreamPosition> positions(BlockBatch::kCapacity + 1);
  const auto batch = std::make_unique<BlockBatch>();
  EXPECT_DEATH(batch->Fill(1, Purpose::kTest, positions), "positions 257, want 0..256");
}

}  // namespace
}  // namespace recbots
