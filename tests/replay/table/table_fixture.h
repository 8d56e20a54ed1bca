// Short words for what tests do with tables: batches by name, checkpoints in memory.
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "replay/table/column_batch.h"
#include "tests/replay/support/test_rows.h"

namespace recbots::replay {

inline std::unique_ptr<Table> MakeTestTable(const TableOptions& options, const RowSchema& schema = TestSchema()) {
  auto table = Table::Create(schema, options);
  RECBOTS_CHECK_OK(table.status());
  return *std::move(table);
}

inline RateLimiterOptions QueueOf(int64_t size) {
  return {.kind = RateLimiterOptions::Kind::kQueue, .queue_size = size};
}

// Appends rows first.. of writer 1; all must go in.
inline void AppendRows(Table& table, int64_t first, int64_t count, const std::vector<float>& priorities = {}) {
  const auto rows = MakeRows(1, first, count);
  RECBOTS_CHECK(table.Append(Bytes(rows), count, priorities) == count);
}

struct DrawnBatch {
  BlockedOn blocked_on = BlockedOn::kNone;
  std::vector<ItemKey> keys;
  std::vector<float> probabilities;
  std::vector<int64_t> sequences;

  friend bool operator==(const DrawnBatch&, const DrawnBatch&) = default;
};

// Of a table of TestSchema().
inline DrawnBatch Draw(Table& table, int64_t rows) {
  static const auto schema = std::make_shared<const RowSchema>(TestSchema());
  DrawnBatch batch;
  ColumnBatch columns(schema, rows);
  batch.keys.resize(static_cast<size_t>(rows));
  batch.probabilities.resize(static_cast<size_t>(rows));
  batch.blocked_on = table.Sample(rows, columns.data(), batch.keys.data(), batch.probabilities.data()).blocked_on;
  if (batch.blocked_on != BlockedOn::kNone) {
    batch.keys.clear();
    batch.probabilities.clear();
    return batch;
  }
  const auto sequences = columns.column<int64_t>(1);
  batch.sequences.assign(sequences.begin(), sequences.end());
  return batch;
}

// As Draw, for a reader who looks on.
inline DrawnBatch LookOn(Table& table, int64_t rows) {
  ColumnBatch columns(std::make_shared<const RowSchema>(table.schema()), rows);
  DrawnBatch batch;
  batch.keys.resize(static_cast<size_t>(rows));
  batch.probabilities.resize(static_cast<size_t>(rows));
  batch.blocked_on = table.Observe(rows, columns.data(), batch.keys.data(), batch.probabilities.data()).blocked_on;
  const auto sequences = columns.column<int64_t>(1);
  if (batch.blocked_on == BlockedOn::kNone) batch.sequences.assign(sequences.begin(), sequences.end());
  return batch;
}

// A table as a checkpoint keeps it: the bookkeeping, and segments that later cuts overwrite.
struct KeptTable {
  FrozenTable frozen;
  std::map<int64_t, std::vector<char>> segments;

  void Freeze(Table& table) {
    table.PrepareFreeze(frozen);
    table.Lock();
    table.FreezeLocked(frozen);
    table.Unlock();
  }
  // Reads what changed, and ends the cut.
  void Read(Table& table) {
    static thread_local std::vector<char> segment(Slab::kSegmentBytes);
    for (const int64_t i : table.dirty_segments()) {
      const int64_t bytes = table.ReadSegment(i, segment.data());
      segments[i].assign(segment.begin(), segment.begin() + bytes);
    }
    table.EndCut(/*kept=*/true);
  }
  void Take(Table& table) {
    Freeze(table);
    Read(table);
  }

  // Bytes first .. first + size - 1 of the segments laid end to end.
  void CopyBytes(int64_t first, int64_t size, char* to) const {
    while (size > 0) {
      const int64_t offset = first % Slab::kSegmentBytes;
      const int64_t part = std::min(size, Slab::kSegmentBytes - offset);
      const std::vector<char>& segment = segments.at(first / Slab::kSegmentBytes);
      RECBOTS_CHECK(offset + part <= static_cast<int64_t>(segment.size()));
      std::memcpy(to, segment.data() + offset, static_cast<size_t>(part));
      first += part;
      size -= part;
      to += part;
    }
  }
  absl::Status RestoreTo(Table& table, std::vector<std::string>& differences) const {
    const auto row_bytes = static_cast<int64_t>(table.schema().row_bytes());
    const auto read = [&](int64_t slot, int64_t count, char* to) {
      CopyBytes(slot * row_bytes, count * row_bytes, to);
      return absl::OkStatus();
    };
    return table.Restore(frozen, read, differences);
  }
};

}  // namespace recbots::replay
