// Checkpoints of stores that do not know the schema of their transitions yet, and stores that learn it from one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "common/wire/experiment_identity.h"
#include "replay/checkpoint/checkpointer.h"
#include "replay/checkpoint/file_names.h"
#include "tests/replay/checkpoint/test_folder.h"
#include "tests/replay/checkpoint/test_store.h"

namespace recbots::replay {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Instant Patience() { return Instant::Now() + absl::Seconds(60); }

v1::ExperimentIdentity IdentityWith(const std::string& seed) { return MakeIdentity({{"environment.seed", seed}}); }

// A table of transitions, and one that lists its columns.
std::unique_ptr<Store> MakeTestStore(Store::SchemaCheck check = nullptr, bool with_listed = false) {
  std::vector<std::unique_ptr<TablePlace>> places;
  places.push_back(std::make_unique<TablePlace>(TableOptions{.capacity_rows = 1000}));
  if (with_listed) {
    places.push_back(std::make_unique<TablePlace>(Table::Create(TestSchema(), {.name = "listed"}).value()));
  }
  return Store::CreateWithPlaces(std::move(places), std::move(check)).value();
}

class RestoreSchemaTest : public testing::Test {
 protected:
  absl::StatusOr<std::unique_ptr<Checkpointer>> Open(Store& store) {
    return Checkpointer::Open({.directory = directory_.path(), .interval = absl::ZeroDuration()}, &store);
  }
  static void Append(Store& store, int64_t first, int64_t count) {
    const auto rows = MakeRows(1, first, count);
    ASSERT_EQ(store.Find("transitions")->Append(Bytes(rows), count), count);
  }
  // Writes a checkpoint of some rows that mean `identity`.
  void Write(const v1::ExperimentIdentity& identity) {
    const auto store = MakeTestStore();
    const auto checkpointer = Open(*store).value();
    ASSERT_TRUE(store->MakeTransitions(TestSchema(), identity).ok());
    Append(*store, 0, 100);
    ASSERT_TRUE(checkpointer->Checkpoint(Patience()).ok());
  }

  TestFolder directory_;
};

TEST_F(RestoreSchemaTest, WithoutATableThereIsNothingToKeep) {
  const auto store = MakeTestStore();
  const auto checkpointer = Open(*store).value();
  EXPECT_EQ(checkpointer->Checkpoint(Patience())->sequence, 0);
  EXPECT_EQ(checkpointer->stats().sequence, 0);
  // Rows that come later are kept, and the table copies what a cut needs as any other.
  ASSERT_TRUE(store->MakeTransitions(TestSchema(), IdentityWith("1")).ok());
  Append(*store, 0, 100);
  const auto report = checkpointer->Checkpoint(Patience());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_GT(report->sequence, 0);
  EXPECT_GT(report->bytes_written, 3200);
}

TEST_F(RestoreSchemaTest, TheCheckpointStatesSchemaAndMeaning) {
  Write(IdentityWith("1"));
  const auto store = MakeTestStore();
  const auto checkpointer = Open(*store).value();
  EXPECT_EQ(checkpointer->restored().rows, 100);
  EXPECT_THAT(checkpointer->restored().differences, IsEmpty());
  Table& table = *store->Find("transitions");
  EXPECT_EQ(table.schema(), TestSchema());
  EXPECT_EQ(table.identity().fingerprint(), IdentityWith("1").fingerprint());
  EXPECT_EQ(AllRows(table), MakeRows(1, 0, 100));
  EXPECT_FALSE(store->MakeTransitions(RowSchema::Create({{"x", DType::kInt64, {}}}).value(), {}).value());
}

TEST_F(RestoreSchemaTest, ACheckpointThatDoesNotStateTheMeaningIsTakenWithAWarning) {
  Write({});
  const auto store = MakeTestStore();
  const auto checkpointer = Open(*store).value();
  EXPECT_THAT(checkpointer->restored().differences,
              ElementsAre("table 'transitions': the checkpoint does not say of which experiment its rows are"));
}

TEST_F(RestoreSchemaTest, TablesThatListColumnsAreKeptMeanwhile) {
  {
    const auto store = MakeTestStore(nullptr, /*with_listed=*/true);
    const auto checkpointer = Open(*store).value();
    const auto rows = MakeRows(1, 0, 10);
    ASSERT_EQ(store->Find("listed")->Append(Bytes(rows), 10), 10);
    ASSERT_TRUE(checkpointer->Checkpoint(Patience()).ok());
    // Then the first table comes, in front of the one that is in the checkpoint.
    ASSERT_TRUE(store->MakeTransitions(TestSchema(), {}).ok());
    Append(*store, 0, 20);
    ASSERT_TRUE(checkpointer->Checkpoint(Patience()).ok());
  }
  const auto store = MakeTestStore(nullptr, /*with_listed=*/true);
  ASSERT_EQ(Open(*store).value()->restored().rows, 30);
  EXPECT_EQ(AllRows(*store->Find("listed")), MakeRows(1, 0, 10));
  EXPECT_EQ(AllRows(*store->Find("transitions")), MakeRows(1, 0, 20));
}

TEST_F(RestoreSchemaTest, RowsThatDoNotFitTheMachineAreRefusedAndStay) {
  Write(IdentityWith("1"));
  const auto refuse = [](const RowSchema&) { return absl::InvalidArgumentError("capacity_rows 9, want at most 5"); };
  const auto store = MakeTestStore(refuse);
  const absl::Status status = Open(*store).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("the configuration has no room for the rows of checkpoint 1: capacity_rows 9, want at most 5"));
  EXPECT_EQ(Open(*MakeTestStore()).value()->restored().rows, 100);
}

// The newest checkpoint may hold nothing of what it announced.
TEST_F(RestoreSchemaTest, ADamagedCheckpointDecidesNothing) {
  Write(IdentityWith("1"));
  for (const auto& entry : std::filesystem::directory_iterator(directory_.path() + "/shard-0")) {
    if (entry.path().filename().string().find("segment-") != 0) continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(-1, std::ios::end);
    file.put('\x55');
  }
  const auto store = MakeTestStore();
  EXPECT_EQ(Open(*store).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store->Find("transitions"), nullptr);
}

}  // namespace
}  // namespace recbots::replay
