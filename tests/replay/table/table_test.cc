#include "replay/table/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <deque>

#include "common/base/thread.h"
#include "replay/table/column_batch.h"
#include "tests/replay/support/test_rows.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Table> MakeTable(const TableOptions& options) {
  auto table = Table::Create(TestSchema(), options);
  RECBOTS_CHECK_OK(table.status());
  return *std::move(table);
}

TEST(TableTest, HoldsTheNewestRowsInOrderLikeAQueue) {
  for (const int64_t capacity : {1, 7, 64, 1000, 3001}) {
    SCOPED_TRACE(capacity);
    const auto table = MakeTable({.capacity_rows = capacity});
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

TEST(TableTest, HoldsBothCapacities) {
  EXPECT_EQ(MakeTable({.capacity_rows = 100, .capacity_bytes = 32 * 60 + 31})->capacity(), 60);
  EXPECT_EQ(MakeTable({.capacity_rows = 50, .capacity_bytes = 32 * 60})->capacity(), 50);
}

TEST(TableTest, RefusesImpossibleSettings) {
  const auto refusal = [](const TableOptions& options) {
    const auto table = Table::Create(TestSchema(), options);
    EXPECT_EQ(table.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(table.status().message());
  };
  EXPECT_THAT(refusal({.capacity_rows = 0}), HasSubstr("capacity_rows 0, want 1..4294967295"));
  EXPECT_THAT(refusal({.capacity_bytes = 31}), HasSubstr("capacity_bytes 31, want at least the 32"));
  EXPECT_THAT(refusal({.capacity_rows = 10, .rate_limiter = {.min_size = 11}}), HasSubstr("min_size 11, want at most"));
  EXPECT_THAT(refusal({.max_writers = 0}), HasSubstr("max_writers 0"));
}

TEST(TableTest, SkipsRowsThatComeAgainAndRefusesGaps) {
  const auto table = MakeTable({});
  const WriterId id{1};
  const auto rows = MakeRows(1, 0, 100);
  EXPECT_EQ(table->Insert(id, 0, Bytes(rows), 1).status().code(), absl::StatusCode::kFailedPrecondition);
  ASSERT_EQ(table->OpenWriter(id).value(), 0);
  ASSERT_EQ(table->Insert(id, 0, Bytes(rows), 40)->acknowledged_rows, 40);
  const InsertResult overlap = table->Insert(id, 30, Bytes(rows) + 30 * sizeof(TestRow), 20).value();
  EXPECT_EQ(overlap.acknowledged_rows, 50);
  EXPECT_EQ(overlap.duplicates, 10);
  EXPECT_EQ(overlap.inserted, 10);
  EXPECT_EQ(table->Insert(id, 0, Bytes(rows), 20)->duplicates, 20);
  const auto gap = table->Insert(id, 51, Bytes(rows), 1);
  EXPECT_EQ(gap.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(gap.status().message()), HasSubstr("first_sequence 51, want at most 50"));
  table->CloseWriter(id);
  EXPECT_EQ(table->OpenWriter(id).value(), 50);
  EXPECT_EQ(AllRows(*table), MakeRows(1, 0, 50));
  EXPECT_EQ(table->state().duplicates, 30);
}

TEST(TableTest, TakesPartOfABlockWhenTheLimiterAdmitsNoMore) {
  const auto table = MakeTable({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}});
  const WriterId id{1};
  ASSERT_TRUE(table->OpenWriter(id).ok());
  const auto rows = MakeRows(1, 0, 50);
  const InsertResult first = table->Insert(id, 0, Bytes(rows), 50).value();
  EXPECT_EQ(first.acknowledged_rows, 20);
  EXPECT_EQ(first.blocked_on, BlockedOn::kSpiInsert);
  ColumnBatch batch(std::make_shared<RowSchema>(table->schema()), 5);
  ASSERT_EQ(table->Sample(Rng(1, Purpose::kReplay, {}), 5, batch.data()).blocked_on, BlockedOn::kNone);
  const InsertResult second = table->Insert(id, 20, Bytes(rows) + 20 * sizeof(TestRow), 30).value();
  EXPECT_EQ(second.acknowledged_rows, 25);
  table->Refund(5);
  EXPECT_EQ(table->state().refunded, 5);
  EXPECT_EQ(table->state().inserts_blocked_on, BlockedOn::kSpiInsert);
  ColumnBatch larger(std::make_shared<RowSchema>(table->schema()), 26);
  const SampleResult refused = table->Sample(Rng(1, Purpose::kReplay, {}), 26, larger.data());
  EXPECT_EQ(refused.blocked_on, BlockedOn::kSpiSample);
  EXPECT_EQ(refused.table.sampled, 5);
}

TEST(TableTest, SamplesWaitForMinSize) {
  const auto table = MakeTable({.rate_limiter = {.min_size = 3}});
  ColumnBatch batch(std::make_shared<RowSchema>(table->schema()), 1);
  const auto rows = MakeRows(1, 0, 3);
  table->Append(Bytes(rows), 2);
  EXPECT_EQ(table->Sample(Rng(1, Purpose::kReplay, {}), 1, batch.data()).blocked_on, BlockedOn::kMinSize);
  table->Append(Bytes(rows) + 2 * sizeof(TestRow), 1);
  EXPECT_EQ(table->Sample(Rng(1, Purpose::kReplay, {}), 1, batch.data()).blocked_on, BlockedOn::kNone);
}

TEST(TableTest, SameRandomStreamSameBatchWhereverTheRingBegan) {
  const auto table = MakeTable({.capacity_rows = 500});
  const auto shifted = MakeTable({.capacity_rows = 500});
  const auto rows = MakeRows(1, 0, 500);
  shifted->Append(Bytes(rows), 123);  // Leaves the table, and the ring turned.
  table->Append(Bytes(rows), 500);
  shifted->Append(Bytes(rows), 500);
  const auto schema = std::make_shared<RowSchema>(table->schema());
  ColumnBatch a(schema, 2000), b(schema, 2000), c(schema, 2000);
  table->Sample(Rng(9, Purpose::kReplay, {}), 2000, a.data());
  shifted->Sample(Rng(9, Purpose::kReplay, {}), 2000, b.data());
  table->Sample(Rng(10, Purpose::kReplay, {}), 2000, c.data());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size()), 0);
  EXPECT_NE(std::memcmp(a.data(), c.data(), a.size()), 0);
}

TEST(TableTest, ReadersSeeWholeRowsWhileWritersWrite) {
  const auto table = MakeTable({.capacity_rows = 300});
  const auto seed_rows = MakeRows(0, 0, 300);
  table->Append(Bytes(seed_rows), 300);
  constexpr int64_t kRows = 20'000;
  std::atomic<int> writers_left{2};
  const auto write = [&](int64_t writer) {
    for (int64_t first = 0; first < kRows; first += 100) {
      const auto rows = MakeRows(writer, first, 100);
      table->Append(Bytes(rows), 100);
    }
    --writers_left;
  };
  Thread first("writer", [&] { write(1); });
  Thread second("writer", [&] { write(2); });
  ColumnBatch batch(std::make_shared<RowSchema>(table->schema()), 64);
  uint32_t step = 0;
  do {
    ASSERT_EQ(table->Sample(Rng(1, Purpose::kReplay, {.step = step++}), 64, batch.data()).blocked_on, BlockedOn::kNone);
    for (size_t i = 0; i < 64; ++i) {
      const TestRow want = MakeRow(batch.column<int64_t>(0)[i], batch.column<int64_t>(1)[i]);
      ASSERT_EQ(std::memcmp(want.payload, &batch.column<float>(2)[i * 4], sizeof(want.payload)), 0);
    }
  } while (writers_left.load() > 0);
  EXPECT_EQ(table->state().inserted, 300 + 2 * kRows);
}

}  // namespace
}  // namespace recbots::replay
