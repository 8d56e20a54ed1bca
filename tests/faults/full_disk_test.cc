// A disk without room: the service goes on, says so, keeps its last checkpoint, and recovers.
#include <errno.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "absl/strings/str_cat.h"
#include "common/base/instant.h"
#include "common/base/log.h"
#include "tests/faults/fault_test.h"

namespace recbots::faults {
namespace {

class FullDiskTest : public FaultTest {
 protected:
  void SetUp() override {
    disk_ = dir() + "/disk";
    ballast_ = disk_ + "/ballast";
    std::filesystem::create_directories(disk_);
    if (geteuid() != 0) GTEST_SKIP() << "only root can mount a small tmpfs";
    // In a mount namespace of its own the tmpfs goes with its processes, however they end.
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("tmpfs", disk_.c_str(), "tmpfs", 0, "size=8m") != 0) {
      GTEST_SKIP() << "cannot mount a small tmpfs: " << strerror(errno);
    }
    mounted_ = true;
  }
  ~FullDiskTest() override {
    if (mounted_) umount2(disk_.c_str(), MNT_DETACH);
  }

  // Takes all the room there is.
  void Fill() {
    FILE* ballast = fopen(ballast_.c_str(), "ab");
    RECBOTS_CHECK(ballast != nullptr) << ballast_;
    setbuf(ballast, nullptr);
    const std::string page(4096, 'x');
    while (fwrite(page.data(), 1, page.size(), ballast) == page.size()) {
    }
    fclose(ballast);
  }
  void MakeRoom() { std::filesystem::remove(ballast_); }

  std::string disk_;
  std::string ballast_;
  bool mounted_ = false;
};

TEST_F(FullDiskTest, TheServiceGoesOnAndRecovers) {
  Server& server = StartServer({.replay_config = absl::StrCat("table ", QueueTable("queue", 20'000), "more_tables ",
                                                              PrioritizedTable("prioritized", 10'000, 100),
                                                              "checkpoint { interval_seconds: 0.1 keep: 1 }"),
                                .checkpoint_dir = disk_ + "/checkpoints"});
  LedgerWriter& durable = StartWriter(
      {.address = server.address(), .table = "queue", .writer = 1, .rows_per_second = 1000, .durable = true});
  LedgerWriter& ordinary = StartWriter(
      {.address = server.address(), .table = "prioritized", .writer = 11, .rows_per_second = 4000, .priorities = true});
  LedgerReader& learner = StartReader({.address = server.address(), .table = "prioritized", .prioritized = true});
  const auto error = [&server] {
    const auto info = server.Info();
    return info.ok() ? info->checkpoint_error() : "";
  };
  const int rounds = Rounds(2);
  for (int round = 0; round < rounds; ++round) {
    const int64_t durable_before = durable.durable();
    ASSERT_TRUE(Await("durable rows", [&] { return durable.durable() >= durable_before + 500; }));
    // A checkpoint that fails gives its room back: fill that as well.
    ASSERT_TRUE(Await("error of the checkpoint", [&] {
      Fill();
      return !error().empty();
    }));
    const int64_t rows = ordinary.acknowledged() + 5000;
    const int64_t batches = learner.page().batches + 100;
    ASSERT_TRUE(Await("rows and batches while the disk is full", [&] {
      Fill();
      return ordinary.acknowledged() >= rows && learner.page().batches >= batches;
    }));
    EXPECT_NE(error(), "");
    if (round == 0) std::cout << "says: " << error() << std::endl;
    if (round % 2 == 1) {  // What is on the full disk is still a checkpoint.
      const int64_t durable_rows = durable.durable();
      server.Kill();
      server.Start();
      ASSERT_TRUE(AwaitServing(server));
      EXPECT_GE(server.Table("queue").state().inserted(), durable_rows);
    }
    const auto full = server.Info();
    ASSERT_TRUE(full.ok()) << full.status();
    MakeRoom();
    ASSERT_TRUE(Await("checkpoint once there is room", [&] {
      const auto info = server.Info();
      return info.ok() && info->checkpoint_error().empty() && info->checkpoint_sequence() > full->checkpoint_sequence();
    }));
  }
  ASSERT_TRUE(Finish({&durable, &ordinary, &learner}));
  EXPECT_EQ(learner.page().bad_rows, 0);
  Audit audit;
  audit.AddWriter(durable.page());
  ASSERT_TRUE(Drain(server, "queue", audit));
  EXPECT_TRUE(audit.NothingStrangeOrDoubled());
  EXPECT_TRUE(audit.HoldsAll(durable.page()));
  EXPECT_TRUE(Finish({&server.program()}));
}

// The end of a server whose last checkpoint cannot be written is no crash, and nothing durable goes with it.
TEST_F(FullDiskTest, SigtermWithAFullDiskKeepsTheLastCheckpoint) {
  Server& server = StartServer({.replay_config = absl::StrCat("table ", QueueTable("queue", 20'000),
                                                              "checkpoint { interval_seconds: 0 keep: 1 }"),
                                .checkpoint_dir = disk_ + "/checkpoints"});
  LedgerWriter& writer = StartWriter({.address = server.address(), .table = "queue", .rows = 2000, .durable = true});
  ASSERT_TRUE(AwaitEnd(writer));
  LedgerWriter& late = StartWriter({.address = server.address(), .table = "queue", .writer = 2, .rows = 2000});
  ASSERT_TRUE(AwaitEnd(late));
  Fill();
  server.program().Terminate();
  ASSERT_TRUE(server.program().process().AwaitEnd(Instant::Now() + kPatience)) << "hangs";
  EXPECT_EQ(server.program().process().exit_code(), 1) << "rows are lost that were acknowledged, and it says so";
  MakeRoom();
  server.Start();
  ASSERT_TRUE(AwaitServing(server));
  Audit audit;
  audit.AddWriter(writer.page());
  audit.AddWriter(late.page());
  ASSERT_TRUE(Drain(server, "queue", audit));
  EXPECT_TRUE(audit.NothingStrangeOrDoubled());
  EXPECT_TRUE(audit.HoldsAll(writer.page()));
}

}  // namespace
}  // namespace recbots::faults
