// Every call that changes the disk fails once, alone and together with all that follow.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "replay/checkpoint/checkpoint_directory.h"
#include "replay/checkpoint/checkpoint_writer.h"
#include "replay/checkpoint/restore.h"
#include "tests/replay/checkpoint/test_folder.h"
#include "tests/replay/checkpoint/test_store.h"

namespace recbots::replay {
namespace {

class WriteFaultsTest : public testing::TestWithParam<std::tuple<int, bool>> {
 protected:
  static constexpr int64_t kRows = 50'000;  // One segment, written in two pieces.

  void Insert(int64_t rows) {
    const std::vector<TestRow> made = MakeRows(0, next_, rows);
    ASSERT_EQ(store_->tables()[0]->Append(Bytes(made), rows), rows);
    next_ += rows;
  }
  // The rows of the checkpoint that a new server would find.
  std::vector<TestRow> Found() {
    const auto store = MakeTestStore(tables_);
    const auto restored = RestoreNewest(folder_, *store);
    EXPECT_TRUE(restored.ok()) << restored.status();
    return AllRows(*store->tables()[0]);
  }

  TestFolder directory_;
  Folder folder_ = OpenFolder(directory_.path());
  const std::vector<TableOptions> tables_ = {{.capacity_rows = kRows}};
  const std::unique_ptr<Store> store_ = MakeTestStore(tables_);
  CheckpointWriter writer_{&folder_, store_.get(), {.keep = 1, .pace = [](int64_t) { return true; }}, {}, 0, {}};
  int64_t next_ = 0;
};

TEST_P(WriteFaultsTest, TheLastCheckpointStaysAndTheNextOneWorks) {
  const auto [error, all_that_follow] = GetParam();
  Insert(kRows);
  ASSERT_TRUE(writer_.Write().ok());
  bool reached_the_end = false;
  for (int fail_at = 0; !reached_the_end; ++fail_at) {
    SCOPED_TRACE(fail_at);
    const std::vector<TestRow> before = Found();
    Insert(1000);
    int calls = 0;
    bool committed = false;
    folder_.SetFaults([&, error = error, on = all_that_follow](absl::string_view operation) {
      const int call = calls++;
      if (call < fail_at || (call > fail_at && !on)) {
        committed = committed || operation == "sync names";
        return 0;
      }
      return error;
    });
    const auto report = writer_.Write();
    folder_.SetFaults(nullptr);
    const std::vector<TestRow> now = AllRows(*store_->tables()[0]);
    if (report.ok()) {
      // Only deletions came after it.
      EXPECT_TRUE(committed);
      EXPECT_EQ(Found(), now);
      reached_the_end = calls <= fail_at;
      continue;
    }
    EXPECT_EQ(report.status().code(),
              error == EIO ? absl::StatusCode::kUnavailable : absl::StatusCode::kResourceExhausted);
    // What failed left nothing, or, where it could not take its manifest back, a whole checkpoint.
    const std::vector<TestRow> found = Found();
    EXPECT_TRUE(found == before || found == now);
    const auto next = writer_.Write();
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_EQ(Found(), now);
    EXPECT_EQ(FilesIn(directory_.path()).size(), 3u);  // One checkpoint: manifest, arrays, a segment.
  }
}

INSTANTIATE_TEST_SUITE_P(Errors, WriteFaultsTest,
                         testing::Values(std::make_tuple(EIO, false), std::make_tuple(ENOSPC, true)));

TEST_F(WriteFaultsTest, GivingUpLeavesNothing) {
  Insert(kRows);
  ASSERT_TRUE(writer_.Write().ok());
  const auto files = FilesIn(directory_.path());
  Insert(1000);
  for (int give_up_at = 0; give_up_at < 100; ++give_up_at) {
    int calls = 0;
    CheckpointWriter writer(&folder_, store_.get(), {.keep = 1, .pace = [&](int64_t) { return calls++ < give_up_at; }},
                            *ReadManifest(folder_, 1), 1, {});
    const auto report = writer.Write();
    if (report.ok()) return;
    EXPECT_TRUE(absl::IsCancelled(report.status()));
    EXPECT_EQ(FilesIn(directory_.path()), files);
  }
  FAIL() << "never written";
}

}  // namespace
}  // namespace recbots::replay
