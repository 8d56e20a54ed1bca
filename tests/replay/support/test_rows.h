// Rows that can be recognised: who wrote them, which they are, and a payload that follows from both.
#pragma once

#include <cstdint>
#include <vector>

#include "common/base/log.h"
#include "common/base/row_schema.h"
#include "replay/table/table.h"

namespace recbots::replay {

struct TestRow {
  int64_t writer = 0;
  int64_t sequence = 0;
  float payload[4] = {};

  friend bool operator==(const TestRow&, const TestRow&) = default;
};
static_assert(sizeof(TestRow) == 32);

inline RowSchema TestSchema() {
  auto schema = RowSchema::Create(
      {{"writer", DType::kInt64, {}}, {"sequence", DType::kInt64, {}}, {"payload", DType::kFloat32, {4}}});
  RECBOTS_CHECK_OK(schema.status());
  return *std::move(schema);
}

inline TestRow MakeRow(int64_t writer, int64_t sequence) {
  TestRow row{writer, sequence, {}};
  for (int i = 0; i < 4; ++i) row.payload[i] = static_cast<float>((writer * 31 + sequence * 7 + i) % 1009);
  return row;
}

// Rows first..first + count - 1 of a writer.
inline std::vector<TestRow> MakeRows(int64_t writer, int64_t first, int64_t count) {
  std::vector<TestRow> rows;
  for (int64_t i = 0; i < count; ++i) rows.push_back(MakeRow(writer, first + i));
  return rows;
}

inline const char* Bytes(const std::vector<TestRow>& rows) { return reinterpret_cast<const char*>(rows.data()); }

// All rows of a table, oldest first.
inline std::vector<TestRow> AllRows(const Table& table) {
  std::vector<TestRow> rows(static_cast<size_t>(table.state().rows));
  const auto count = static_cast<int64_t>(rows.size());
  RECBOTS_CHECK(table.CopyRows(0, count, reinterpret_cast<char*>(rows.data())) == count);
  return rows;
}

}  // namespace recbots::replay
