// Stores that are written and read back.
#include "replay/checkpoint/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "common/wire/experiment_identity.h"
#include "replay/checkpoint/checkpoint_directory.h"
#include "replay/checkpoint/checkpointer.h"
#include "replay/checkpoint/file_names.h"
#include "tests/replay/checkpoint/test_folder.h"
#include "tests/replay/checkpoint/test_store.h"

namespace recbots::replay {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Instant Patience() { return Instant::Now() + absl::Seconds(60); }

CheckpointerOptions OnRequest(const std::string& directory) {
  CheckpointerOptions options;
  options.directory = directory;
  options.interval = absl::ZeroDuration();
  options.keep = 4;
  return options;
}

std::unique_ptr<Checkpointer> MustOpen(const CheckpointerOptions& options, Store* store) {
  auto checkpointer = Checkpointer::Open(options, store);
  RECBOTS_CHECK_OK(checkpointer.status());
  return *std::move(checkpointer);
}

class RestoreTest : public testing::Test {
 protected:
  // Writes the store's newest state.
  void Write(Store* store) {
    const auto checkpointer = MustOpen(OnRequest(directory_.path()), store);
    const auto report = checkpointer->Checkpoint(Patience());
    ASSERT_TRUE(report.ok()) << report.status();
  }
  // Opens the directory with that store.
  absl::StatusOr<RestoreReport> Read(Store* store) {
    auto checkpointer = Checkpointer::Open(OnRequest(directory_.path()), store);
    if (!checkpointer.ok()) return checkpointer.status();
    return (*checkpointer)->restored();
  }
  void Fill(Store* store, uint32_t operations) {
    Driver driver(store);
    for (uint32_t i = 0; i < operations; ++i) driver.Do(i);
    driver.AcknowledgeAll();
  }

  TestFolder directory_;
};

TEST_F(RestoreTest, ANewDirectoryMeansANewStore) {
  const auto store = MakeTestStore(ThreeTables(1000));
  const auto report = Read(store.get());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->sequence, 0);
  EXPECT_EQ(report->rows, 0);
  EXPECT_THAT(report->differences, IsEmpty());
}

TEST_F(RestoreTest, TheSameRowsAndDrawsFromThenOn) {
  const auto store = MakeTestStore(ThreeTables(3000, /*max_times_sampled=*/2));
  Fill(store.get(), 2000);
  Write(store.get());
  const auto restored = MakeTestStore(ThreeTables(3000, 2));
  const auto report = Read(restored.get());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->sequence, 1);
  EXPECT_THAT(report->differences, IsEmpty());
  EXPECT_THAT(report->refused, IsEmpty());
  EXPECT_EQ(restored->id(), store->id());
  ExpectSameFromNowOn(*store, *restored);
}

// Told to end while it reads, it leaves what is on disk as it is, for the next one.
TEST_F(RestoreTest, StopsWhenToldAndChangesNothing) {
  const auto store = MakeTestStore(ThreeTables(3000, /*max_times_sampled=*/2));
  Fill(store.get(), 2000);
  {
    const auto checkpointer = MustOpen(OnRequest(directory_.path()), store.get());
    ASSERT_TRUE(checkpointer->Checkpoint(Patience()).ok());
    Driver(store.get()).Do(2000);
    ASSERT_TRUE(checkpointer->Checkpoint(Patience()).ok());  // The one before is not tried instead of it.
  }
  for (const int at : {1, 2, 3, 4}) {
    std::atomic<int> asked = 0;
    CheckpointerOptions options = OnRequest(directory_.path());
    options.stop = [&asked, at] { return ++asked >= at; };
    const auto stopped = MakeTestStore(ThreeTables(3000, 2));
    EXPECT_TRUE(absl::IsCancelled(Checkpointer::Open(options, stopped.get()).status())) << at;
    EXPECT_LE(asked, at + 1) << "by the other thread";
  }
  const auto restored = MakeTestStore(ThreeTables(3000, 2));
  const auto report = Read(restored.get());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->refused, IsEmpty());
  ExpectSameFromNowOn(*store, *restored);
}

TEST_F(RestoreTest, AnEmptyStoreComesBackToo) {
  const auto store = MakeTestStore(ThreeTables(1000));
  Write(store.get());
  const auto restored = MakeTestStore(ThreeTables(1000));
  const auto report = Read(restored.get());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->sequence, 1);
  EXPECT_EQ(restored->id(), store->id());
  ExpectSameFromNowOn(*store, *restored);
}

v1::ExperimentIdentity IdentityWith(const std::string& matrix_seed) {
  return MakeIdentity({{"environment.document_browsing.matrix_seed", matrix_seed}, {"transition.n_step", "1"}});
}

TEST_F(RestoreTest, ATableKeepsWhatItsRowsMeanAndWhichStreamsAreGivenAway) {
  const auto store = MakeTestStore(ThreeTables(1000));
  store->Find("best")->AdoptIdentity(IdentityWith("42"));
  store->Find("best")->RaiseStreams(4096);
  Write(store.get());
  const auto restored = MakeTestStore(ThreeTables(1000));  // Which were not told.
  const auto report = Read(restored.get());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->differences, IsEmpty());
  EXPECT_EQ(restored->Find("best")->identity().SerializeAsString(), IdentityWith("42").SerializeAsString());
  EXPECT_EQ(restored->Find("best")->state().streams_below, 4096);
  EXPECT_FALSE(Says(restored->Find("oldest")->identity()));
  EXPECT_EQ(restored->Find("oldest")->state().streams_below, 0);
}

// Two threads insert, sample, acknowledge and write priorities back while checkpoints are written. Which of their
// numbered calls came before a cut shows in its counters; another store that does just these calls must then be what
// was written, to the last draw.
TEST_F(RestoreTest, ACutAmongTwoBusyThreadsIsAMomentOfTheirs) {
  const std::vector<TableOptions> tables = ThreeTables(20000);
  const auto store = MakeTestStore(tables);
  {
    const auto checkpointer = MustOpen(OnRequest(directory_.path()), store.get());
    Mutex mu;
    Driver driver(store.get());
    uint32_t next = 0;
    std::atomic<bool> stop = false;
    const auto work = [&] {
      while (!stop) {
        MutexLock lock(&mu);
        driver.Do(next++);
      }
    };
    const Thread first("busy-1", work);
    const Thread second("busy-2", work);
    for (int i = 0; i < 4; ++i) {
      {
        MutexLock lock(&mu);
        // A store in which nothing changed is not written again.
        EXPECT_TRUE(mu.AwaitUntil([&next, until = next + 100] { return next > until; }, Patience()));
      }
      EXPECT_TRUE(checkpointer->Checkpoint(Patience()).ok());
    }
    stop = true;
  }
  const Folder folder = OpenFolder(directory_ / "shard-0");
  for (int64_t sequence = 4; sequence >= 1; --sequence) {
    const auto manifest = ReadManifest(folder, sequence);
    ASSERT_TRUE(manifest.ok()) << manifest.status();
    const auto restored = MakeTestStore(tables);
    const auto report = Read(restored.get());
    ASSERT_TRUE(report.ok()) << report.status();
    ASSERT_EQ(report->sequence, sequence);

    const auto model = MakeTestStore(tables);
    Driver driver(model.get());
    const auto reached = [&] {
      for (size_t i = 0; i < tables.size(); ++i) {
        const v1::FrozenTable& frozen = manifest->tables(static_cast<int>(i)).frozen();
        const TableState state = model->tables()[i]->state();
        if (state.inserted != frozen.inserted() || state.sampled != frozen.sampled() ||
            state.priorities_updated != frozen.priorities_updated() || state.refunded != frozen.refunded()) {
          return false;
        }
      }
      return true;
    };
    uint32_t operation = 0;
    while (!reached()) {
      driver.Do(operation++);
      ASSERT_LT(operation, 10'000'000u);
    }
    ExpectSameFromNowOn(*model, *restored);
    ASSERT_TRUE(folder.Remove(ManifestName(sequence)).ok());
  }
}

TEST_F(RestoreTest, OtherSettingsWinAndAreSaid) {
  const auto store = MakeTestStore(ThreeTables(3000));
  Fill(store.get(), 2000);
  Write(store.get());
  std::vector<TableOptions> options = ThreeTables(3000);
  options[0].capacity_rows = 500;
  const auto restored = MakeTestStore(options);
  {
    // And what was taken over is written as it is now.
    const auto checkpointer = MustOpen(OnRequest(directory_.path()), restored.get());
    const RestoreReport& report = checkpointer->restored();
    ASSERT_FALSE(report.differences.empty());
    EXPECT_THAT(report.differences[0], HasSubstr("table 'transitions'"));
    ASSERT_TRUE(checkpointer->Checkpoint(Patience()).ok());
  }
  std::vector<TestRow> newest = AllRows(*store->tables()[0]);
  newest.erase(newest.begin(), newest.end() - 500);
  EXPECT_EQ(AllRows(*restored->tables()[0]), newest);
  EXPECT_EQ(AllRows(*restored->tables()[1]), AllRows(*store->tables()[1]));

  const auto again = MakeTestStore(options);
  const auto second = Read(again.get());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(second->differences, IsEmpty());
  ExpectSameFromNowOn(*restored, *again);
}

TEST_F(RestoreTest, ATableMoreStartsEmptyAndATableLessIsRefused) {
  std::vector<TableOptions> options = ThreeTables(3000);
  const auto store = MakeTestStore({options[0], options[1]});
  Fill(store.get(), 500);
  Write(store.get());

  const auto more = MakeTestStore({options[2], options[1], options[0]});
  const auto report = Read(more.get());
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->differences, ElementsAre(HasSubstr("'best': not in the checkpoint")));
  EXPECT_EQ(AllRows(*more->tables()[2]), AllRows(*store->tables()[0]));
  EXPECT_EQ(AllRows(*more->tables()[1]), AllRows(*store->tables()[1]));
  EXPECT_EQ(more->tables()[0]->state().rows, 0);

  const auto less = MakeTestStore({options[0]});
  const auto refused = Read(less.get());
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("'oldest'"));
}

TEST_F(RestoreTest, AnotherSchemaIsRefused) {
  const auto store = MakeTestStore({ThreeTables(1000)[0]});
  Fill(store.get(), 50);
  Write(store.get());
  auto schema = RowSchema::Create({{"writer", DType::kInt64, {}}, {"reward", DType::kFloat32, {6}}});
  std::vector<std::unique_ptr<Table>> tables;
  tables.push_back(*Table::Create(*schema, ThreeTables(1000)[0]));
  const auto other = *Store::Create(std::move(tables));
  const auto refused = Read(other.get());
  EXPECT_TRUE(absl::IsFailedPrecondition(refused.status())) << refused.status();
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("sequence"));
}

TEST_F(RestoreTest, WritersMarksComeBackAndAreDurable) {
  const auto store = MakeTestStore({ThreeTables(1000)[0]});
  Table& table = *store->tables()[0];
  {
    const auto checkpointer = MustOpen(OnRequest(directory_.path()), store.get());
    Driver driver(store.get());
    for (uint32_t i = 0; i < 50; ++i) driver.Do(i);
    EXPECT_EQ(table.DurableRows(WriterOf(1)), 0);
    ASSERT_TRUE(checkpointer->Checkpoint(Patience()).ok());
  }
  const int64_t mark = *table.OpenWriter(WriterOf(1));
  ASSERT_GT(mark, 0);
  EXPECT_EQ(table.DurableRows(WriterOf(1)), mark);

  const auto restored = MakeTestStore({ThreeTables(1000)[0]});
  ASSERT_TRUE(Read(restored.get()).ok());
  EXPECT_EQ(restored->tables()[0]->DurableRows(WriterOf(1)), mark);
  EXPECT_EQ(*restored->tables()[0]->OpenWriter(WriterOf(1)), mark);
  EXPECT_EQ(*restored->tables()[0]->OpenWriter(WriterOf(77)), 0);
}

}  // namespace
}  // namespace recbots::replay
