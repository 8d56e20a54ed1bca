#include "replay/checkpoint/checkpointer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <csignal>
#include <set>

#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "tests/replay/checkpoint/test_folder.h"
#include "tests/replay/checkpoint/test_store.h"

namespace recbots::replay {
namespace {

using testing::HasSubstr;

Instant Patience() { return Instant::Now() + absl::Seconds(60); }

class CheckpointerTest : public testing::Test {
 protected:
  CheckpointerTest() {
    options_.directory = directory_.path();
    options_.interval = absl::ZeroDuration();
    options_.write_bytes_per_second = 0;
  }
  void Open() {
    auto checkpointer = Checkpointer::Open(options_, store_.get());
    ASSERT_TRUE(checkpointer.ok()) << checkpointer.status();
    checkpointer_ = *std::move(checkpointer);
  }
  // Rows of 32 bytes: 131,072 of them fill a segment.
  void Insert(int64_t rows) {
    const std::vector<TestRow> made = MakeRows(0, next_, rows);
    ASSERT_EQ(table().Append(Bytes(made), rows), rows);
    next_ += rows;
  }
  Table& table() { return *store_->tables()[0]; }
  CheckpointReport MustCheckpoint() {
    const auto report = checkpointer_->Checkpoint(Patience());
    EXPECT_TRUE(report.ok()) << report.status();
    return report.value_or(CheckpointReport{});
  }
  std::set<std::string> Names() {
    std::set<std::string> names;
    for (const auto& [name, content] : FilesIn(directory_ / "shard-0")) names.insert(name);
    return names;
  }
  // A new store out of the directory.
  std::unique_ptr<Store> Restore(int64_t sequence) {
    checkpointer_.reset();
    auto store = MakeTestStore(tables_);
    const auto checkpointer = Checkpointer::Open(options_, store.get());
    EXPECT_TRUE(checkpointer.ok()) << checkpointer.status();
    if (!checkpointer.ok()) return store;
    EXPECT_EQ((*checkpointer)->restored().sequence, sequence);
    return store;
  }

  static constexpr int64_t kSegmentRows = Slab::kSegmentBytes / static_cast<int64_t>(sizeof(TestRow));

  TestFolder directory_;
  CheckpointerOptions options_;
  std::vector<TableOptions> tables_ = {{.capacity_rows = 8 * kSegmentRows}};
  std::unique_ptr<Store> store_ = MakeTestStore(tables_);
  std::unique_ptr<Checkpointer> checkpointer_;
  int64_t next_ = 0;
};

TEST_F(CheckpointerTest, UnchangedSegmentsAreNotWrittenAgain) {
  Open();
  Insert(6 * kSegmentRows);
  const CheckpointReport first = MustCheckpoint();
  EXPECT_EQ(first.sequence, 1);
  EXPECT_GT(first.bytes_written, 6 * Slab::kSegmentBytes);
  Insert(kSegmentRows / 2);
  const CheckpointReport second = MustCheckpoint();
  EXPECT_EQ(second.sequence, 2);
  // Half a segment, and the bookkeeping.
  const int64_t bookkeeping = first.bytes_written - 6 * Slab::kSegmentBytes;
  EXPECT_LT(second.bytes_written, Slab::kSegmentBytes / 2 + 2 * bookkeeping);
  Insert(10);
  EXPECT_LT(MustCheckpoint().bytes_written, Slab::kSegmentBytes + 2 * bookkeeping);
  EXPECT_EQ(AllRows(*Restore(3)->tables()[0]), AllRows(table()));
}

TEST_F(CheckpointerTest, NothingIsWrittenWhenNothingChanged) {
  Open();
  Insert(100);
  EXPECT_EQ(MustCheckpoint().sequence, 1);
  const std::set<std::string> names = Names();
  const CheckpointReport report = MustCheckpoint();
  EXPECT_EQ(report.sequence, 1);
  EXPECT_EQ(report.bytes_written, 0);
  EXPECT_EQ(Names(), names);
  Insert(1);
  EXPECT_GT(MustCheckpoint().bytes_written, 0);
}

TEST_F(CheckpointerTest, SegmentsAreNotWrittenAgainAfterARestart) {
  Open();
  Insert(3 * kSegmentRows);
  MustCheckpoint();
  checkpointer_.reset();
  store_ = MakeTestStore(tables_);
  Open();
  EXPECT_EQ(checkpointer_->restored().rows, 3 * kSegmentRows);
  EXPECT_EQ(MustCheckpoint().bytes_written, 0);
  Insert(1);
  const CheckpointReport report = MustCheckpoint();
  EXPECT_LT(report.bytes_written, 3 * Slab::kSegmentBytes);  // Bookkeeping and a row.
  const auto restored = Restore(report.sequence);
  EXPECT_EQ(AllRows(*restored->tables()[0]), AllRows(table()));
}

TEST_F(CheckpointerTest, RestoresTheOneThatIsAskedFor) {
  Open();
  std::vector<std::vector<TestRow>> rows = {AllRows(table())};
  for (int i = 1; i <= 3; ++i) {
    Insert(10);
    ASSERT_EQ(MustCheckpoint().sequence, i);
    rows.push_back(AllRows(table()));
  }
  options_.restore = 2;
  EXPECT_EQ(AllRows(*Restore(2)->tables()[0]), rows[2]);
  options_.restore = 0;
  EXPECT_EQ(AllRows(*Restore(0)->tables()[0]), rows[0]);
  // What comes next has a number of its own, and is the newest from then on.
  options_.restore = 2;
  store_ = MakeTestStore(tables_);
  Open();
  Insert(1);
  EXPECT_EQ(MustCheckpoint().sequence, 4);
  options_.restore = std::nullopt;
  EXPECT_EQ(AllRows(*Restore(4)->tables()[0]), AllRows(table()));
  options_.restore = 9;
  auto store = MakeTestStore(tables_);
  const absl::Status missing = Checkpointer::Open(options_, store.get()).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("checkpoint 9 is missing"));
}

TEST_F(CheckpointerTest, KeepsAsManyAsAskedFor) {
  options_.keep = 2;
  Open();
  for (int i = 0; i < 5; ++i) {
    Insert(100);
    MustCheckpoint();
  }
  const std::set<std::string> names = Names();
  EXPECT_TRUE(names.contains("manifest-000000000005") && names.contains("manifest-000000000004"));
  EXPECT_FALSE(names.contains("manifest-000000000003"));
  EXPECT_EQ(names.size(), 2u * 3 + 1);  // Manifest, arrays and one segment each; the lock.
}

TEST_F(CheckpointerTest, CoversWhatWasThereWhenTheCallBegan) {
  Open();
  std::atomic<bool> stop = false;
  std::atomic<int> calls = 0;
  const auto ask = [&] {
    while (!stop) {
      checkpointer_->Request();
      ++calls;
    }
  };
  const Thread other("asks", ask);
  for (int i = 0; i < 20; ++i) {
    Insert(10);
    MustCheckpoint();
    EXPECT_EQ(table().DurableRows({}), 0);
    // The newest manifest holds all rows: the store's own would show what came later as well.
    const auto copy = MakeTestStore(tables_);
    TestFolder copied;
    std::filesystem::copy(directory_ / "shard-0", copied / "shard-0", std::filesystem::copy_options::recursive);
    const auto reader = Checkpointer::Open({.directory = copied.path(), .interval = absl::ZeroDuration()}, copy.get());
    ASSERT_TRUE(reader.ok()) << reader.status();
    ASSERT_EQ((*reader)->restored().rows, next_);
  }
  stop = true;
}

TEST_F(CheckpointerTest, RequestsThatComeMeanwhileAreOne) {
  Mutex mu;
  bool go_on = false;
  int finished = 0;
  Open();
  Insert(10);
  checkpointer_->SetListener([&](const absl::Status& status) {
    EXPECT_TRUE(status.ok());
    MutexLock lock(&mu);
    ++finished;
    mu.AwaitUntil([&] { return go_on; }, Patience());
  });
  checkpointer_->Request();
  {
    MutexLock lock(&mu);
    ASSERT_TRUE(mu.AwaitUntil([&] { return finished == 1; }, Patience()));
    for (int i = 0; i < 100; ++i) checkpointer_->Request();
    go_on = true;
  }
  MustCheckpoint();
  // The hundred were at most one; the last one is the call that waited.
  EXPECT_LE(checkpointer_->stats().finished, 3);
  checkpointer_->SetListener(nullptr);
}

TEST_F(CheckpointerTest, TheIntervalMakesCheckpointsByItself) {
  options_.interval = absl::Milliseconds(1);
  Open();
  Insert(10);
  Mutex mu;
  int64_t sequence = 0;
  checkpointer_->SetListener([&](const absl::Status&) {
    const CheckpointerStats stats = checkpointer_->stats();
    MutexLock lock(&mu);
    sequence = stats.sequence;
  });
  for (int64_t want = 1; want <= 3; ++want) {
    MutexLock lock(&mu);
    ASSERT_TRUE(mu.AwaitUntil([&] { return sequence >= want; }, Patience()));
    Insert(1);
  }
  checkpointer_->SetListener(nullptr);
}

TEST_F(CheckpointerTest, ADeadlineEndsTheWaitAndNotTheCheckpoint) {
  Open();
  Insert(2 * kSegmentRows);
  const auto late = checkpointer_->Checkpoint(Instant::InfinitePast());
  EXPECT_TRUE(absl::IsDeadlineExceeded(late.status())) << late.status();
  MustCheckpoint();
  EXPECT_GE(checkpointer_->stats().sequence, 1);
}

TEST_F(CheckpointerTest, ThePaceHoldsUntilSomebodyWaits) {
  // At this pace 8 MiB take a month; the test ends because somebody waits.
  options_.write_bytes_per_second = 3;
  options_.interval = absl::Milliseconds(1);
  Insert(2 * kSegmentRows);
  Open();
  EXPECT_GE(MustCheckpoint().sequence, 1);
  EXPECT_EQ(AllRows(*Restore(checkpointer_->stats().sequence)->tables()[0]).size(), 2u * kSegmentRows);
}

TEST_F(CheckpointerTest, StopsSoonWhileItKeepsThePace) {
  options_.write_bytes_per_second = 3;
  options_.interval = absl::Milliseconds(1);
  Insert(2 * kSegmentRows);
  Open();
  const auto writing = [&] {
    for (const std::string& name : Names()) {
      if (name.rfind("segment", 0) == 0) return true;
    }
    return false;
  };
  for (const Instant deadline = Patience(); !writing() && Instant::Now() < deadline;) {
  }
  ASSERT_TRUE(writing());
  checkpointer_.reset();  // The timeout of the test is its bound.
  EXPECT_EQ(Names(), std::set<std::string>{"lock"});
}

TEST_F(CheckpointerTest, InsertsThatNeedItsMemoryHurryIt) {
  options_.write_bytes_per_second = 3;
  options_.interval = absl::Milliseconds(1);
  options_.copy_bytes = Slab::kSegmentBytes;
  Insert(8 * kSegmentRows);  // Full: from now on every insert overwrites.
  Open();
  const std::vector<TestRow> rows = MakeRows(1, 0, 1024);
  const Instant deadline = Patience();
  for (int64_t written = 0; written < 16 * kSegmentRows;) {
    written += table().Append(Bytes(rows), 1024);
    ASSERT_LT(Instant::Now(), deadline);
  }
}

TEST_F(CheckpointerTest, SettingsOutOfRangeAreRefused) {
  options_.keep = 0;
  EXPECT_TRUE(absl::IsInvalidArgument(Checkpointer::Open(options_, store_.get()).status()));
}

// Files of more than a megabyte fail with EFBIG, as they would with ENOSPC on a full disk.
TEST_F(CheckpointerTest, AFullDiskCostsNothingThatWasWritten) {
  Open();
  Insert(100);
  MustCheckpoint();
  const std::set<std::string> names = Names();
  Insert(2 * kSegmentRows);

  struct Limit {
    Limit() {
      signal(SIGXFSZ, SIG_IGN);
      getrlimit(RLIMIT_FSIZE, &before);
      const rlimit low = {.rlim_cur = 1 << 20, .rlim_max = before.rlim_max};
      setrlimit(RLIMIT_FSIZE, &low);
    }
    ~Limit() { setrlimit(RLIMIT_FSIZE, &before); }
    rlimit before = {};
  };
  {
    const Limit limit;
    absl::Status heard;
    checkpointer_->SetListener([&](const absl::Status& status) { heard = status; });
    const auto report = checkpointer_->Checkpoint(Patience());
    checkpointer_->SetListener(nullptr);
    EXPECT_TRUE(absl::IsResourceExhausted(report.status())) << report.status();
    EXPECT_THAT(std::string(report.status().message()), HasSubstr("segment-000-00000000"));
    EXPECT_EQ(heard, report.status());
    EXPECT_EQ(checkpointer_->stats().failed, 1);
    EXPECT_EQ(checkpointer_->stats().last_error, report.status());
    EXPECT_EQ(checkpointer_->stats().sequence, 1);
    EXPECT_EQ(Names(), names);
    Insert(10);  // Service goes on.
  }
  const CheckpointReport report = MustCheckpoint();
  EXPECT_GT(report.bytes_written, 2 * Slab::kSegmentBytes);
  EXPECT_TRUE(checkpointer_->stats().last_error.ok());
  EXPECT_EQ(AllRows(*Restore(report.sequence)->tables()[0]), AllRows(table()));
}

TEST_F(CheckpointerTest, ARequestThatFailedIsTriedAgainByItself) {
  Open();
  Insert(100);
  // The name that the first attempt wants for its manifest is taken.
  std::filesystem::create_directory(directory_ / "shard-0/manifest-000000000001.partial");
  Mutex mu;
  std::vector<absl::Status> heard;
  checkpointer_->SetListener([&](const absl::Status& status) {
    MutexLock lock(&mu);
    heard.push_back(status);
  });
  checkpointer_->Request();
  {
    MutexLock lock(&mu);
    ASSERT_TRUE(mu.AwaitUntil([&] { return heard.size() == 2; }, Patience()));
  }
  checkpointer_->SetListener(nullptr);
  EXPECT_TRUE(absl::IsUnavailable(heard[0])) << heard[0];
  EXPECT_TRUE(heard[1].ok()) << heard[1];
}

}  // namespace
}  // namespace recbots::replay
