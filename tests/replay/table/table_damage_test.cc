#include <gtest/gtest.h>

#include <cmath>

#include "tests/replay/table/table_fixture.h"

namespace recbots::replay {
namespace {

using google::protobuf::FieldDescriptor;

// Sets any one number of the header.
void DamageField(Rng& rng, v1::FrozenTable& header) {
  constexpr int64_t kValues[] = {-1, 0, 1, 3, 13, int64_t{1} << 31, int64_t{1} << 62, INT64_MIN};
  const auto* descriptor = header.GetDescriptor();
  const auto* field = descriptor->field(static_cast<int>(rng.Index(static_cast<uint32_t>(descriptor->field_count()))));
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT64 && !field->is_repeated()) {
    header.GetReflection()->SetInt64(&header, field, kValues[rng.Index(8)]);
  } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
    header.GetReflection()->SetInt32(&header, field, static_cast<int32_t>(rng.Index(8)) - 2);
  } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_FLOAT) {
    header.GetReflection()->SetFloat(&header, field, rng.Index(2) == 0 ? std::nanf("") : -1.0f);
  }
}

void DamageWriters(Rng& rng, v1::FrozenTable& header) {
  header.add_writers()->set_writer_id(std::string(rng.Index(2) == 0 ? 16 : 15, 'x'));
  header.add_writers()->set_writer_id(std::string(16, rng.Index(2) == 0 ? 'x' : 'y'));
  header.mutable_writers(0)->set_rows(static_cast<int64_t>(rng.Index(3)) - 1);
}

void Damage(Rng& rng, FrozenTable& frozen) {
  std::vector<char>& arrays = frozen.arrays;
  const auto size = static_cast<uint32_t>(arrays.size());
  const int num_arrays = frozen.header.arrays_size();
  switch (rng.Index(6)) {
    case 0:
      arrays.resize(rng.Index(size + 40));
      break;
    case 1:
      frozen.header.mutable_arrays(static_cast<int>(rng.Index(static_cast<uint32_t>(num_arrays))))
          ->set_bytes(static_cast<int64_t>(rng.Bits()) - 100);
      break;
    case 2:
      DamageField(rng, frozen.header);
      break;
    case 3:
      DamageWriters(rng, frozen.header);
      break;
    default:
      for (uint32_t changes = 1 + rng.Index(2); changes > 0; --changes) {
        arrays[rng.Index(size)] = static_cast<char>(rng.Bits());
      }
  }
}

// Rows in flight, rows that went, rows that wait.
KeptTable UsedTable(const TableOptions& options, int64_t rows) {
  const auto table = MakeTestTable(options);
  AppendRows(*table, 0, rows);
  const DrawnBatch used = Draw(*table, 8);
  Draw(*table, 5);
  table->Acknowledge(used.keys);
  KeptTable kept;
  kept.Take(*table);
  return kept;
}

void ExpectWorks(Table& table) {
  AppendRows(table, 100, 30);
  const DrawnBatch batch = Draw(table, 5);
  table.UpdatePriorities(batch.keys, std::vector<float>(batch.keys.size(), 2.0f));
  table.Acknowledge(batch.keys);
  EXPECT_GE(table.state().inserted, 30);
  KeptTable kept;
  kept.Take(table);
}

// What a disk may make of the arrays: each change is refused with a word on it, or is one that does no harm.
TEST(TableDamageTest, RestoreTrustsNothingItReads) {
  const TableOptions options[] = {{.capacity_rows = 12},
                                  {.capacity_rows = 12, .max_times_sampled = 3},
                                  {.capacity_rows = 12, .sampler = SelectorKind::kPrioritized}};
  const auto zeros = [](int64_t, int64_t count, char* to) {
    std::memset(to, 0, static_cast<size_t>(count) * sizeof(TestRow));
    return absl::OkStatus();
  };
  int refused = 0, taken = 0;
  for (uint32_t i = 0; i < 6000; ++i) {
    Rng rng(/*seed=*/31, Purpose::kTest, {.step = i});
    KeptTable kept = UsedTable(options[i % 3], 9 + i % 7);
    Damage(rng, kept.frozen);
    const auto restored = MakeTestTable(options[i % 3]);
    std::vector<std::string> differences;
    const absl::Status status = restored->Restore(kept.frozen, zeros, differences);
    ASSERT_TRUE(status.ok() || status.code() == absl::StatusCode::kDataLoss) << status;
    ++(status.ok() ? taken : refused);
    ExpectWorks(*restored);
  }
  EXPECT_GT(refused, 1500);
  EXPECT_GT(taken, 500);
}

}  // namespace
}  // namespace recbots::replay
