// Tables that are made when the schema of their rows becomes known.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "absl/strings/str_cat.h"
#include "common/base/thread.h"
#include "common/wire/experiment_identity.h"
#include "replay/table/store.h"
#include "tests/replay/table/table_fixture.h"

namespace recbots::replay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::ExperimentIdentity IdentityWith(const std::string& seed) { return MakeIdentity({{"environment.seed", seed}}); }

// Two tables of transitions around one that lists its columns.
std::unique_ptr<Store> MakeTestStore(Store::SchemaCheck check = nullptr, int64_t capacity_bytes = 1 << 20) {
  std::vector<std::unique_ptr<TablePlace>> places;
  const auto await = [&](const char* name) {
    places.push_back(std::make_unique<TablePlace>(TableOptions{.name = name, .capacity_bytes = capacity_bytes}));
  };
  await("first");
  places.push_back(std::make_unique<TablePlace>(MakeTestTable({.name = "listed"})));
  await("last");
  return Store::CreateWithPlaces(std::move(places), std::move(check)).value();
}

RowSchema Wide(int32_t width) { return RowSchema::Create({{"x", DType::kFloat32, {width}}}).value(); }

TEST(TablePlaceTest, HasTheStateOfAnEmptyTableUntilItIsMade) {
  const auto store = MakeTestStore();
  EXPECT_THAT(store->tables(), ElementsAre(store->Find("listed")));
  EXPECT_EQ(store->Find("first"), nullptr);
  const TablePlace& place = *store->FindPlace("");
  EXPECT_EQ(place.name(), "first");
  EXPECT_EQ(place.state().rows, 0);
  EXPECT_EQ(place.state().samples_blocked_on, BlockedOn::kMinSize);
  EXPECT_EQ(place.state().inserts_blocked_on, BlockedOn::kNone);

  EXPECT_TRUE(store->MakeTransitions(TestSchema(), IdentityWith("1")).value());
  ASSERT_EQ(store->tables().size(), 3u);
  AppendRows(*store->Find("first"), 0, 5);
  EXPECT_EQ(place.state().rows, 5);
  for (const char* name : {"first", "last"}) {
    EXPECT_EQ(store->Find(name)->schema(), TestSchema());
    EXPECT_EQ(store->Find(name)->identity().fingerprint(), IdentityWith("1").fingerprint());
  }
  EXPECT_FALSE(Says(store->Find("listed")->identity()));
}

TEST(TablePlaceTest, TheFirstSchemaStays) {
  const auto store = MakeTestStore();
  EXPECT_TRUE(store->MakeTransitions(Wide(3), {}).value());
  Table* const table = store->Find("first");
  EXPECT_FALSE(store->MakeTransitions(Wide(4), IdentityWith("2")).value());
  EXPECT_EQ(store->Find("first"), table);
  EXPECT_EQ(table->schema(), Wide(3));
  EXPECT_FALSE(Says(table->identity()));
  store->ForgetTransitions();
  EXPECT_THAT(store->tables(), ElementsAre(store->Find("listed")));
  EXPECT_TRUE(store->MakeTransitions(Wide(4), {}).value());
}

TEST(TablePlaceTest, WhatIsRefusedMakesNoTable) {
  const auto check = [](const RowSchema& schema) {
    return schema.row_bytes() < 100 ? absl::OkStatus() : absl::InvalidArgumentError("capacity_rows 7, want at most 3");
  };
  const auto store = MakeTestStore(check, /*capacity_bytes=*/60);
  const absl::Status checked = store->MakeTransitions(Wide(25), {}).status();
  EXPECT_EQ(checked.code(), absl::StatusCode::kFailedPrecondition) << "final for the client that asked";
  EXPECT_EQ(checked.message(), "capacity_rows 7, want at most 3");
  const absl::Status created = store->MakeTransitions(Wide(24), {}).status();
  EXPECT_EQ(created.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(created.message()), HasSubstr("replay table 'first': capacity_bytes 60, want at least the"));
  EXPECT_EQ(store->tables().size(), 1u);
  EXPECT_TRUE(store->MakeTransitions(Wide(1), {}).value()) << "another client's rows may fit";
}

TEST(TablePlaceTest, OfManyAtOnceOneDecidesForAllTables) {
  for (int round = 0; round < 50; ++round) {
    const auto store = MakeTestStore();
    std::atomic<int> made{0};
    std::atomic<bool> stop{false};
    std::vector<std::unique_ptr<Thread>> threads;
    Thread reader("reader", [&] {
      while (!stop) {
        for (const auto& place : store->places()) EXPECT_EQ(place->state().rows, 0);
        std::vector<FrozenTable> frozen;
        for (Table* const table : store->Freeze(frozen).tables) table->EndCut(/*kept=*/true);
      }
    });
    for (int32_t width = 1; width <= 4; ++width) {
      threads.push_back(std::make_unique<Thread>("maker", [&, width] {
        if (store->MakeTransitions(Wide(width), IdentityWith(absl::StrCat(width))).value()) ++made;
        EXPECT_NE(store->Find("first"), nullptr);
      }));
    }
    threads.clear();
    stop = true;
    EXPECT_EQ(made, 1);
    const Table& first = *store->Find("first");
    EXPECT_EQ(first.schema(), store->Find("last")->schema());
    const int32_t width = first.schema().columns()[0].shape[0];
    EXPECT_EQ(first.identity().fingerprint(), IdentityWith(absl::StrCat(width)).fingerprint());
  }
}

TEST(TablePlaceTest, ACutIsOfTheTablesThatExist) {
  const auto store = MakeTestStore();
  std::vector<FrozenTable> frozen;
  EXPECT_THAT(store->Freeze(frozen).tables, ElementsAre(store->Find("listed")));
  ASSERT_EQ(frozen.size(), 1u);
  EXPECT_EQ(frozen[0].header.name(), "listed");
  store->Find("listed")->EndCut(true);
  std::vector<std::unique_ptr<TablePlace>> places;
  places.push_back(std::make_unique<TablePlace>(TableOptions{}));
  const auto empty = Store::CreateWithPlaces(std::move(places), nullptr).value();
  EXPECT_THAT(empty->Freeze(frozen).tables, IsEmpty());
  EXPECT_THAT(frozen, IsEmpty());
}

TEST(TableOptionsTest, WhatNeedsNoSchemaIsCheckedWithoutOne) {
  const auto refusal = [](const TableOptions& options) { return std::string(CheckTableOptions(options).message()); };
  EXPECT_EQ(refusal({}), "");
  EXPECT_THAT(refusal({.capacity_rows = 0}), HasSubstr("capacity_rows 0, want 1..4294967295"));
  EXPECT_THAT(refusal({.capacity_rows = 5, .rate_limiter = {.min_size = 6}}),
              HasSubstr("min_size 6, want at most the capacity, 5 rows"));
  EXPECT_THAT(refusal({.remover = SelectorKind::kUniform}), HasSubstr("remover uniform, want"));
  EXPECT_THAT(refusal({.max_writers = 0}), HasSubstr("max_writers 0, want at least 1"));
}

// Whether rows that came from a checkpoint are taken over is decided once.
TEST(TableTakeOverTest, OnlyRestoredRowsAndOnlyByTheFirst) {
  const auto table = MakeTestTable({});
  table->AdoptIdentity(IdentityWith("1"));
  EXPECT_FALSE(table->TakeOver(IdentityWith("2"))) << "its rows came from writers";
  FrozenTable frozen;
  table->PrepareFreeze(frozen);
  table->Lock();
  table->FreezeLocked(frozen);
  table->Unlock();
  const auto restored = MakeTestTable({});
  std::vector<std::string> differences;
  ASSERT_TRUE(restored
                  ->Restore(
                      frozen, [](int64_t, int64_t, char*) { return absl::OkStatus(); }, differences)
                  .ok());
  EXPECT_EQ(restored->identity().fingerprint(), IdentityWith("1").fingerprint());
  EXPECT_TRUE(restored->TakeOver(IdentityWith("2")));
  EXPECT_EQ(restored->identity().fingerprint(), IdentityWith("2").fingerprint());
  EXPECT_FALSE(restored->TakeOver(IdentityWith("3")));
  EXPECT_EQ(restored->identity().fingerprint(), IdentityWith("2").fingerprint());
}

}  // namespace
}  // namespace recbots::replay
