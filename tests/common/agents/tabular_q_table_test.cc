#include "common/agents/tabular_q_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "common/base/random.h"

namespace recbots {
namespace {

TEST(DigitizerTest, CountsTheEdgesUpToAValue) {
  Rng draws(1, Purpose::kTest, {});
  for (int round = 0; round < 300; ++round) {
    const double low = draws.Uniform(-10, 10), high = low + std::pow(10, draws.Uniform(-6, 3));
    const int num_edges = 1 + static_cast<int>(draws.Index(200));
    const Digitizer digitizer(low, high, num_edges);
    std::vector<double> edges = {low};
    const double spacing = (high - low) / std::max(1, num_edges - 1);
    for (int i = 1; i < num_edges; ++i) edges.push_back(i + 1 == num_edges ? high : i * spacing + low);
    std::vector<double> values = {low - 1, high + 1, draws.Uniform(low, high)};
    for (const double edge : edges) {
      for (const double value : {std::nextafter(edge, -1e9), edge, std::nextafter(edge, 1e9)}) values.push_back(value);
    }
    for (const double value : values) {
      const auto expected = std::upper_bound(edges.begin(), edges.end(), value) - edges.begin();
      ASSERT_EQ(digitizer.Index(value), expected) << value << " in " << low << ".." << high << " by " << num_edges;
    }
  }
}

TEST(DigitizerTest, PutsWhatIsNoNumberIntoABin) {
  const Digitizer digitizer(0, 10, 100);
  EXPECT_EQ(digitizer.Index(std::numeric_limits<double>::infinity()), 100);
  EXPECT_EQ(digitizer.Index(-std::numeric_limits<double>::infinity()), 0);
  EXPECT_EQ(digitizer.Index(std::numeric_limits<double>::quiet_NaN()), 100);
}

// All sequences of up to four small numbers, and all multisets of three of their elements, have keys of their own.
TEST(QKeyTest, TellsSequencesAndMultisetsApart) {
  absl::flat_hash_set<QKey> keys;
  size_t num_keys = 0;
  const auto insert = [&](const QKey& key) {
    keys.insert(key);
    ++num_keys;
  };
  constexpr uint64_t kSymbols = 12;
  for (uint64_t i = 0; i < kSymbols; ++i) {
    insert(QKey().Then(i));
    for (uint64_t j = 0; j < kSymbols; ++j) {
      insert(QKey().Then(i).Then(j));
      for (uint64_t k = 0; k < kSymbols; ++k) {
        insert(QKey().Then(i).Then(j).Then(k));
        for (uint64_t l = 0; l < kSymbols; ++l) insert(QKey().Then(i).Then(j).Then(k).Then(l));
        if (i <= j && j <= k) {
          insert(QKey().Then(QKey().Then(i).And(QKey().Then(j)).And(QKey().Then(k))));
        }
      }
    }
  }
  EXPECT_EQ(keys.size(), num_keys);
  // Half of them already differ in either half, so that a table that uses one as its hash is spread.
  absl::flat_hash_set<uint64_t> halves;
  for (const QKey& key : keys) halves.insert(key.a);
  EXPECT_EQ(halves.size(), num_keys);
}

TEST(QKeyTest, ForgetsTheOrderOnlyWhereAskedTo) {
  const QKey first = QKey().Then(1), second = QKey().Then(2);
  EXPECT_EQ(QKey().Then(first.And(second)), QKey().Then(second.And(first)));
  EXPECT_FALSE(QKey().Then(first).Then(second) == QKey().Then(second).Then(first));
  EXPECT_FALSE(QKey().Then(1).Then(2) == QKey().Then(2).Then(1));
}

TEST(QTableTest, MovesValuesByTheirStepSize) {
  QTable table;
  const QKey key = QKey().Then(7);
  EXPECT_EQ(table.Find(key).value, 0);
  EXPECT_EQ(table.Find(key).visits, 0);
  EXPECT_EQ(table.size(), 0U);
  table.Update(key, 8, 0.5, 0);
  table.Update(key, 8, 0.5, 0);
  EXPECT_EQ(table.Find(key).value, 6);
  EXPECT_EQ(table.Find(key).visits, 2);
  EXPECT_EQ(table.Find(QKey().Then(8)).visits, 0);
  // Learning rate 1 and exponent 1: the mean of the targets.
  const QKey other = QKey().Then(9);
  for (const double target : {1.0, 5.0, 3.0}) table.Update(other, target, 1, 1);
  EXPECT_NEAR(table.Find(other).value, 3, 1e-15);
  EXPECT_EQ(table.size(), 2U);
}

}  // namespace
}  // namespace recbots
