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
  EXPECT_EQ(ring.rows_in_flight(), 4);
  ring.Acknowledge(4);
  EXPECT_EQ(ring.rows_in_flight(), 0);
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

TEST(BlockRingTest, SendsABlockBitByBit) {
  BlockRing ring({.row_bytes = kRowBytes, .block_rows = 5, .num_blocks = 4});
  const float priorities[] = {0, 1, 2, 3, 4};
  EXPECT_EQ(Append(ring, 5, priorities), 5);
  for (const int64_t want : {2, 2, 1}) {
    EXPECT_TRUE(ring.has_unsent());
    const BlockRing::Outgoing block = ring.Send(0, 2);
    EXPECT_EQ(block.header.num_rows, want);
    ExpectRows(block, 0);
  }
  EXPECT_FALSE(ring.has_unsent());
  ring.Acknowledge(3);
  EXPECT_EQ(ring.rows_in_flight(), 2);
  ring.Rewind();
  const BlockRing::Outgoing again = ring.Send(0);
  EXPECT_EQ(again.header.first_sequence, 3) << "what is acknowledged is not sent again";
  ExpectRows(again, 0);
}

Instant At(int64_t seconds) { return Instant() + absl::Seconds(seconds); }

TEST(BlockRingTest, DropsWhatWaitedLongestAndWasNeverSent) {
  BlockRing ring({.row_bytes = kRowBytes, .block_rows = 4, .num_blocks = 4, .age_step = absl::Seconds(1)});
  const auto append = [&ring](int64_t first, int64_t count, int64_t seconds) {
    const auto rows = Rows(first, count);
    return ring.Append(reinterpret_cast<const char*>(rows.data()), count, 1, {}, At(seconds));
  };
  ASSERT_EQ(append(0, 4, 10), 4);
  ASSERT_EQ(append(4, 3, 20), 3);
  ASSERT_EQ(append(7, 1, 30), 1);
  ASSERT_EQ(append(8, 2, 40), 2);
  EXPECT_EQ(ring.UnsentSince(0), At(10));
  ExpectRows(ring.Send(0, 3), 0);
  EXPECT_EQ(ring.DropUnsent(At(9), 0), 0);
  EXPECT_EQ(ring.UnsentSince(0), At(10)) << "row 3";
  EXPECT_EQ(ring.UnsentSince(/*keep_below=*/4), At(20));
  EXPECT_EQ(ring.DropUnsent(At(20), /*keep_below=*/0), 4) << "rows 3 to 6";
  EXPECT_EQ(ring.appended_rows(), 6);
  EXPECT_EQ(ring.UnsentSince(0), At(30));
  EXPECT_EQ(append(10, 2, 50), 2);
  std::vector<int64_t> sent;
  while (ring.has_unsent() || ring.filling_rows() > 0) {
    if (!ring.has_unsent()) ring.Seal();
    const BlockRing::Outgoing block = ring.Send(0);
    EXPECT_EQ(block.header.first_sequence, 3 + static_cast<int64_t>(sent.size())) << "a gap";
    const auto* const rows = reinterpret_cast<const int64_t*>(block.rows.begin());
    sent.insert(sent.end(), rows, rows + block.header.num_rows);
  }
  EXPECT_EQ(sent, Rows(7, 5));
  EXPECT_EQ(ring.UnsentSince(0), Instant::InfiniteFuture());
  ring.Rewind();
  EXPECT_EQ(ring.DropUnsent(At(99), 0), 0) << "what was sent once may be in the table";
}

// Random operations against a list of what was appended and not dropped: what is sent is that, in order, by number.
TEST(BlockRingTest, AgreesWithAModelWhenRowsAreDropped) {
  constexpr uint64_t kSeed = 20261128;
  std::cout << "seed " << kSeed << "\n";
  struct Row {
    int64_t content;
    Instant came;
  };
  BlockRing ring({.row_bytes = kRowBytes, .block_rows = 7, .num_blocks = 9, .age_step = absl::ZeroDuration()});
  Rng rng(kSeed, Purpose::kTest, {});
  std::vector<Row> rows;  // By number.
  int64_t content = 0;
  int64_t dropped = 0;
  for (int step = 0; step < 50'000; ++step) {
    if (step % 10'000 == 0) rng = Rng(kSeed + static_cast<uint64_t>(step), Purpose::kTest, {});
    switch (rng.Index(8)) {
      case 0:
        if (ring.filling_rows() > 0) ring.Seal();
        break;
      case 1:
        ring.Acknowledge(std::min(ring.sent_now(), ring.acknowledged_rows() + rng.Index(12)));
        break;
      case 2:
        if (rng.Index(10) == 0) ring.Rewind();
        break;
      case 3: {
        const int64_t keep_below = rng.Index(4) == 0 ? ring.appended_rows() - rng.Index(5) : 0;
        const Instant before = At(step - 20);
        const int64_t from = std::max(ring.sent_rows(), keep_below);
        int64_t to = from;
        while (to < ring.appended_rows() && rows[static_cast<size_t>(to)].came <= before) ++to;
        ASSERT_EQ(ring.DropUnsent(before, keep_below), std::max<int64_t>(0, to - from)) << "step " << step;
        if (to > from) rows.erase(rows.begin() + from, rows.begin() + to);
        dropped += std::max<int64_t>(0, to - from);
        break;
      }
      case 4:
      case 5: {
        if (!ring.has_unsent()) break;
        const int64_t first = ring.sent_now();
        const BlockRing::Outgoing block = ring.Send(0, 1 + rng.Index(9));
        ASSERT_EQ(block.header.first_sequence, first);
        for (int64_t i = 0; i < block.header.num_rows; ++i) {
          int64_t sent = 0;
          std::memcpy(&sent, block.rows.begin() + i * kRowBytes, kRowBytes);
          const Row& want = rows[static_cast<size_t>(first + i)];
          ASSERT_EQ(sent, want.content) << "step " << step;
          if (block.priorities.size() == 0) continue;
          float priority = 0;
          std::memcpy(&priority, block.priorities.begin() + i * 4, 4);
          ASSERT_EQ(priority, static_cast<float>(want.content));
        }
        break;
      }
      default: {
        const int64_t count = 1 + rng.Index(10);
        const auto more = Rows(content, count);
        std::vector<float> priorities;
        if (rng.Index(3) == 0) {
          for (const int64_t row : more) priorities.push_back(static_cast<float>(row));
        }
        const int64_t taken = ring.Append(reinterpret_cast<const char*>(more.data()), count, 1, priorities, At(step));
        for (int64_t i = 0; i < taken; ++i) rows.push_back({content++, At(step)});
      }
    }
    ASSERT_EQ(ring.appended_rows(), static_cast<int64_t>(rows.size()));
    ASSERT_LE(ring.acknowledged_rows(), ring.sent_rows());
  }
  EXPECT_GT(dropped, 1000);
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
            const BlockRing::Outgoing block = rng.Index(2) == 0 ? ring.Send(base) : ring.Send(base, 1 + rng.Index(7));
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
      ASSERT_GE(ring.rows_in_flight(), 0);
    }
  }
}

}  // namespace
}  // namespace recbots::replay
