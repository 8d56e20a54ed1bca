#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/replay/table/table_fixture.h"

namespace recbots::replay {
namespace {

constexpr int64_t kRows = 1000;
constexpr int64_t kDraws = 10'000'000;
constexpr int64_t kBatch = 2000;

// The quantile of chi-square at 0.99 (Wilson and Hilferty 1931; z = 2.326).
double ChiSquareAtOnePercent(double degrees) {
  const double c = 2.0 / (9.0 * degrees);
  return degrees * std::pow(1.0 - c + 2.3263 * std::sqrt(c), 3);
}

// Draws kDraws rows. One seed in a hundred fails such a test by right: another one is to be tried then, and a third.
// What comes how often must fit `share(sequence)` of each row at p > 0.01. With 1,000 rows of like shares, a row drawn
// 6 % too often, or half of the rows 0.25 %, is caught.
void ExpectFrequencies(Table& table, int64_t first, const std::function<double(int64_t)>& share) {
  std::vector<int64_t> counts(static_cast<size_t>(kRows), 0);
  for (int64_t i = 0; i < kDraws / kBatch; ++i) {
    const DrawnBatch batch = Draw(table, kBatch);
    ASSERT_EQ(batch.blocked_on, BlockedOn::kNone);
    for (size_t k = 0; k < batch.sequences.size(); ++k) {
      const int64_t row = batch.sequences[k] - first;
      ASSERT_TRUE(row >= 0 && row < kRows) << batch.sequences[k];
      ++counts[static_cast<size_t>(row)];
      ASSERT_NEAR(batch.probabilities[k], share(batch.sequences[k]), 1e-7 * share(batch.sequences[k]));
    }
  }
  double chi_square = 0, bins = 0, sum = 0;
  for (int64_t row = 0; row < kRows; ++row) {
    const double expected = share(first + row) * static_cast<double>(kDraws);
    const auto count = static_cast<double>(counts[static_cast<size_t>(row)]);
    sum += expected;
    if (expected == 0) {
      ASSERT_EQ(count, 0) << row;
      continue;
    }
    ASSERT_GT(expected, 5) << "too few for chi-square";
    chi_square += (count - expected) * (count - expected) / expected;
    ++bins;
  }
  ASSERT_NEAR(sum, kDraws, 1);
  EXPECT_LT(chi_square, ChiSquareAtOnePercent(bins - 1)) << "degrees of freedom " << bins - 1;
}

// The same table taken down and made again from what was kept.
std::unique_ptr<Table> Restored(Table& table, const TableOptions& options) {
  KeptTable kept;
  kept.Take(table);
  auto restored = MakeTestTable(options);
  std::vector<std::string> differences;
  RECBOTS_CHECK_OK(kept.RestoreTo(*restored, differences));
  RECBOTS_CHECK(differences.empty());
  return restored;
}

TEST(DrawFrequencyTest, UniformAlsoAfterRestore) {
  const TableOptions options = {.capacity_rows = kRows, .seed = 1};
  auto table = MakeTestTable(options);
  AppendRows(*table, 0, 2 * kRows + 137);  // The rows left are the last 1,000.
  const auto share = [](int64_t) { return 1.0 / kRows; };
  ExpectFrequencies(*table, kRows + 137, share);
  ExpectFrequencies(*Restored(*table, options), kRows + 137, share);
}

TEST(DrawFrequencyTest, PrioritizedAlsoAfterRestore) {
  const TableOptions options = {.capacity_rows = kRows, .sampler = SelectorKind::kPrioritized, .seed = 2};
  auto table = MakeTestTable(options);
  Rng rng(/*seed=*/41, Purpose::kTest, {});
  std::vector<float> priorities;
  for (int64_t i = 0; i < 2 * kRows; ++i) priorities.push_back(static_cast<float>(std::exp(rng.Uniform(-4, 4))));
  priorities[kRows + 5] = 0;
  AppendRows(*table, 0, 2 * kRows, priorities);
  double total = 0;
  std::vector<double> weights;
  for (int64_t i = 0; i < kRows; ++i) {
    weights.push_back(
        std::round(std::pow(static_cast<double>(priorities[static_cast<size_t>(kRows + i)]), 0.6) * 65536));
    total += weights.back();
  }
  const auto share = [&](int64_t sequence) { return weights[static_cast<size_t>(sequence - kRows)] / total; };
  ExpectFrequencies(*table, kRows, share);
  ExpectFrequencies(*Restored(*table, options), kRows, share);
}

}  // namespace
}  // namespace recbots::replay
