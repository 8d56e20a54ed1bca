// Stores with one table of every sort, and operations on them that follow from a number: the same numbers on another
// store of the same seed do the same.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/base/random.h"
#include "replay/table/store.h"
#include "tests/replay/support/test_rows.h"

namespace recbots::replay {

inline std::unique_ptr<Store> MakeTestStore(const std::vector<TableOptions>& options) {
  std::vector<std::unique_ptr<Table>> tables;
  for (const TableOptions& table : options) {
    auto made = Table::Create(TestSchema(), table);
    RECBOTS_CHECK_OK(made.status());
    tables.push_back(*std::move(made));
  }
  auto store = Store::Create(std::move(tables));
  RECBOTS_CHECK_OK(store.status());
  return *std::move(store);
}

// `rows` for the first table; the others hold a tenth of that. `max_times_sampled` counts for the second one.
inline std::vector<TableOptions> ThreeTables(int64_t rows, int32_t max_times_sampled = 0) {
  TableOptions prioritized;
  prioritized.name = "transitions";
  prioritized.capacity_rows = rows;
  prioritized.sampler = SelectorKind::kPrioritized;
  prioritized.seed = 11;
  TableOptions oldest;
  oldest.name = "oldest";
  oldest.capacity_rows = rows / 10;
  oldest.sampler = SelectorKind::kOldest;
  oldest.max_times_sampled = max_times_sampled;
  oldest.seed = 12;
  TableOptions best;
  best.name = "best";
  best.capacity_rows = rows / 10;
  best.sampler = SelectorKind::kUniform;
  best.remover = SelectorKind::kLowestPriority;
  best.seed = 13;
  return {prioritized, oldest, best};
}

inline WriterId WriterOf(int64_t writer) {
  WriterId id = {};
  std::memcpy(id.data(), &writer, sizeof(writer));
  return id;
}

// A batch as it came.
struct Drawn {
  BlockedOn blocked_on = BlockedOn::kNone;
  std::vector<char> columns;
  std::vector<ItemKey> keys;
  std::vector<float> probabilities;
};

inline Drawn Draw(Table& table, int64_t rows) {
  Drawn drawn;
  drawn.columns.resize(table.schema().batch_bytes(static_cast<size_t>(rows)));
  drawn.keys.resize(static_cast<size_t>(rows));
  drawn.probabilities.resize(static_cast<size_t>(rows));
  drawn.blocked_on = table.Sample(rows, drawn.columns.data(), drawn.keys.data(), drawn.probabilities.data()).blocked_on;
  return drawn;
}

// Drives a store. Each call is one call of a table that takes the lock once, so that a cut lies between two of them.
class Driver {
 public:
  static constexpr int64_t kWriters = 3;

  explicit Driver(Store* store) : store_(store), batches_(store->tables().size()) {
    for (const auto& table : store->tables()) {
      for (int64_t writer = 0; writer < kWriters; ++writer) {
        const auto mark = table->OpenWriter(WriterOf(writer));
        RECBOTS_CHECK_OK(mark.status());
        marks_[{table->name(), writer}] = *mark;
      }
    }
  }

  void Do(uint32_t operation) {
    Rng rng(5, Purpose::kTest, {.stream = operation});
    const uint32_t which = rng.Index(static_cast<uint32_t>(store_->tables().size()));
    Table& table = *store_->tables()[which];
    Drawn& batch = batches_[which];
    switch (rng.Index(4)) {
      case 0:
      case 1:
        return Insert(table, rng);
      case 2:
        if (!batch.keys.empty()) return UseUp(table, batch, rng);
        batch = Draw(table, 1 + rng.Index(16));
        if (batch.blocked_on != BlockedOn::kNone) batch.keys.clear();
        return;
      default:
        std::vector<float> priorities(batch.keys.size());
        for (float& priority : priorities) priority = static_cast<float>(rng.Uniform(0, 5));
        table.UpdatePriorities(batch.keys, priorities);
    }
  }

  // No row is leased afterwards.
  void AcknowledgeAll() {
    for (size_t i = 0; i < batches_.size(); ++i) {
      store_->tables()[i]->Acknowledge(batches_[i].keys);
      batches_[i].keys.clear();
    }
  }

 private:
  void Insert(Table& table, Rng& rng) {
    const int64_t writer = rng.Index(kWriters);
    const int64_t count = 1 + rng.Index(64);
    int64_t& mark = marks_[{table.name(), writer}];
    const std::vector<TestRow> rows = MakeRows(writer, mark, count);
    const absl::string_view piece(Bytes(rows), rows.size() * sizeof(TestRow));
    std::vector<float> priorities(rows.size());
    for (float& priority : priorities) priority = static_cast<float>(rng.Uniform(0, 5));
    const auto result =
        table.Insert(WriterOf(writer), mark, ByteRuns(absl::MakeConstSpan(&piece, 1)), count, priorities);
    RECBOTS_CHECK_OK(result.status());
    mark = result->acknowledged_rows;
  }

  static void UseUp(Table& table, Drawn& batch, Rng& rng) {
    if (rng.Index(4) == 0) {
      table.Refund(batch.keys);
    } else {
      table.Acknowledge(batch.keys);
    }
    batch.keys.clear();
  }

  Store* const store_;
  std::map<std::pair<std::string, int64_t>, int64_t> marks_;
  std::vector<Drawn> batches_;  // The newest one of each table.
};

// The same rows in the same order, and the same draws from now on, while rows come in and priorities change.
inline void ExpectSameFromNowOn(Store& a, Store& b) {
  for (size_t i = 0; i < a.tables().size(); ++i) {
    Table& left = *a.tables()[i];
    Table& right = *b.tables()[i];
    EXPECT_EQ(left.state().total_weight, right.state().total_weight) << left.name();
    ASSERT_EQ(AllRows(left), AllRows(right)) << left.name();
  }
  Driver left_driver(&a);
  Driver right_driver(&b);
  for (uint32_t step = 0; step < 300; ++step) {
    const uint32_t operation = 1'000'000 + step;
    left_driver.Do(operation);
    right_driver.Do(operation);
    for (size_t i = 0; i < a.tables().size(); ++i) {
      const Drawn left = Draw(*a.tables()[i], 4);
      const Drawn right = Draw(*b.tables()[i], 4);
      ASSERT_EQ(left.blocked_on, right.blocked_on) << a.tables()[i]->name() << " step " << step;
      if (left.blocked_on != BlockedOn::kNone) continue;
      ASSERT_EQ(left.columns, right.columns) << a.tables()[i]->name() << " step " << step;
      ASSERT_EQ(left.probabilities, right.probabilities) << a.tables()[i]->name() << " step " << step;
      std::vector<uint32_t> left_slots;
      std::vector<uint32_t> right_slots;
      for (const ItemKey key : left.keys) left_slots.push_back(SlotOf(key));
      for (const ItemKey key : right.keys) right_slots.push_back(SlotOf(key));
      ASSERT_EQ(left_slots, right_slots) << a.tables()[i]->name() << " step " << step;
      a.tables()[i]->Acknowledge(left.keys);
      b.tables()[i]->Acknowledge(right.keys);
    }
  }
  left_driver.AcknowledgeAll();
  right_driver.AcknowledgeAll();
  for (size_t i = 0; i < a.tables().size(); ++i) {
    ASSERT_EQ(AllRows(*a.tables()[i]), AllRows(*b.tables()[i])) << a.tables()[i]->name();
  }
}

}  // namespace recbots::replay
