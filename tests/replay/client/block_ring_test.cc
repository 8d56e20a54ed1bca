#include "replay/client/block_ring.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <iostream>
#include <vector>

#include "common/base/random.h"

namespace recbots::replay {
namespace {

constexpr int64_t kRowBytes = 8;

std::vector<int64_t> Rows(int64_t first, int64_t count) {
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < count; ++i) rows.push_back(first + i);
  return rows;
}

int64_t Append(BlockRing& ring, int64_t count, absl::Span<const float> priorities = {}) {
  const auto rows = Rows(ring.appended_rows(), count);
  return ring.Append(reinterpret_cast<const char*>(rows.data()), count, /*weights_version=*/1, priorities);
}

// That the block holds the rows it says it does.
void ExpectRows(const BlockRing::Outgoing& block, int64_t base) {
  ASSERT_EQ(block.rows.size(), static_cast<size_t>(block.header.num_rows * kRowBytes));
  const auto want = Rows(base + block.header.first_sequence, block.header.num_rows);
  ASSERT_EQ(std::memcmp(block.rows.begin(), want.data(), block.rows.size()), 0);
  if (block.priorities.size() == 0) return;
  ASSERT_EQ(block.priorities.size(), static_cast<size_t>(block.header.num_rows) * sizeof(float));
  for (int64_t i = 0; i < block.header.num_rows; ++i) {
    float priority = 0;
    std::memcpy(&priority, block.priorities.begin() + i * 4, sizeof(priority));
    ASSERT_EQ(priority, static_cast<float>(want[static_cast<size_t>(i)]));
  }
}

TEST(BlockRingTest, FillsSendsAndReleases) {
  BlockRing ring({.row_bytes = kRowBytes, .block_rows = 4, .num_blocks = 3});
  EXPECT_EQ(Append(ring, 20), 4);
  EXPECT_EQ(Append(ring, 2), 2);
  EXPECT_EQ(ring.filling_rows(), 2);
  ExpectRows(ring.Send(0), 0);
  EXPECT_EQ(ring.bytes_in_flight(), 4 * kRowBytes);
  ring.Acknowledge(4);
  EXPECT_EQ(ring.bytes_in_flight(), 0);
  EXPECT_EQ(ring.kept_from(), 4);
  EXPECT_EQ(Append(ring, 20), 2);
  EXPECT_EQ(Append(ring, 20), 4);
  EXPECT_EQ(Append(ring, 20), 4);
  EXPECT_TRUE(ring.full());
  EXPECT_EQ(Append(ring, 20), 0);
  const BlockRing::Outgoing block = ring.Send(4);
  EXPECT_EQ(block.header.first_sequence, 0);
  ExpectRows(block, 4);
  ring.Acknowledge(6);
  ring.Forget();
  EXPECT_EQ(ring.acknowledged_rows(), 4) << "a block of which only a part is acknowledged goes again whole";
}

TEST(BlockRingTest, BlocksHavePrioritiesForAllRowsOrNone) {
  BlockRing ring({.row_bytes = kRowBytes, .block_rows = 4, .num_blocks = 4});
  const float priorities[] = {2, 3};
  EXPECT_EQ(Append(ring, 2), 2);
  EXPECT_EQ(Append(ring, 2, priorities), 2);
  EXPECT_TRUE(ring.has_unsent()) << "the block without is sealed";
  EXPECT_EQ(ring.Send(0).priorities.size(), 0U);
  ring.Seal();
  const BlockRing::Outgoing block = ring.Send(0);
  EXPECT_EQ(block.priorities.size(), 8U);
  ExpectRows(block, 0);
}

TEST(BlockRingTest, BlocksThatWaitForACheckpointArePutTogether) {
  BlockRing ring({.row_bytes = kRowBytes, .block_rows = 10, .num_blocks = 4, .until_durable = true});
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(Append(ring, 1), 1) << i << ": 20 rows are 2 blocks";
    ring.Seal();
    ring.Send(0);
    ring.Acknowledge(i + 1);
  }
  EXPECT_FALSE(ring.full());
  ring.Resume(/*acknowledged=*/0, /*durable=*/0);
  BlockRing::Outgoing block = ring.Send(0);
  EXPECT_EQ(block.header.num_rows, 10);
  ExpectRows(block, 0);
  ring.Acknowledge(20);
  ring.SetDurable(15);
  EXPECT_EQ(ring.kept_from(), 10);
  EXPECT_EQ(ring.durable_rows(), 15);
}

// Random operations against a model: rows appended, and marks that only ever mean rows. What is sent has
// no gap.
TEST(BlockRingTest, AgreesWithAModel) {
  constexpr uint64_t kSeed = 20261124;
  std::cout << "seed " << kSeed << "\n";
  for (const bool until_durable : {false, true}) {
    BlockRing ring({.row_bytes = kRowBytes, .block_rows = 7, .num_blocks = 9, .until_durable = until_durable});
    Rng rng(kSeed, Purpose::kTest, {});
    int64_t base = 0;
    for (int step = 0; step < 200'000; ++step) {
      if (step % 50'000 == 0) rng = Rng(kSeed + static_cast<uint64_t>(step), Purpose::kTest, {});
      switch (rng.Index(12)) {
        case 0:
          if (ring.filling_rows() > 0) ring.Seal();
          break;
        case 1:
        case 2:
          ring.Acknowledge(std::min(ring.sent_now(), ring.acknowledged_rows() + rng.Index(12)));
          break;
        case 3:
          ring.SetDurable(ring.durable_rows() + rng.Index(12));
          break;
        case 4:
          if (rng.Index(10) > 0) break;
          // A store that came back with less, but not with less than is kept.
          ring.Resume(
              ring.kept_from() + rng.Index(static_cast<uint32_t>(ring.acknowledged_rows() - ring.kept_from()) + 1),
              ring.kept_from());
          break;
        case 5:
          if (rng.Index(20) > 0) break;
          ring.Forget();
          base = ring.kept_from();
          break;
        default: {
          if (rng.Index(2) == 0 && ring.has_unsent()) {
            const int64_t sent = ring.sent_now();
            const BlockRing::Outgoing block = ring.Send(base);
            ExpectRows(block, base);
            ASSERT_LE(base + block.header.first_sequence, std::max(sent, ring.acknowledged_rows())) << "a gap";
            break;
          }
          std::vector<float> priorities;
          const int64_t count = 1 + rng.Index(10);
          if (rng.Index(20) == 0) {
            for (int64_t i = 0; i < count; ++i) priorities.push_back(static_cast<float>(ring.appended_rows() + i));
          }
          Append(ring, count, priorities);
        }
      }
      ASSERT_LE(ring.kept_from(), ring.released_below());
      ASSERT_LE(ring.durable_rows(), ring.acknowledged_rows());
      ASSERT_LE(ring.acknowledged_rows(), ring.appended_rows());
      ASSERT_GE(ring.bytes_in_flight(), 0);
    }
  }
}

}  // namespace
}  // namespace recbots::replay
