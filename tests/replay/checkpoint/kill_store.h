// The store that endless_checkpoints.cc writes, and what must hold in every checkpoint of it.
#pragma once

#include <gtest/gtest.h>

#include "tests/replay/checkpoint/test_store.h"

namespace recbots::replay {

// Rows that come into one table before the other has its turn, and between two checkpoints.
inline constexpr int64_t kRowsAtOnce = 500;
inline constexpr int64_t kRowsBetween = 20 * kRowsAtOnce;

// A writer each; the first holds more than a segment.
inline std::vector<TableOptions> KillTables() {
  TableOptions large;
  large.name = "large";
  large.capacity_rows = 150'000;
  large.sampler = SelectorKind::kPrioritized;
  TableOptions small;
  small.name = "small";
  small.capacity_rows = 3'000;
  small.remover = SelectorKind::kOldest;
  return {large, small};
}

// The next `count` rows of the writer into the first table, then into the second: rows tell table and sequence, and
// their payload follows from both.
inline void InsertKillRows(Store& store, int64_t count) {
  int64_t number = 0;
  for (const auto& table : store.tables()) {
    const auto mark = table->OpenWriter(WriterOf(1));
    RECBOTS_CHECK_OK(mark.status());
    const std::vector<TestRow> rows = MakeRows(number++, *mark, count);
    const absl::string_view piece(Bytes(rows), rows.size() * sizeof(TestRow));
    for (int64_t done = 0; done < count;) {
      ByteRuns runs(absl::MakeConstSpan(&piece, 1));
      runs.Skip(static_cast<size_t>(done) * sizeof(TestRow));
      const auto result = table->Insert(WriterOf(1), *mark + done, runs, count - done);
      RECBOTS_CHECK_OK(result.status());
      done = result->acknowledged_rows - *mark;
    }
    table->CloseWriter(WriterOf(1));
  }
}

// The newest rows up to the writer's mark, nothing between missing, every payload right; the second table exactly as
// far as the first or one block behind. Returns the mark of the first.
inline int64_t CheckKillStore(Store& store, int64_t block) {
  std::vector<int64_t> marks;
  for (const auto& table : store.tables()) {
    const auto writer = static_cast<int64_t>(marks.size());
    const auto mark = table->OpenWriter(WriterOf(1));
    EXPECT_TRUE(mark.ok());
    const std::vector<TestRow> rows = AllRows(*table);
    const int64_t held = std::min(*mark, table->capacity());
    EXPECT_EQ(rows, MakeRows(writer, *mark - held, held)) << table->name() << ", mark " << *mark;
    EXPECT_EQ(table->DurableRows(WriterOf(1)), *mark);
    marks.push_back(*mark);
    table->CloseWriter(WriterOf(1));
  }
  EXPECT_GE(marks[0], marks[1]);
  EXPECT_LE(marks[0] - marks[1], block);
  return marks[0];
}

}  // namespace recbots::replay
