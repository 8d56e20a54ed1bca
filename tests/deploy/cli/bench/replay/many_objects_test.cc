// The baseline has to be a store that works: a fast one that lost rows would be no baseline.
#include "deploy/cli/bench/replay/many_objects.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <vector>

#include "deploy/cli/bench/replay/bench_rows.h"

namespace recbots::replay_bench {
namespace {

uint64_t SequenceOf(const replay::ColumnBatch& batch, size_t row, size_t row_bytes) {
  uint64_t value = 0;
  std::memcpy(&value, batch.data() + row * row_bytes + 8, sizeof(value));
  return value;
}

class ManyObjectsTest : public ::testing::TestWithParam<replay::SelectorKind> {};

// All priorities are equal, so both samplers draw every row equally often.
TEST_P(ManyObjectsTest, DrawsTheNewestRowsEvenly) {
  constexpr int64_t kCapacity = 100, kBatch = 500;
  constexpr int kBatches = 200;
  const RowSchema schema = *PayloadSchema(400);
  ManyObjectsStore store(schema, kCapacity, GetParam());
  RowMaker maker(schema, /*writer=*/0);
  int64_t inserted = 0;
  for (; inserted < 5 * kCapacity; inserted += maker.num_rows()) {
    store.Insert(maker.Prepare(), maker.num_rows());
    maker.Took(maker.num_rows());
  }
  store.Settle();
  replay::ColumnBatch batch(std::make_shared<const RowSchema>(schema), kBatch);
  std::map<int64_t, int> drawn;
  for (int i = 0; i < kBatches; ++i) {
    store.Sample(batch);
    ASSERT_TRUE(CheckRows(batch).ok());
    for (size_t r = 0; r < kBatch; ++r) ++drawn[static_cast<int64_t>(SequenceOf(batch, r, schema.row_bytes()))];
  }
  EXPECT_EQ(drawn.size(), static_cast<size_t>(kCapacity));
  EXPECT_EQ(drawn.begin()->first, inserted - kCapacity);
  EXPECT_EQ(drawn.rbegin()->first, inserted - 1);
  // Chi-square of 99 degrees of freedom: 1e-6 of fair draws are above 181. It sees a row that is drawn 1.4 times as
  // often as the others.
  const double expected = static_cast<double>(kBatches * kBatch) / kCapacity;
  double chi_square = 0;
  for (const auto& [sequence, count] : drawn) chi_square += (count - expected) * (count - expected) / expected;
  EXPECT_LT(chi_square, 181);
}

INSTANTIATE_TEST_SUITE_P(Samplers, ManyObjectsTest,
                         ::testing::Values(replay::SelectorKind::kUniform, replay::SelectorKind::kPrioritized),
                         [](const auto& kind) { return std::string(replay::NameOf(kind.param)); });

}  // namespace
}  // namespace recbots::replay_bench
