#include <gtest/gtest.h>

#include <atomic>
#include <cstring>

#include "common/base/thread.h"
#include "tests/replay/table/table_fixture.h"

namespace recbots::replay {
namespace {

constexpr int64_t kRows = 20'000;

void ExpectWholeRows(const ColumnBatch& batch) {
  for (size_t i = 0; i < static_cast<size_t>(batch.num_rows()); ++i) {
    const TestRow want = MakeRow(batch.column<int64_t>(0)[i], batch.column<int64_t>(1)[i]);
    ASSERT_EQ(std::memcmp(want.payload, &batch.column<float>(2)[i * 4], sizeof(want.payload)), 0);
  }
}

// Two writers, two readers that write priorities back, one that takes checkpoints, all at once.
void RunAll(const TableOptions& options) {
  const auto table = MakeTestTable(options);
  AppendRows(*table, 0, 300);
  std::atomic<int> writers_left{2};
  std::atomic<int64_t> drawn{0};
  const auto write = [&](uint8_t writer) {
    RECBOTS_CHECK(table->OpenWriter(WriterId{writer}).value() == 0);
    for (int64_t first = 0; first < kRows;) {
      const auto rows = MakeRows(writer, first, std::min<int64_t>(100, kRows - first));
      const absl::string_view bytes(Bytes(rows), rows.size() * sizeof(TestRow));
      first +=
          table->Insert(WriterId{writer}, first, ByteRuns({&bytes, 1}), static_cast<int64_t>(rows.size()))->inserted;
    }
    table->CloseWriter(WriterId{writer});
    --writers_left;
  };
  const auto read = [&](int64_t batch_rows) {
    ColumnBatch batch(std::make_shared<RowSchema>(table->schema()), batch_rows);
    std::vector<ItemKey> keys(static_cast<size_t>(batch_rows));
    std::vector<float> probabilities(keys.size());
    for (int64_t i = 0; writers_left.load() > 0; ++i) {
      if (table->Sample(batch_rows, batch.data(), keys.data(), probabilities.data()).blocked_on != BlockedOn::kNone) {
        continue;
      }
      drawn += batch_rows;
      ExpectWholeRows(batch);
      for (size_t k = 0; k < keys.size(); ++k) probabilities[k] = static_cast<float>(keys[k] % 5);
      table->UpdatePriorities(keys, probabilities);
      i % 7 == 0 ? table->Refund(keys) : table->Acknowledge(keys);
    }
  };
  const auto look_on = [&] {
    ColumnBatch batch(std::make_shared<RowSchema>(table->schema()), 700);
    std::vector<ItemKey> keys(700);
    std::vector<float> probabilities(700);
    while (writers_left.load() > 0) {
      const SampleResult result = table->Observe(700, batch.data(), keys.data(), probabilities.data());
      if (result.blocked_on == BlockedOn::kNone) ExpectWholeRows(batch);
    }
  };
  const auto checkpoint = [&] {
    KeptTable kept;
    while (writers_left.load() > 0) kept.Take(*table);
  };
  {
    Thread first("writer", [&] { write(2); });
    Thread second("writer", [&] { write(3); });
    Thread small("reader", [&] { read(16); });
    Thread large("reader", [&] { read(1500); });
    Thread observer("observer", look_on);
    Thread saver("saver", checkpoint);
  }
  const TableState state = table->state();
  EXPECT_EQ(state.inserted, 300 + 2 * kRows);
  EXPECT_EQ(state.rows, state.inserted - state.evicted - state.consumed);
  EXPECT_EQ(state.sampled, drawn.load());
}

TEST(TableThreadsTest, ReadersSeeWholeRowsWhileWritersWrite) {
  RunAll({.capacity_rows = 3000});
  RunAll({.capacity_rows = 3000, .sampler = SelectorKind::kPrioritized, .remover = SelectorKind::kLowestPriority});
}

TEST(TableThreadsTest, LeasesComeAndGoMeanwhile) {
  RunAll({.capacity_rows = 2000, .max_times_sampled = 3});
  RunAll({.capacity_rows = 2000, .sampler = SelectorKind::kHighestPriority, .max_times_sampled = 2});
}

// Rows of 4 KiB with their number in each word: torn and misplaced ones show. One writer, so that a row's age is its
// number.
TEST(TableThreadsTest, ACheckpointReadsTheRowsOfItsCutWhileInsertsGoOn) {
  constexpr int64_t kSlots = 4096 + 77, kWords = 512;
  const auto schema = RowSchema::Create({{"number", DType::kInt64, {kWords}}}).value();
  const auto table = MakeTestTable({.capacity_rows = kSlots}, schema);
  table->SetCopyPool(CopyPool::Create(int64_t{1} << 20).value());
  std::atomic<bool> stop{false};
  const auto write = [&] {
    std::vector<int64_t> rows(50 * kWords);
    for (int64_t next = 0; !stop.load();) {
      for (size_t i = 0; i < rows.size(); ++i) rows[i] = next + static_cast<int64_t>(i) / kWords;
      next += table->Append(reinterpret_cast<const char*>(rows.data()), 50);
    }
  };
  Thread writer("writer", write);
  KeptTable kept;
  for (int cut = 0; cut < 12; ++cut) {
    kept.Take(*table);
    const int64_t used = kept.frozen.header.used_slots();
    std::vector<uint64_t> ages(static_cast<size_t>(used));
    if (used > 0) std::memcpy(ages.data(), kept.frozen.arrays.data() + used * 8, ages.size() * 8);
    std::vector<int64_t> row(kWords);
    for (int64_t slot = 0; slot < used; ++slot) {
      kept.CopyBytes(slot * 4096, 4096, reinterpret_cast<char*>(row.data()));
      ASSERT_EQ(row, std::vector<int64_t>(kWords, static_cast<int64_t>(ages[static_cast<size_t>(slot)]))) << slot;
    }
  }
  stop = true;
}

// Memory for copies is used up: inserts say so, and go on as soon as the checkpoint has read what they need.
TEST(TableThreadsTest, InsertsWaitForACheckpointThatHasNoMemoryForCopies) {
  const auto schema = RowSchema::Create({{"number", DType::kInt64, {512}}}).value();
  const auto table = MakeTestTable({.capacity_rows = 1024}, schema);
  table->SetCopyPool(CopyPool::Create(2 * Slab::kChunkBytes).value());
  const std::vector<char> rows(1024 * 4096, 1);
  ASSERT_EQ(table->Append(rows.data(), 1024), 1024);
  KeptTable kept;
  kept.Freeze(*table);
  EXPECT_EQ(table->Append(rows.data(), 1024), 128) << "two chunks of 64 rows were copied";
  EXPECT_TRUE(table->waits_for_cut());
  EXPECT_EQ(table->state().inserts_blocked_on, BlockedOn::kCheckpoint);
  ASSERT_TRUE(table->OpenWriter(WriterId{1}).ok());
  const absl::string_view one(rows.data(), 4096);
  EXPECT_EQ(table->Insert(WriterId{1}, 0, ByteRuns({&one, 1}), 1)->blocked_on, BlockedOn::kCheckpoint);
  std::vector<char> segment(Slab::kSegmentBytes);
  ASSERT_EQ(table->ReadSegment(0, segment.data()), Slab::kSegmentBytes);
  EXPECT_EQ(table->Append(rows.data(), 100), 100);
  EXPECT_FALSE(table->waits_for_cut());
  table->EndCut(/*kept=*/true);
  EXPECT_EQ(table->Append(rows.data(), 1024), 1024);
}

}  // namespace
}  // namespace recbots::replay
