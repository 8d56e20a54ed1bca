#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/replay/table/table_fixture.h"

namespace recbots::replay {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A table with a past: rows that went, priorities, times sampled.
std::unique_ptr<Table> UsedTable(const TableOptions& options, uint32_t seed = 1) {
  auto table = MakeTestTable(options);
  Rng rng(seed, Purpose::kTest, {});
  RECBOTS_CHECK(table->OpenWriter(WriterId{7}).value() == 0);
  int64_t next = 0;
  for (int i = 0; i < 100; ++i) {
    const auto rows = MakeRows(1, next, 1 + rng.Index(30));
    std::vector<float> priorities;
    for (size_t r = 0; r < rows.size(); ++r) priorities.push_back(static_cast<float>(rng.Uniform(0.01, 2)));
    const absl::string_view bytes(Bytes(rows), rows.size() * sizeof(TestRow));
    next += table->Insert(WriterId{7}, next, ByteRuns({&bytes, 1}), static_cast<int64_t>(rows.size()), priorities)
                ->inserted;
    const DrawnBatch batch = Draw(*table, 1 + rng.Index(20));
    table->UpdatePriorities(batch.keys, std::vector<float>(batch.keys.size(), 0.5f));
    table->Acknowledge(batch.keys);
  }
  return table;
}

// The same work on both gives the same, key by key.
void ExpectSameFuture(Table& a, Table& b) {
  Rng rng(/*seed=*/2, Purpose::kTest, {});
  int64_t next = 1'000'000;
  for (int i = 0; i < 300; ++i) {
    const DrawnBatch batch = Draw(a, 1 + rng.Index(40));
    ASSERT_EQ(batch, Draw(b, std::max<int64_t>(1, static_cast<int64_t>(batch.keys.size()))));
    const auto rows = MakeRows(1, next, 1 + rng.Index(30));
    const int64_t taken = a.Append(Bytes(rows), static_cast<int64_t>(rows.size()));
    ASSERT_EQ(taken, b.Append(Bytes(rows), static_cast<int64_t>(rows.size())));
    next += taken;
    std::vector<float> priorities;
    for (size_t k = 0; k < batch.keys.size(); ++k) priorities.push_back(static_cast<float>(rng.Uniform(0, 2)));
    for (Table* table : {&a, &b}) {
      table->UpdatePriorities(batch.keys, priorities);
      i % 3 == 0 ? table->Refund(batch.keys) : table->Acknowledge(batch.keys);
    }
    ASSERT_EQ(a.state().rows, b.state().rows);
    ASSERT_EQ(a.state().total_weight, b.state().total_weight);
    ASSERT_EQ(a.state().inserts_blocked_on, b.state().inserts_blocked_on);
    ASSERT_EQ(AllRows(a), AllRows(b));
  }
}

class TableRestoreTest : public ::testing::TestWithParam<SelectorKind> {};

TEST_P(TableRestoreTest, GoesOnBitForBit) {
  for (const SelectorKind remover : {SelectorKind::kOldest, SelectorKind::kNewest, SelectorKind::kLowestPriority}) {
    for (const int32_t times : {0, 3}) {
      SCOPED_TRACE(testing::Message() << NameOf(remover) << " " << times);
      const TableOptions options = {.capacity_rows = 200,
                                    .sampler = GetParam(),
                                    .remover = remover,
                                    .max_times_sampled = times,
                                    .rate_limiter = {.min_size = 5, .samples_per_insert = 0.9, .error_buffer = 100},
                                    .seed = 3};
      const auto table = UsedTable(options);
      KeptTable kept;
      kept.Take(*table);
      EXPECT_LE(static_cast<int64_t>(kept.frozen.arrays.size()), table->max_frozen_bytes()) << "in use: all slots";
      EXPECT_LE(static_cast<int64_t>(kept.frozen.arrays.capacity()), table->max_frozen_bytes());
      TableOptions other_seed = options;
      other_seed.seed = 4;
      const auto restored = MakeTestTable(other_seed);
      std::vector<std::string> differences;
      ASSERT_TRUE(kept.RestoreTo(*restored, differences).ok());
      EXPECT_THAT(differences, IsEmpty());
      EXPECT_EQ(restored->OpenWriter(WriterId{7}).value(), table->OpenWriter(WriterId{7}).value());
      EXPECT_EQ(restored->state().inserted, table->state().inserted);
      EXPECT_EQ(restored->state().sampled, table->state().sampled);
      EXPECT_EQ(restored->state().consumed, table->state().consumed);
      EXPECT_EQ(restored->state().evicted, table->state().evicted);
      ExpectSameFuture(*table, *restored);
    }
  }
}

TEST_P(TableRestoreTest, FromAndToAnyOtherSettings) {
  const auto table = UsedTable({.capacity_rows = 200});
  const auto rows = AllRows(*table);
  KeptTable kept;
  kept.Take(*table);
  const auto restored = MakeTestTable({.capacity_rows = 150, .sampler = GetParam(), .max_times_sampled = 2});
  std::vector<std::string> differences;
  ASSERT_TRUE(kept.RestoreTo(*restored, differences).ok());
  EXPECT_THAT(differences, ::testing::IsSupersetOf({"num_slots: 200 in the checkpoint, 150 here",
                                                    "max_times_sampled: 0 in the checkpoint, 2 here",
                                                    "the newest 150 of 200 rows are kept"}));
  EXPECT_EQ(AllRows(*restored), std::vector<TestRow>(rows.end() - 150, rows.end()));
  KeptTable again;
  again.Take(*restored);
  const auto back = MakeTestTable({.capacity_rows = 300});
  ASSERT_TRUE(again.RestoreTo(*back, differences).ok());
  EXPECT_EQ(AllRows(*back), AllRows(*restored));
  AppendRows(*back, 5000, 200);
  EXPECT_EQ(back->state().rows, 300);
}

INSTANTIATE_TEST_SUITE_P(Samplers, TableRestoreTest,
                         ::testing::Values(SelectorKind::kUniform, SelectorKind::kPrioritized, SelectorKind::kOldest,
                                           SelectorKind::kNewest, SelectorKind::kHighestPriority,
                                           SelectorKind::kLowestPriority),
                         [](const auto& test) { return std::string(NameOf(test.param)); });

TEST(TableRestoreTest, WhatWasInFlightComesBack) {
  const TableOptions options = {
      .capacity_rows = 20, .sampler = SelectorKind::kOldest, .max_times_sampled = 1, .rate_limiter = QueueOf(20)};
  const auto table = MakeTestTable(options);
  AppendRows(*table, 0, 10);
  const DrawnBatch used = Draw(*table, 2);
  table->Acknowledge(used.keys);
  const DrawnBatch flying = Draw(*table, 3);
  KeptTable kept;
  kept.Take(*table);
  const auto restored = MakeTestTable(options);
  std::vector<std::string> differences;
  ASSERT_TRUE(kept.RestoreTo(*restored, differences).ok());
  EXPECT_THAT(differences, IsEmpty());
  EXPECT_EQ(restored->state().leased, 0);
  EXPECT_EQ(restored->state().refunded, 3);
  restored->Acknowledge(flying.keys);  // Of a reader that outlived the server: it has no say any more.
  const auto more = MakeRows(1, 10, 20);
  EXPECT_EQ(restored->Append(Bytes(more), 20), 12);
  EXPECT_THAT(Draw(*restored, 5).sequences, ElementsAre(2, 3, 4, 5, 6));
}

TEST(TableRestoreTest, ALimiterOfAnotherRatioDoesNotMakeUpForThePast) {
  const auto table = UsedTable(
      {.capacity_rows = 200, .rate_limiter = {.min_size = 5, .samples_per_insert = 0.9, .error_buffer = 100}});
  KeptTable kept;
  kept.Take(*table);
  const auto restored = MakeTestTable(
      {.capacity_rows = 200, .rate_limiter = {.min_size = 5, .samples_per_insert = 50, .error_buffer = 100}});
  std::vector<std::string> differences;
  ASSERT_TRUE(kept.RestoreTo(*restored, differences).ok());
  EXPECT_THAT(differences, ElementsAre(AllOf(HasSubstr("rate limiter"), HasSubstr("under the settings here"))));
  EXPECT_EQ(restored->state().samples_blocked_on, BlockedOn::kNone);
  EXPECT_EQ(Draw(*restored, 201).blocked_on, BlockedOn::kSpiSample);
}

TEST(TableRestoreTest, RefusesAnotherSchema) {
  const auto table = UsedTable({});
  KeptTable kept;
  kept.Take(*table);
  const auto schema = RowSchema::Create({{"writer", DType::kInt64, {}}, {"sequence", DType::kInt64, {}}}).value();
  const auto other = MakeTestTable({}, schema);
  std::vector<std::string> differences;
  const absl::Status status = kept.RestoreTo(*other, differences);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("2 columns here and 3 there"));
}

TEST(TableRestoreTest, AReaderThatFailsLeavesTheTableNew) {
  for (const int64_t capacity : {200, 100}) {  // In place and by age.
    const auto table = UsedTable({.capacity_rows = 200});
    KeptTable kept;
    kept.Take(*table);
    const auto restored = MakeTestTable({.capacity_rows = capacity, .seed = 8});
    std::vector<std::string> differences;
    const auto fail = [](int64_t, int64_t, char*) { return absl::UnavailableError("the disk is gone"); };
    EXPECT_EQ(restored->Restore(kept.frozen, fail, differences).message(), "the disk is gone");
    EXPECT_THAT(differences, IsEmpty());
    EXPECT_EQ(restored->state().rows, 0);
    const auto fresh = MakeTestTable({.capacity_rows = capacity, .seed = 8});
    for (Table* each : {restored.get(), fresh.get()}) AppendRows(*each, 0, 150);
    EXPECT_EQ(Draw(*restored, 100).sequences, Draw(*fresh, 100).sequences);
    EXPECT_EQ(AllRows(*restored), AllRows(*fresh));
  }
}

}  // namespace
}  // namespace recbots::replay
