#include <gtest/gtest.h>

#include <cmath>

#include "replay/table/column_batch.h"
#include "replay/table/table.h"
#include "tests/replay/support/test_rows.h"

namespace recbots::replay {
namespace {

// Upper quantile of chi-square at 1e-6 (Wilson and Hilferty 1931); z = 4.753.
double ChiSquareBound(double degrees) {
  const double c = 2.0 / (9.0 * degrees);
  return degrees * std::pow(1.0 - c + 4.753 * std::sqrt(c), 3);
}

// 1,000 rows, 10^6 draws: a row drawn 16 % too often or too rarely, or half of them 0.7 %, is caught.
TEST(UniformityTest, EveryRowIsDrawnEquallyOften) {
  constexpr int64_t kRows = 1000;
  const auto table = Table::Create(TestSchema(), {.capacity_rows = kRows}).value();
  const auto rows = MakeRows(1, 0, 2 * kRows + 137);  // Wrapped: the rows left are the last 1,000.
  table->Append(Bytes(rows), static_cast<int64_t>(rows.size()));
  constexpr int64_t kBatch = 2000;
  constexpr int kBatches = 500;
  ColumnBatch batch(std::make_shared<RowSchema>(table->schema()), kBatch);
  std::vector<int64_t> counts(kRows, 0);
  for (uint32_t i = 0; i < kBatches; ++i) {
    ASSERT_EQ(table->Sample(Rng(/*seed=*/1, Purpose::kReplay, {.step = i}), kBatch, batch.data()).blocked_on,
              BlockedOn::kNone);
    for (const int64_t sequence : batch.column<int64_t>(1)) {
      const int64_t age = sequence - (kRows + 137);
      ASSERT_GE(age, 0);
      ASSERT_LT(age, kRows);
      ++counts[static_cast<size_t>(age)];
    }
  }
  const double expected = static_cast<double>(kBatch * kBatches) / kRows;
  double chi_square = 0;
  for (const int64_t count : counts) chi_square += std::pow(static_cast<double>(count) - expected, 2) / expected;
  EXPECT_LT(chi_square, ChiSquareBound(kRows - 1));
}

}  // namespace
}  // namespace recbots::replay
