// Readers who look on: what they get, and that nobody else notices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tests/replay/table/table_fixture.h"

namespace recbots::replay {
namespace {

// Counts of a uniform draw from `rows`, against 5 standard deviations: a row drawn 10 % too often is caught.
void ExpectUniform(Table& table, const std::set<int64_t>& rows) {
  constexpr int64_t kBatches = 400, kBatch = 700;
  std::map<int64_t, int64_t> counts;
  for (int64_t i = 0; i < kBatches; ++i) {
    const DrawnBatch batch = LookOn(table, kBatch);
    ASSERT_EQ(batch.blocked_on, BlockedOn::kNone);
    for (const int64_t sequence : batch.sequences) ++counts[sequence];
    ASSERT_THAT(batch.probabilities, ::testing::Each(1.0f / static_cast<float>(rows.size())));
  }
  const double share = 1.0 / static_cast<double>(rows.size());
  const double expected = share * kBatches * kBatch;
  ASSERT_EQ(counts.size(), rows.size());
  for (const auto& [sequence, count] : counts) {
    ASSERT_TRUE(rows.count(sequence) > 0) << sequence;
    ASSERT_NEAR(static_cast<double>(count), expected, 5 * std::sqrt(expected * (1 - share)) + 1e-9) << sequence;
  }
}

std::set<int64_t> Range(int64_t first, int64_t end) {
  std::set<int64_t> rows;
  for (int64_t row = first; row < end; ++row) rows.insert(row);
  return rows;
}

TEST(TableObserveTest, DrawsEveryRowAsOftenWhateverItsPriority) {
  const auto table = MakeTestTable({.capacity_rows = 100, .sampler = SelectorKind::kPrioritized});
  for (int64_t i = 0; i < 170; ++i) AppendRows(*table, i, 1, {static_cast<float>(i % 4)});
  ExpectUniform(*table, Range(70, 170));
}

TEST(TableObserveTest, DrawsBeforeTheLimiterAdmitsAnybody) {
  const auto table = MakeTestTable({.capacity_rows = 100, .rate_limiter = {.min_size = 50}});
  EXPECT_EQ(LookOn(*table, 1).blocked_on, BlockedOn::kItems);
  AppendRows(*table, 0, 3);
  EXPECT_EQ(Draw(*table, 1).blocked_on, BlockedOn::kMinSize);
  ExpectUniform(*table, Range(0, 3));
}

TEST(TableObserveTest, SeesLeasedRowsAndNoneThatIsGone) {
  const auto table = MakeTestTable({.capacity_rows = 10'000, .sampler = SelectorKind::kOldest, .max_times_sampled = 1});
  AppendRows(*table, 0, 10'000);
  const DrawnBatch used = Draw(*table, 2'000);
  ExpectUniform(*table, Range(0, 10'000));
  table->Acknowledge(used.keys);
  const DrawnBatch leased = Draw(*table, 7'990);
  table->Acknowledge(absl::MakeConstSpan(leased.keys).first(7'980));
  ASSERT_EQ(table->state().rows, 20);
  ASSERT_EQ(table->state().leased, 10);
  ExpectUniform(*table, Range(9'980, 10'000));  // One slot in 500 holds a row.
  table->Acknowledge(absl::MakeConstSpan(leased.keys).subspan(7'980));
  table->Acknowledge(Draw(*table, 10).keys);
  EXPECT_EQ(LookOn(*table, 3).blocked_on, BlockedOn::kItems);
}

TEST(TableObserveTest, KeysNameTheRows) {
  const auto table = MakeTestTable({.capacity_rows = 50, .sampler = SelectorKind::kPrioritized});
  AppendRows(*table, 0, 80);
  const DrawnBatch seen = LookOn(*table, 20);
  EXPECT_EQ(table->UpdatePriorities(seen.keys, std::vector<float>(20, 2.f)).updated, 20);
}

// Two tables with the same bytes, through the same life; at one of them somebody looks on all the time.
void ExpectUnnoticed(const TableOptions& options) {
  const auto first = MakeTestTable(options);
  AppendRows(*first, 0, 40);
  KeptTable kept;
  kept.Take(*first);
  std::vector<std::unique_ptr<Table>> tables;
  for (int i = 0; i < 2; ++i) {
    tables.push_back(MakeTestTable(options));
    std::vector<std::string> differences;
    ASSERT_TRUE(kept.RestoreTo(*tables.back(), differences).ok());
    ASSERT_TRUE(differences.empty());
    ASSERT_TRUE(tables.back()->OpenWriter(WriterId{1}).ok());
  }
  Rng rng(/*seed=*/11, Purpose::kTest, {});
  int64_t next = 0;
  for (int i = 0; i < 2000; ++i) {
    LookOn(*tables[1], 1 + rng.Index(30));
    const int64_t again = std::min<int64_t>(next, rng.Index(5));
    const auto rows = MakeRows(1, next - again, again + rng.Index(20));
    const int64_t batch_rows = 1 + rng.Index(16);
    const uint32_t fate = rng.Index(3);
    InsertResult inserted[2];
    DrawnBatch drawn[2];
    for (int t = 0; t < 2; ++t) {
      Table& table = *tables[static_cast<size_t>(t)];
      const absl::string_view bytes(Bytes(rows), rows.size() * sizeof(TestRow));
      inserted[t] = table.Insert(WriterId{1}, next - again, ByteRuns({&bytes, 1}), int64_t(rows.size())).value();
      if (t == 1) LookOn(table, 7);
      drawn[t] = Draw(table, batch_rows);
      const std::vector<float> priorities(drawn[t].keys.size(), static_cast<float>(i % 7));
      if (fate == 0) table.Refund(drawn[t].keys);
      if (fate == 1) table.Acknowledge(drawn[t].keys);
      table.UpdatePriorities(drawn[t].keys, priorities);
    }
    ASSERT_EQ(inserted[0].acknowledged_rows, inserted[1].acknowledged_rows);
    ASSERT_EQ(inserted[0].duplicates, inserted[1].duplicates);
    ASSERT_EQ(inserted[0].blocked_on, inserted[1].blocked_on);
    ASSERT_EQ(drawn[0], drawn[1]) << i;
    next = inserted[0].acknowledged_rows;
  }
  EXPECT_GT(tables[0]->state().sampled, 1000);
  for (const TableCounter& counter : kTableCounters) {
    EXPECT_EQ(tables[0]->state().*counter.member, tables[1]->state().*counter.member) << counter.name;
  }
  KeptTable after[2];
  for (int t = 0; t < 2; ++t) after[t].Take(*tables[static_cast<size_t>(t)]);
  EXPECT_EQ(after[0].frozen.header.SerializeAsString(), after[1].frozen.header.SerializeAsString());
  EXPECT_EQ(after[0].frozen.arrays, after[1].frozen.arrays);
  EXPECT_EQ(after[0].segments, after[1].segments);
}

TEST(TableObserveTest, ChangesNoDrawNoCounterAndNoByteOfACheckpoint) {
  const RateLimiterOptions ratio = {.min_size = 20, .samples_per_insert = 0.8, .error_buffer = 40};
  ExpectUnnoticed({.capacity_rows = 300, .rate_limiter = ratio, .seed = 3});
  ExpectUnnoticed({.capacity_rows = 300, .sampler = SelectorKind::kPrioritized, .rate_limiter = ratio, .seed = 3});
  ExpectUnnoticed({.capacity_rows = 300, .max_times_sampled = 2, .rate_limiter = ratio, .seed = 3});
}

}  // namespace
}  // namespace recbots::replay
