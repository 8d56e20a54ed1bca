#include "replay/table/gather.h"

#include <gtest/gtest.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"
#include "replay/table/column_batch.h"

namespace recbots::replay {
namespace {

RowSchema RandomSchema(Rng& rng) {
  std::vector<Column> columns;
  const uint32_t count = 1 + rng.Index(12);
  for (uint32_t c = 0; c < count; ++c) {
    Column column{absl::StrCat("c", c), static_cast<DType>(1 + rng.Index(3)), {}};
    for (uint32_t d = rng.Index(3); d > 0; --d) column.shape.push_back(static_cast<int32_t>(1 + rng.Index(9)));
    columns.push_back(column);
  }
  return RowSchema::Create(columns).value();
}

TEST(GatherTest, AgreesWithACopyOfEveryValueForRandomSchemas) {
  Rng rng(/*seed=*/11, Purpose::kTest, {});
  for (int round = 0; round < 200; ++round) {
    const auto schema = std::make_shared<const RowSchema>(RandomSchema(rng));
    SCOPED_TRACE(schema->ToString());
    const size_t stored = 50;
    std::vector<char> slab(stored * schema->row_bytes());
    for (char& byte : slab) byte = static_cast<char>(rng.Bits());
    const size_t batch_rows = 1 + rng.Index(300);
    const size_t first = rng.Index(static_cast<uint32_t>(batch_rows));
    std::vector<const char*> rows;
    for (size_t i = first; i < batch_rows; ++i) rows.push_back(&slab[rng.Index(stored) * schema->row_bytes()]);

    ColumnBatch batch(schema, static_cast<int64_t>(batch_rows));
    GatherRows(*schema, rows, first, batch_rows, batch.data());

    std::vector<char> want(schema->batch_bytes(batch_rows), 0);
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t c = 0; c < schema->columns().size(); ++c) {
        const size_t bytes = schema->column_bytes(c);
        std::memcpy(&want[schema->batch_offset(c, batch_rows) + (first + i) * bytes], rows[i] + schema->offset(c),
                    bytes);
      }
    }
    ASSERT_EQ(batch.size(), want.size());
    ASSERT_EQ(std::memcmp(batch.data(), want.data(), want.size()), 0);
  }
}

TEST(ColumnBatchTest, ColumnsAreAlignedTypedAndOfTheRightSize) {
  const auto schema = std::make_shared<const RowSchema>(
      RowSchema::Create({{"a", DType::kFloat32, {3}}, {"b", DType::kInt64, {}}, {"c", DType::kInt32, {2, 2}}}).value());
  ColumnBatch batch(schema, 5);
  EXPECT_EQ(batch.column<float>(0).size(), 15u);
  EXPECT_EQ(batch.column<int64_t>(1).size(), 5u);
  EXPECT_EQ(batch.column<int32_t>(2).size(), 20u);
  for (size_t c = 0; c < 3; ++c) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(batch.data() + schema->batch_offset(c, 5)) % 64, 0u);
  }
  EXPECT_DEATH(batch.column<float>(1), "column b");
}

}  // namespace
}  // namespace recbots::replay
