#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"
#include "common/wire/row_schema_proto.h"
#include "replay/table/store.h"
#include "tests/fuzz/byte_source.h"
#include "tests/fuzz/fuzz_targets.h"
#include "tests/replay/checkpoint/test_store.h"

namespace recbots::replay {
namespace {

constexpr int64_t kSlots = 64;

// Which table takes the bytes over: every sampler and remover, with and without leases and limiters.
TableOptions OptionsOf(uint8_t kind) {
  TableOptions options;
  options.capacity_rows = kSlots;
  options.sampler = static_cast<SelectorKind>(1 + kind % 6);
  constexpr SelectorKind kRemovers[] = {SelectorKind::kOldest, SelectorKind::kNewest, SelectorKind::kLowestPriority};
  options.remover = kRemovers[kind / 6 % 3];
  options.max_times_sampled = kind % 4 == 3 ? 3 : 0;
  if (kind % 5 == 4) {
    options.rate_limiter.samples_per_insert = 2;
    options.rate_limiter.error_buffer = 1000;
  }
  options.max_writers = 8;
  return options;
}

std::unique_ptr<Table> MakeTable(uint8_t kind) {
  auto table = Table::Create(TestSchema(), OptionsOf(kind));
  RECBOTS_CHECK_OK(table.status());
  return *std::move(table);
}

// A table that works, whatever it was made from.
void Use(Table& table) {
  const TableState state = table.state();
  RECBOTS_CHECK(state.rows >= 0 && state.rows <= table.capacity());
  std::vector<TestRow> all(static_cast<size_t>(kSlots));
  RECBOTS_CHECK(table.CopyRows(0, kSlots, reinterpret_cast<char*>(all.data())) == state.rows - state.leased);
  const std::vector<TestRow> rows = MakeRows(1, 0, 40);
  for (int i = 0; i < 4; ++i) {
    const Drawn drawn = Draw(table, 8);
    if (drawn.blocked_on == BlockedOn::kNone) {
      const std::vector<float> priorities = {0.5F, 1.0F, 2.0F, 0.0F, 7.0F, 1.0F, 3.0F, 4.0F};
      table.UpdatePriorities(drawn.keys, priorities);
      i % 2 == 0 ? table.Acknowledge(drawn.keys) : table.Refund(drawn.keys);
    }
    table.Append(Bytes(rows), 40);
  }
}

// What it was made from, as it is now, can be taken over by the next one.
void FreezeAndRestore(Table& table, uint8_t kind) {
  FrozenTable frozen;
  table.PrepareFreeze(frozen);
  table.Lock();
  table.FreezeLocked(frozen);
  table.Unlock();
  table.EndCut(false);
  const auto next = MakeTable(kind);
  std::vector<std::string> differences;
  const absl::Status status = next->Restore(
      frozen,
      [](int64_t, int64_t count, char* to) {
        std::memset(to, 0, static_cast<size_t>(count) * sizeof(TestRow));
        return absl::OkStatus();
      },
      differences);
  RECBOTS_CHECK_OK(status);
  RECBOTS_CHECK(next->state().rows == table.state().rows);
}

// kind (1) | length of the header (2) | header | arrays
FrozenTable Parse(ByteSource& source, uint8_t kind, bool& ok) {
  FrozenTable frozen;
  const absl::string_view header = source.TakeBytes(source.Take<uint16_t>());
  ok = frozen.header.ParseFromArray(header.data(), static_cast<int>(header.size()));
  frozen.arrays.assign(source.rest().begin(), source.rest().end());
  // Half of the time what a fuzzer would have to guess is filled in.
  if (kind % 2 == 0) {
    const TableOptions options = OptionsOf(kind);
    *frozen.header.mutable_schema() = RowSchemaToProto(TestSchema());
    frozen.header.set_num_slots(kSlots);
    frozen.header.set_sampler(std::string(NameOf(options.sampler)));
    frozen.header.set_remover(std::string(NameOf(options.remover)));
    frozen.header.set_priority_exponent(options.priority_exponent);
    frozen.header.set_max_times_sampled(options.max_times_sampled);
  }
  return frozen;
}

}  // namespace

void FuzzTableRestore(absl::string_view bytes) {
  SilenceProtobuf();
  ByteSource source(bytes);
  const auto kind = source.Take<uint8_t>();
  bool ok = false;
  const FrozenTable frozen = Parse(source, kind, ok);
  if (!ok) return;
  const auto table = MakeTable(kind);
  const int64_t used = frozen.header.used_slots();
  std::vector<std::string> differences;
  const absl::Status status = table->Restore(
      frozen,
      [used](int64_t first, int64_t count, char* to) {
        RECBOTS_CHECK(first >= 0 && count >= 0 && first + count <= used) << first << ' ' << count << ' ' << used;
        std::memset(to, 1, static_cast<size_t>(count) * sizeof(TestRow));
        return absl::OkStatus();
      },
      differences);
  if (!status.ok()) {
    RECBOTS_CHECK(table->state().rows == 0 && table->state().inserted == 0);
  } else {
    FreezeAndRestore(*table, kind);
  }
  Use(*table);
}

std::vector<std::string> TableRestoreSeeds() {
  std::vector<std::string> seeds;
  for (uint8_t kind = 0; kind < 36; ++kind) {
    std::vector<std::unique_ptr<Table>> tables;
    tables.push_back(MakeTable(kind));
    auto store = Store::Create(std::move(tables));
    RECBOTS_CHECK_OK(store.status());
    Driver driver(store->get());
    for (uint32_t i = 0; i < 10u * kind; ++i) driver.Do(i);
    std::vector<FrozenTable> frozen;
    (*store)->Freeze(frozen);
    (*store)->tables()[0]->EndCut(false);
    const std::string header = frozen[0].header.SerializeAsString();
    const auto length = static_cast<uint16_t>(header.size());
    seeds.push_back(absl::StrCat(std::string(1, static_cast<char>(kind)),
                                 absl::string_view(reinterpret_cast<const char*>(&length), sizeof(length)), header,
                                 absl::string_view(frozen[0].arrays.data(), frozen[0].arrays.size())));
  }
  return seeds;
}

}  // namespace recbots::replay
