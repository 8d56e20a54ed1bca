#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

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

// What a disk may make of the arrays: each change is refused with a word on it, or is one that does no harm.
TEST(TableRestoreTest, TrustsNothingItReads) {
  const TableOptions counted = {.capacity_rows = 12, .max_times_sampled = 3};
  const TableOptions options[] = {
      {.capacity_rows = 12}, counted, {.capacity_rows = 12, .sampler = SelectorKind::kPrioritized}};
  Rng rng(/*seed=*/31, Purpose::kTest, {});
  int refused = 0, taken = 0;
  for (int i = 0; i < 3000; ++i) {
    if (i % 1000 == 0) rng = Rng(31, Purpose::kTest, {.step = static_cast<uint32_t>(i)});
    const TableOptions& option = options[i % 3];
    const auto table = MakeTestTable(option);
    AppendRows(*table, 0, 9 + i % 7);
    const DrawnBatch used = Draw(*table, 8);
    Draw(*table, 5);
    table->Acknowledge(used.keys);
    KeptTable kept;
    kept.Take(*table);
    std::vector<char>& arrays = kept.frozen.arrays;
    v1::FrozenTable& header = kept.frozen.header;
    switch (rng.Index(6)) {
      case 0:
        arrays.resize(rng.Index(static_cast<uint32_t>(arrays.size()) + 40));
        break;
      case 1:
        header.mutable_arrays(static_cast<int>(rng.Index(10)))->set_bytes(static_cast<int64_t>(rng.Bits()) - 100);
        break;
      case 2: {
        // Any number of the header.
        std::vector<const google::protobuf::FieldDescriptor*> fields;
        for (int f = 0; f < header.GetDescriptor()->field_count(); ++f)
          fields.push_back(header.GetDescriptor()->field(f));
        const auto* field = fields[rng.Index(static_cast<uint32_t>(fields.size()))];
        const int64_t values[] = {-1, 0, 1, 3, 13, int64_t{1} << 31, int64_t{1} << 62, INT64_MIN};
        if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT64 && !field->is_repeated()) {
          header.GetReflection()->SetInt64(&header, field, values[rng.Index(8)]);
        } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_INT32) {
          header.GetReflection()->SetInt32(&header, field, static_cast<int32_t>(rng.Index(8)) - 2);
        } else if (field->name() == "highest_priority") {
          header.set_highest_priority(rng.Index(2) == 0 ? std::nanf("") : -1.0f);
        }
        break;
      }
      case 3:
        header.add_writers()->set_writer_id(std::string(rng.Index(2) == 0 ? 16 : 15, 'x'));
        header.add_writers()->set_writer_id(std::string(16, rng.Index(2) == 0 ? 'x' : 'y'));
        header.mutable_writers(0)->set_rows(static_cast<int64_t>(rng.Index(3)) - 1);
        break;
      default:
        for (uint32_t changes = 1 + rng.Index(2); changes > 0 && !arrays.empty(); --changes) {
          arrays[rng.Index(static_cast<uint32_t>(arrays.size()))] = static_cast<char>(rng.Bits());
        }
    }
    const auto restored = MakeTestTable(option);
    std::vector<std::string> differences;
    const auto zeros = [](int64_t, int64_t count, char* to) {
      std::memset(to, 0, static_cast<size_t>(count) * sizeof(TestRow));
      return absl::OkStatus();
    };
    const absl::Status status = restored->Restore(kept.frozen, zeros, differences);
    ASSERT_TRUE(status.ok() || status.code() == absl::StatusCode::kDataLoss) << status;
    ++(status.ok() ? taken : refused);
    // Whatever came of it, it works.
    AppendRows(*restored, 100, 30);
    const DrawnBatch batch = Draw(*restored, 5);
    restored->UpdatePriorities(batch.keys, std::vector<float>(batch.keys.size(), 2.0f));
    restored->Acknowledge(batch.keys);
    restored->state();
    KeptTable once_more;
    once_more.Take(*restored);
  }
  EXPECT_GT(refused, 750);
  EXPECT_GT(taken, 250);
}

}  // namespace
}  // namespace recbots::replay
