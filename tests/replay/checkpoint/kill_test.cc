// A program that writes checkpoints without end is killed at random moments; what it left must be a whole cut each
// time, never an older one than before, and nothing half-written may pile up.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "absl/time/clock.h"
#include "common/base/random.h"
#include "replay/checkpoint/checkpointer.h"
#include "tests/replay/checkpoint/kill_store.h"
#include "tests/replay/checkpoint/test_folder.h"

extern char** environ;

namespace recbots::replay {
namespace {

// Says a line when it begins, and one after each checkpoint.
class Victim {
 public:
  explicit Victim(const std::string& directory) {
    int ends[2];
    RECBOTS_CHECK(pipe2(ends, O_CLOEXEC) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    std::string program = RECBOTS_ENDLESS_CHECKPOINTS;
    std::string argument = directory;
    char* const arguments[] = {program.data(), argument.data(), nullptr};
    RECBOTS_CHECK(posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments, environ) == 0) << program;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    says_ = FileDescriptor(ends[0]);
  }

  // Waits for `lines` lines; false if the program ended before.
  bool AwaitLines(uint32_t lines) {
    while (lines > 0) {
      char byte = 0;
      if (read(says_.get(), &byte, 1) != 1) return false;
      if (byte == '\n') --lines;
    }
    return true;
  }
  // How it ended: the signal, or 0 when it ended by itself.
  int Kill() {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

 private:
  pid_t pid_ = 0;
  FileDescriptor says_;
};

TEST(KillTest, EveryDeathLeavesAWholeCut) {
  constexpr int kDeaths = 52;
  const TestFolder directory;
  Rng rng(29, Purpose::kTest, {});
  int64_t last_mark = 0;
  int64_t last_sequence = 0;
  for (int death = 0; death < kDeaths; ++death) {
    SCOPED_TRACE(death);
    Victim victim(directory.path());
    const uint32_t checkpoints = rng.Index(3);
    ASSERT_TRUE(victim.AwaitLines(1 + checkpoints));
    // Where in the next one it dies is the one thing that time decides here; what must hold does not depend on it.
    absl::SleepFor(absl::Microseconds(rng.Index(40'000)));
    ASSERT_EQ(victim.Kill(), SIGKILL);

    const auto store = MakeTestStore(KillTables());
    const auto checkpointer =
        Checkpointer::Open({.directory = directory.path(), .interval = absl::ZeroDuration(), .keep = 2}, store.get());
    ASSERT_TRUE(checkpointer.ok()) << checkpointer.status();
    const RestoreReport& report = (*checkpointer)->restored();
    EXPECT_TRUE(report.refused.empty()) << report.refused.front();
    EXPECT_TRUE(report.differences.empty()) << report.differences.front();
    const int64_t mark = CheckKillStore(*store, kRowsAtOnce);
    EXPECT_GE(mark, last_mark + checkpoints * kRowsBetween);
    EXPECT_GE(report.sequence, last_sequence + checkpoints);
    last_mark = mark;
    last_sequence = report.sequence;
    // At most two checkpoints: two manifests, four arrays, two segments and one more of the first table that changed
    // between them, one segment each of the second, the lock.
    EXPECT_LE(FilesIn(directory / "shard-0").size(), 2u + 4 + 4 + 2 + 1);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(last_mark, KillTables()[0].capacity_rows);
}

}  // namespace
}  // namespace recbots::replay
