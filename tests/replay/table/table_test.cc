#include "replay/table/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <limits>
#include <set>

#include "tests/replay/table/table_fixture.h"

namespace recbots::replay {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TableTest, HoldsTheNewestRowsInOrderLikeAQueue) {
  for (const int64_t capacity : {1, 7, 64, 1000, 3001}) {
    SCOPED_TRACE(capacity);
    const auto table = MakeTestTable({.capacity_rows = capacity});
    std::deque<TestRow> model;
    Rng rng(/*seed=*/5, Purpose::kTest, {});
    int64_t next = 0;
    for (int i = 0; i < 200; ++i) {
      const auto rows = MakeRows(1, next, 1 + rng.Index(i % 20 == 0 ? 5000 : 50));
      ASSERT_EQ(table->Append(Bytes(rows), static_cast<int64_t>(rows.size())), static_cast<int64_t>(rows.size()));
      next += static_cast<int64_t>(rows.size());
      model.insert(model.end(), rows.begin(), rows.end());
      while (static_cast<int64_t>(model.size()) > capacity) model.pop_front();
      const auto all = AllRows(*table);
      ASSERT_TRUE(std::equal(all.begin(), all.end(), model.begin(), model.end())) << i;
      ASSERT_EQ(table->state().inserted, next);
    }
  }
}

TEST(TableTest, HoldsBothCapacitiesBookkeepingIncluded) {
  constexpr int64_t kSlot = 32 + 16 + 8 + 8;  // A row, what is known of it, uniform, oldest.
  EXPECT_EQ(MakeTestTable({.capacity_rows = 100, .capacity_bytes = kSlot * 60 + kSlot - 1})->capacity(), 60);
  EXPECT_EQ(MakeTestTable({.capacity_rows = 50, .capacity_bytes = kSlot * 60})->capacity(), 50);
  const auto table = MakeTestTable({.capacity_rows = 50});
  AppendRows(*table, 0, 20);
  EXPECT_EQ(table->state().bytes, 20 * kSlot);
}

TEST(TableTest, RefusesImpossibleSettings) {
  const auto refusal = [](const TableOptions& options) {
    const auto table = Table::Create(TestSchema(), options);
    EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(table.status().message());
  };
  EXPECT_THAT(refusal({.name = "a", .capacity_rows = 0}),
              HasSubstr("replay table 'a': capacity_rows 0, want 1..4294967295"));
  EXPECT_THAT(refusal({.capacity_bytes = 63}), HasSubstr("capacity_bytes 63, want at least the 64"));
  EXPECT_THAT(refusal({.capacity_rows = 10, .rate_limiter = {.min_size = 11}}), HasSubstr("min_size 11, want at most"));
  EXPECT_THAT(refusal({.max_writers = 0}), HasSubstr("max_writers 0"));
  EXPECT_THAT(refusal({.sampler = static_cast<SelectorKind>(9)}), HasSubstr("sampler 9, want 1..6"));
  EXPECT_THAT(refusal({.remover = SelectorKind::kUniform}), HasSubstr("remover uniform, want oldest"));
  EXPECT_THAT(refusal({.priority_exponent = -0.1}), HasSubstr("priority_exponent -0.1, want 0..10"));
  EXPECT_THAT(refusal({.priority_exponent = std::nan("")}), HasSubstr("priority_exponent nan"));
  EXPECT_THAT(refusal({.max_times_sampled = -1}), HasSubstr("max_times_sampled -1, want 0..65535"));
  EXPECT_THAT(refusal({.max_times_sampled = 65536}), HasSubstr("max_times_sampled 65536"));
  EXPECT_THAT(refusal({.max_times_sampled = 1, .rate_limiter = {.samples_per_insert = 1.5, .error_buffer = 10}}),
              HasSubstr("samples_per_insert 1.5, want at most max_times_sampled, 1"));
  EXPECT_THAT(refusal({.rate_limiter = QueueOf(10)}), HasSubstr("max_times_sampled 0, want 1 for a queue"));
  EXPECT_THAT(refusal({.capacity_rows = 9, .max_times_sampled = 1, .rate_limiter = QueueOf(10)}),
              HasSubstr("queue_size 10, want at most the capacity, 9"));
}

TEST(TableTest, SkipsRowsThatComeAgainAndRefusesGaps) {
  const auto table = MakeTestTable({});
  const WriterId id{1};
  const auto rows = MakeRows(1, 0, 100);
  const auto insert = [&](int64_t first, int64_t count) {
    const absl::string_view bytes(Bytes(rows) + first * 32, static_cast<size_t>(count) * 32);
    return table->Insert(id, first, ByteRuns({&bytes, 1}), count);
  };
  EXPECT_EQ(insert(0, 1).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_EQ(table->OpenWriter(id).value(), 0);
  ASSERT_EQ(insert(0, 40)->acknowledged_rows, 40);
  const InsertResult overlap = insert(30, 20).value();
  EXPECT_EQ(overlap.acknowledged_rows, 50);
  EXPECT_EQ(overlap.duplicates, 10);
  EXPECT_EQ(overlap.inserted, 10);
  EXPECT_EQ(insert(0, 20)->duplicates, 20);
  const auto gap = insert(51, 1);
  EXPECT_EQ(gap.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(gap.status().message()), HasSubstr("first_sequence 51, want at most 50"));
  table->CloseWriter(id);
  EXPECT_EQ(table->OpenWriter(id).value(), 50);
  EXPECT_EQ(AllRows(*table), MakeRows(1, 0, 50));
  EXPECT_EQ(table->state().duplicates, 30);
}

TEST(TableTest, RowsMayComeInAnyPieces) {
  Rng rng(/*seed=*/6, Purpose::kTest, {});
  for (int round = 0; round < 50; ++round) {
    const auto table = MakeTestTable({.capacity_rows = 700});
    const auto rows = MakeRows(1, 0, 1000);
    std::vector<absl::string_view> pieces;
    for (size_t at = 0; at < 32'000;) {
      const size_t size = std::min<size_t>(rng.Index(round % 2 == 0 ? 100 : 5000), 32'000 - at);
      pieces.emplace_back(Bytes(rows) + at, size);
      at += size;
    }
    ASSERT_TRUE(table->OpenWriter(WriterId{1}).ok());
    ASSERT_EQ(table->Insert(WriterId{1}, 0, ByteRuns(pieces), 1000)->inserted, 1000);
    ASSERT_EQ(AllRows(*table), MakeRows(1, 300, 700));
  }
}

TEST(TableTest, TakesPartOfABlockWhenTheLimiterAdmitsNoMore) {
  const auto table = MakeTestTable({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}});
  const WriterId id{1};
  ASSERT_TRUE(table->OpenWriter(id).ok());
  const auto rows = MakeRows(1, 0, 50);
  const auto insert = [&](int64_t first) {
    const absl::string_view bytes(Bytes(rows) + first * 32, static_cast<size_t>(50 - first) * 32);
    return table->Insert(id, first, ByteRuns({&bytes, 1}), 50 - first).value();
  };
  const InsertResult first = insert(0);
  EXPECT_EQ(first.acknowledged_rows, 20);
  EXPECT_EQ(first.blocked_on, BlockedOn::kSpiInsert);
  const DrawnBatch batch = Draw(*table, 5);
  ASSERT_EQ(batch.blocked_on, BlockedOn::kNone);
  EXPECT_EQ(insert(20).acknowledged_rows, 25);
  table->Refund(batch.keys);
  EXPECT_EQ(table->state().refunded, 5);
  EXPECT_EQ(table->state().inserts_blocked_on, BlockedOn::kSpiInsert);
  EXPECT_EQ(Draw(*table, 26).blocked_on, BlockedOn::kSpiSample);
  EXPECT_EQ(table->state().sampled, 5);
}

TEST(TableTest, SamplesWaitForMinSizeAndDoNotCountBefore) {
  const auto table = MakeTestTable({.rate_limiter = {.min_size = 3}});
  AppendRows(*table, 0, 2);
  EXPECT_EQ(Draw(*table, 1).blocked_on, BlockedOn::kMinSize);
  EXPECT_EQ(table->state().total_weight, 0u);
  AppendRows(*table, 2, 1);
  EXPECT_EQ(Draw(*table, 1).blocked_on, BlockedOn::kNone);
  EXPECT_EQ(table->state().total_weight, 3u);
}

TEST(TableTest, SameSeedAndHistorySameBatches) {
  const auto batches = [](uint64_t seed, SelectorKind sampler) {
    const auto table = MakeTestTable({.capacity_rows = 500, .sampler = sampler, .seed = seed});
    AppendRows(*table, 0, 700);
    std::vector<std::vector<int64_t>> drawn;
    for (const int64_t rows : {1, 2000, 100, 5000}) drawn.push_back(Draw(*table, rows).sequences);
    return drawn;
  };
  for (const SelectorKind sampler : {SelectorKind::kUniform, SelectorKind::kPrioritized}) {
    EXPECT_EQ(batches(9, sampler), batches(9, sampler));
    EXPECT_NE(batches(9, sampler), batches(10, sampler));
    EXPECT_NE(batches(9, sampler)[1], batches(9, sampler)[3]);
  }
}

TEST(TableTest, AQueueGivesEachRowOnceInOrderAndKeepsItUntilAcknowledged) {
  const auto table = MakeTestTable(
      {.capacity_rows = 10, .sampler = SelectorKind::kOldest, .max_times_sampled = 1, .rate_limiter = QueueOf(8)});
  const auto rows = MakeRows(1, 0, 20);
  EXPECT_EQ(table->Append(Bytes(rows), 20), 8);
  EXPECT_EQ(table->state().inserts_blocked_on, BlockedOn::kSpiInsert);
  const DrawnBatch first = Draw(*table, 3), second = Draw(*table, 4);
  EXPECT_THAT(first.sequences, ElementsAre(0, 1, 2));
  EXPECT_THAT(second.sequences, ElementsAre(3, 4, 5, 6));
  EXPECT_EQ(Draw(*table, 2).blocked_on, BlockedOn::kSpiSample);
  EXPECT_EQ(table->state().leased, 7);
  EXPECT_EQ(table->Append(Bytes(rows) + 8 * 32, 12), 2) << "leased rows take room";
  EXPECT_EQ(table->state().inserts_blocked_on, BlockedOn::kCapacity);
  table->Acknowledge(second.keys);
  EXPECT_EQ(table->state().consumed, 4);
  EXPECT_EQ(table->Append(Bytes(rows) + 10 * 32, 10), 4);
  table->Refund(first.keys);  // The reader died: another one begins where it did.
  EXPECT_EQ(table->state().leased, 0);
  EXPECT_THAT(Draw(*table, 8).sequences, ElementsAre(0, 1, 2, 7, 8, 9, 10, 11));
}

TEST(TableTest, AStackGivesTheNewestFirst) {
  const auto table =
      MakeTestTable({.sampler = SelectorKind::kNewest, .max_times_sampled = 1, .rate_limiter = QueueOf(100)});
  AppendRows(*table, 0, 5);
  const DrawnBatch batch = Draw(*table, 2);
  EXPECT_THAT(batch.sequences, ElementsAre(4, 3));
  AppendRows(*table, 5, 1);
  table->Refund(batch.keys);
  EXPECT_THAT(Draw(*table, 4).sequences, ElementsAre(5, 4, 3, 2));
}

TEST(TableTest, ARowGoesWhenItsLastBatchIsAcknowledged) {
  const auto table = MakeTestTable({.sampler = SelectorKind::kOldest, .max_times_sampled = 2});
  AppendRows(*table, 0, 2);
  const DrawnBatch first = Draw(*table, 1), second = Draw(*table, 1);
  EXPECT_THAT(second.sequences, ElementsAre(0));
  table->Acknowledge(first.keys);
  EXPECT_EQ(table->state().rows, 2) << "the other batch may still come back";
  table->Refund(second.keys);
  const DrawnBatch again = Draw(*table, 1);
  EXPECT_THAT(again.sequences, ElementsAre(0));
  table->Acknowledge(again.keys);
  EXPECT_EQ(table->state().rows, 1);
  table->Acknowledge(again.keys);  // Twice does no harm.
  table->Refund(again.keys);
  EXPECT_EQ(table->state().rows, 1);
  EXPECT_EQ(table->UpdatePriorities(again.keys, {1.0f}).stale, 1);
}

TEST(TableTest, LeasedRowsAreNotRemoved) {
  const auto table = MakeTestTable({.capacity_rows = 4, .sampler = SelectorKind::kOldest, .max_times_sampled = 1});
  AppendRows(*table, 0, 4);
  const DrawnBatch batch = Draw(*table, 3);  // 0, 1, 2
  AppendRows(*table, 4, 10);                 // All through the one slot that is left.
  EXPECT_EQ(table->state().evicted, 10);
  table->Refund(batch.keys);
  EXPECT_EQ(AllRows(*table), (std::vector<TestRow>{MakeRow(1, 0), MakeRow(1, 1), MakeRow(1, 2), MakeRow(1, 13)}));
  AppendRows(*table, 14, 1);
  EXPECT_EQ(AllRows(*table), (std::vector<TestRow>{MakeRow(1, 1), MakeRow(1, 2), MakeRow(1, 13), MakeRow(1, 14)}));
  ASSERT_EQ(Draw(*table, 4).blocked_on, BlockedOn::kNone);
  const auto row = MakeRows(1, 99, 1);
  EXPECT_EQ(table->Append(Bytes(row), 1), 0);
  EXPECT_EQ(table->state().inserts_blocked_on, BlockedOn::kCapacity);
}

TEST(TableTest, ABatchIsDrawnWholeOrNotAtAll) {
  const auto table = MakeTestTable({.capacity_rows = 5000, .max_times_sampled = 2});
  AppendRows(*table, 0, 2000);
  EXPECT_EQ(Draw(*table, 4001).blocked_on, BlockedOn::kItems);
  EXPECT_EQ(table->state().sampled, 0);
  const DrawnBatch all = Draw(*table, 4000);  // In several pieces.
  ASSERT_EQ(all.blocked_on, BlockedOn::kNone);
  for (const int64_t sequence : {0, 999, 1999}) {
    EXPECT_EQ(std::count(all.sequences.begin(), all.sequences.end(), sequence), 2);
  }
  EXPECT_EQ(table->state().leased, 2000);
  EXPECT_EQ(table->state().samples_blocked_on, BlockedOn::kItems);
  table->Acknowledge(all.keys);
  EXPECT_EQ(table->state().rows, 0);
}

TEST(TableTest, PrioritiesThatCannotBeUsedAreCountedAndPassedOver) {
  const auto table = MakeTestTable({.sampler = SelectorKind::kPrioritized, .priority_exponent = 1});
  AppendRows(*table, 0, 4);
  std::vector<ItemKey> keys(4);
  for (const DrawnBatch& batch = Draw(*table, 100); const ItemKey key : batch.keys) keys[SlotOf(key)] = key;
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const PriorityResult result = table->UpdatePriorities(
      {keys[0], keys[1], keys[2], keys[3], keys[3] + (uint64_t{1} << 32), MakeKey(3, 4'000'000), WithShard(keys[3], 5)},
      {-1.0f, kInfinity, std::nanf(""), 0.5f, 1.0f, 1.0f, 2.0f});
  EXPECT_EQ(result.refused, 3);
  EXPECT_EQ(result.stale, 2);
  EXPECT_EQ(result.updated, 2);
  EXPECT_EQ(table->state().total_weight, uint64_t{65536} * 5) << "three of 1, one of 2";
  EXPECT_EQ(table->state().priorities_refused, 3);
  AppendRows(*table, 4, 1);
  EXPECT_EQ(table->state().total_weight, uint64_t{65536} * 7) << "new rows come with the highest seen";
}

TEST(TableTest, RowsOfPriorityZeroAreNotDrawn) {
  const auto table = MakeTestTable({.sampler = SelectorKind::kPrioritized});
  AppendRows(*table, 0, 3, {0, 0, 0});
  EXPECT_EQ(Draw(*table, 1).blocked_on, BlockedOn::kItems);
  EXPECT_EQ(table->state().samples_blocked_on, BlockedOn::kItems);
  AppendRows(*table, 3, 2, {0, 1e-30f});
  EXPECT_THAT(Draw(*table, 50).sequences, Each(4));
}

TEST(TableTest, KeysOfRowsThatWentAreStale) {
  const auto table = MakeTestTable({.capacity_rows = 3});
  std::set<ItemKey> keys;
  ItemKey last = 0;
  for (int64_t i = 0; i < 3000; ++i) {
    AppendRows(*table, i, 3);
    ASSERT_EQ(table->UpdatePriorities({last}, {1.0f}).stale, 1);
    last = Draw(*table, 1).keys[0];
    ASSERT_LT(last, uint64_t{1} << 56) << "no shard";
    ASSERT_TRUE(keys.insert(last).second);
    ASSERT_EQ(table->UpdatePriorities({last}, {1.0f}).updated, 1);
  }
}

TEST(TableTest, TheLimiterChangesWhileItRuns) {
  const auto table = MakeTestTable({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}});
  const auto rows = MakeRows(1, 0, 100);
  EXPECT_EQ(table->Append(Bytes(rows), 100), 20);
  EXPECT_TRUE(table->SetRateLimiter({.min_size = 10, .samples_per_insert = 1, .error_buffer = 30}).ok());
  EXPECT_EQ(table->Append(Bytes(rows), 100), 20) << "the 20 before count";
  EXPECT_EQ(table->rate_limiter().error_buffer, 30);
  for (const RateLimiterOptions& bad :
       {RateLimiterOptions{.min_size = 10'000'000}, RateLimiterOptions{.min_size = 0}, QueueOf(10)}) {
    EXPECT_EQ(table->SetRateLimiter(bad).code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(table->rate_limiter().error_buffer, 30);
  EXPECT_TRUE(table->SetRateLimiter({.min_size = 1}).ok());
  EXPECT_EQ(table->Append(Bytes(rows), 100), 100);
}

TEST(TableTest, RefusesReadersThatCouldWaitForEver) {
  const auto table = MakeTestTable({.capacity_rows = 100, .max_times_sampled = 3});
  EXPECT_TRUE(table->CheckReader(300, 8).ok());
  const absl::Status status = table->CheckReader(301, 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("batch_size 301, want at most the capacity, 100"));
}

// A pair that takes whatever it is given: the ratio stays within the error buffer all the time.
TEST(TableTest, AGreedyPairStaysWithinTheErrorBuffer) {
  for (const double spi : {0.1, 1.0, 8.0}) {
    const double buffer = std::max(200.0, 2 * spi);
    const auto table = MakeTestTable(
        {.capacity_rows = 1000, .rate_limiter = {.min_size = 50, .samples_per_insert = spi, .error_buffer = buffer}});
    const auto rows = MakeRows(1, 0, 64);
    for (int i = 0; i < 20'000; ++i) {
      table->Append(Bytes(rows), 64);
      for (int batches = 0; batches < 3 && Draw(*table, 32).blocked_on == BlockedOn::kNone; ++batches) {
      }
      const TableState state = table->state();
      if (state.sampled == 0) continue;
      const double ahead = static_cast<double>(state.inserted - 50) * spi - static_cast<double>(state.sampled);
      ASSERT_LE(std::abs(ahead), buffer) << spi;
    }
    const TableState state = table->state();
    ASSERT_GT(state.inserted, 100'000);
    EXPECT_NEAR(static_cast<double>(state.sampled) / static_cast<double>(state.inserted) / spi, 1, 0.03);
  }
}

}  // namespace
}  // namespace recbots::replay
