#include "common/base/row_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/random.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

TEST(RowSchemaTest, PlacesColumnsAtMultiplesOfTheirElementSize) {
  const RowSchema schema =
      RowSchema::Create({{"a", DType::kFloat32, {3}}, {"b", DType::kInt64, {}}, {"c", DType::kInt32, {}}}).value();
  EXPECT_EQ(schema.offset(0), 0U);
  EXPECT_EQ(schema.column_bytes(0), 12U);
  EXPECT_EQ(schema.offset(1), 16U);
  EXPECT_EQ(schema.column_bytes(1), 8U);
  EXPECT_EQ(schema.offset(2), 24U);
  EXPECT_EQ(schema.row_bytes(), 32U);
  EXPECT_EQ(schema.Find("b"), 1);
  EXPECT_EQ(schema.Find("d"), -1);
  EXPECT_EQ(schema.ToString(), "a float32 [3], b int64, c int32");
}

TEST(RowSchemaTest, PlacesColumnsOfABatchAtCacheLines) {
  const RowSchema schema =
      RowSchema::Create({{"a", DType::kFloat32, {3}}, {"b", DType::kInt64, {}}, {"c", DType::kInt32, {}}}).value();
  EXPECT_EQ(schema.batch_offset(0, 7), 0U);
  EXPECT_EQ(schema.batch_offset(1, 7), 128U);  // 84 bytes
  EXPECT_EQ(schema.batch_offset(2, 7), 192U);  // 56 bytes
  EXPECT_EQ(schema.batch_bytes(7), 256U);      // 28 bytes
  EXPECT_EQ(schema.batch_bytes(0), 0U);
}

// Whatever the columns: they do not overlap, are aligned, and the row holds them.
TEST(RowSchemaTest, RandomSchemasAreAlignedAndDisjoint) {
  Rng rng(1, Purpose::kTest, {});
  for (int round = 0; round < 1000; ++round) {
    std::vector<Column> columns;
    const uint32_t count = 1 + rng.Index(8);
    for (uint32_t i = 0; i < count; ++i) {
      Column column{absl::StrCat("c", i), static_cast<DType>(1 + rng.Index(3)), {}};
      for (uint32_t d = rng.Index(3); d > 0; --d) column.shape.push_back(1 + static_cast<int32_t>(rng.Index(9)));
      columns.push_back(column);
    }
    const RowSchema schema = RowSchema::Create(columns).value();
    size_t end = 0, batch_end = 0;
    const size_t rows = rng.Index(100);
    for (size_t i = 0; i < count; ++i) {
      EXPECT_GE(schema.offset(i), end);
      EXPECT_EQ(schema.offset(i) % SizeOf(columns[i].dtype), 0U);
      end = schema.offset(i) + schema.column_bytes(i);
      EXPECT_GE(schema.batch_offset(i, rows), batch_end);
      EXPECT_EQ(schema.batch_offset(i, rows) % RowSchema::kColumnAlignment, 0U);
      batch_end = schema.batch_offset(i, rows) + rows * schema.column_bytes(i);
    }
    EXPECT_GE(schema.row_bytes(), end);
    EXPECT_LT(schema.row_bytes(), end + 8);
    EXPECT_EQ(schema.row_bytes() % 8, 0U);
    EXPECT_GE(schema.batch_bytes(rows), batch_end);
    EXPECT_EQ(schema.DifferenceTo(RowSchema::Create(columns).value()), "");
  }
}

TEST(RowSchemaTest, RefusesWhatIsNoSchemaAndSaysWhy) {
  const auto message = [](std::vector<Column> columns) {
    const auto schema = RowSchema::Create(std::move(columns));
    EXPECT_EQ(schema.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(schema.status().message());
  };
  EXPECT_THAT(message({}), HasSubstr("no columns, want at least 1"));
  EXPECT_THAT(message({{"", DType::kInt32, {}}}), HasSubstr("column name ''"));
  EXPECT_THAT(message({{"Upper", DType::kInt32, {}}}), HasSubstr("column name 'Upper'"));
  EXPECT_THAT(message({{std::string(65, 'a'), DType::kInt32, {}}}), HasSubstr("want 1..64"));
  EXPECT_THAT(message({{"a", DType::kInt32, {}}, {"a", DType::kInt32, {}}}), HasSubstr("'a' twice"));
  EXPECT_THAT(message({{"a", DType::kInt32, {2, 0}}}), HasSubstr("extent 0, want at least 1"));
  EXPECT_THAT(message({{"a", DType::kInt32, {-1}}}), HasSubstr("extent -1"));
  EXPECT_THAT(message({{"a", DType::kInt32, {1 << 20}}}), HasSubstr("more than 1048576 bytes"));
  EXPECT_THAT(message({{"a", DType::kInt64, {1 << 30, 1 << 30, 1 << 30}}}), HasSubstr("more than 1048576 bytes"));
}

TEST(RowSchemaTest, NamesTheFirstDifference) {
  const RowSchema schema = RowSchema::Create({{"a", DType::kInt32, {}}, {"b", DType::kFloat32, {2}}}).value();
  const RowSchema other = RowSchema::Create({{"a", DType::kInt32, {}}, {"b", DType::kFloat32, {3}}}).value();
  const RowSchema shorter = RowSchema::Create({{"a", DType::kInt32, {}}}).value();
  EXPECT_EQ(schema.DifferenceTo(other), "column 1 is 'b float32 [2]' here and 'b float32 [3]' there");
  EXPECT_EQ(schema.DifferenceTo(shorter), "2 columns here and 1 there");
  EXPECT_NE(schema, other);
}

}  // namespace
}  // namespace recbots
