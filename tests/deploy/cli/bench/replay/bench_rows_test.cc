#include "deploy/cli/bench/replay/bench_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

namespace recbots::replay_bench {
namespace {

// Columns of several kinds, with a gap between two of them.
RowSchema ManyColumns() {
  return *RowSchema::Create({{"a", DType::kFloat32, {3}},
                             {"b", DType::kInt64, {2}},
                             {"c", DType::kInt32, {}},
                             {"d", DType::kFloat32, {5, 2}}});
}

// What a replay without faults would give.
replay::ColumnBatch BatchOf(const RowSchema& schema, const char* rows, size_t num_rows) {
  replay::ColumnBatch batch(std::make_shared<const RowSchema>(schema), static_cast<int64_t>(num_rows));
  for (size_t i = 0; i < schema.columns().size(); ++i) {
    for (size_t r = 0; r < num_rows; ++r) {
      std::memcpy(batch.data() + schema.batch_offset(i, num_rows) + r * schema.column_bytes(i),
                  rows + r * schema.row_bytes() + schema.offset(i), schema.column_bytes(i));
    }
  }
  return batch;
}

TEST(BenchRowsTest, RowsComeOutAsTheyWereWritten) {
  for (const RowSchema& schema : {*PayloadSchema(400), *PayloadSchema(24), ManyColumns()}) {
    RowMaker maker(schema, /*writer=*/7);
    for (int i = 0; i < 3; ++i) {
      const char* rows = maker.Prepare();
      EXPECT_TRUE(CheckRows(BatchOf(schema, rows, static_cast<size_t>(maker.num_rows()))).ok());
      maker.Took(maker.num_rows() / 2);
    }
  }
}

TEST(BenchRowsTest, EveryWrongByteIsSeen) {
  const RowSchema schema = ManyColumns();
  RowMaker maker(schema, /*writer=*/7);
  const replay::ColumnBatch whole = BatchOf(schema, maker.Prepare(), 2);
  for (size_t i = 0; i < schema.columns().size(); ++i) {
    for (size_t byte = 0; byte < 2 * schema.column_bytes(i); ++byte) {
      replay::ColumnBatch batch = BatchOf(schema, maker.Prepare(), 2);
      batch.data()[schema.batch_offset(i, 2) + byte] ^= 0x10;
      EXPECT_EQ(CheckRows(batch).code(), absl::StatusCode::kDataLoss) << "column " << i << " byte " << byte;
    }
  }
}

TEST(BenchRowsTest, StampsOfOtherRowsAreSeen) {
  const RowSchema schema = *PayloadSchema(400);
  RowMaker maker(schema, /*writer=*/7);
  std::vector<char> rows(maker.Prepare(), maker.Prepare() + 2 * schema.row_bytes());
  std::swap_ranges(rows.begin(), rows.begin() + 16, rows.begin() + static_cast<std::ptrdiff_t>(schema.row_bytes()));
  const absl::Status status = CheckRows(BatchOf(schema, rows.data(), 2));
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("writer 7"));
}

TEST(BenchRowsTest, SequenceGoesOnWithWhatWasTaken) {
  const RowSchema schema = *PayloadSchema(400);
  RowMaker maker(schema, /*writer=*/1);
  const auto sequence = [&] {
    uint64_t value = 0;
    std::memcpy(&value, maker.Prepare() + 8, sizeof(value));
    return value;
  };
  EXPECT_EQ(sequence(), 0U);
  EXPECT_EQ(sequence(), 0U);
  maker.Took(5);
  EXPECT_EQ(sequence(), 5U);
}

}  // namespace
}  // namespace recbots::replay_bench
