#include "common/base/file_lock.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/base/file.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FileLockTest : public ::testing::Test {
 protected:
  const testing::TempFolder folder_;
  const std::string path_ = folder_.Path("lock");
};

// A process that holds the lock until it is killed.
class Holder {
 public:
  explicit Holder(const std::string& path) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    pid_ = fork();
    if (pid_ == 0) {
      const auto lock = FileLock::Acquire(path, "holder");
      [[maybe_unused]] const ssize_t written = write(ends[1], lock.ok() ? "y" : "n", 1);
      while (true) pause();
    }
    close(ends[1]);
    char answer = 0;
    EXPECT_EQ(read(ends[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    close(ends[0]);
  }
  ~Holder() { Kill(); }

  void Kill() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

TEST_F(FileLockTest, IsHeldByOneAndSaysByWhom) {
  EXPECT_EQ(HolderOfLock(path_), "");
  std::optional<FileLock> lock;
  {
    auto first = FileLock::Acquire(path_, "recbots test");
    ASSERT_TRUE(first.ok()) << first.status();
    lock.emplace(*std::move(first));
  }
  EXPECT_TRUE(IsLocked(path_));
  EXPECT_FALSE(IsLocked(path_ + "-of-nobody"));
  const absl::Status second = FileLock::Acquire(path_, "another").status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()),
              StartsWith(absl::StrCat("'", path_, "' is held by recbots test (process ", getpid(), " on ")));
  EXPECT_THAT(HolderOfLock(path_), AllOf(StartsWith("recbots test (process "), HasSubstr(", since 2")));
  lock.reset();
  EXPECT_EQ(HolderOfLock(path_), "");
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_TRUE(FileLock::Acquire(path_, "another").ok());
}

TEST_F(FileLockTest, GoesWithTheProcessThatHeldIt) {
  Holder holder(path_);
  EXPECT_THAT(HolderOfLock(path_), StartsWith(absl::StrCat("holder (process ", holder.pid(), " on ")));
  EXPECT_EQ(FileLock::Acquire(path_, "test").status().code(), absl::StatusCode::kFailedPrecondition);
  holder.Kill();
  // What it wrote into the file still stands there.
  EXPECT_TRUE(std::filesystem::exists(path_));
  EXPECT_EQ(HolderOfLock(path_), "");
  EXPECT_TRUE(FileLock::Acquire(path_, "test").ok());
}

// A launcher's lock, handed on to what it started.
TEST_F(FileLockTest, StaysWhileAnyProcessHasItsDescriptor) {
  std::optional<FileLock> lock;
  {
    auto acquired = FileLock::Acquire(path_, "launcher");
    ASSERT_TRUE(acquired.ok()) << acquired.status();
    lock.emplace(*std::move(acquired));
  }
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    char end = 0;
    close(ends[1]);
    [[maybe_unused]] const ssize_t got = read(ends[0], &end, 1);
    _exit(0);
  }
  close(ends[0]);
  std::filesystem::rename(path_, folder_.Path("moved"));  // So that the file stays, as after a kill.
  lock.reset();
  std::filesystem::rename(folder_.Path("moved"), path_);
  EXPECT_THAT(HolderOfLock(path_), StartsWith("launcher"));
  close(ends[1]);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_EQ(HolderOfLock(path_), "");
}

TEST_F(FileLockTest, AFileThatWasRemovedIsNoLock) {
  const auto first = FileLock::Acquire(path_, "first");
  ASSERT_TRUE(first.ok()) << first.status();
  std::filesystem::remove(path_);
  const auto second = FileLock::Acquire(path_, "second");
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(HolderOfLock(path_), StartsWith("second"));
}

TEST_F(FileLockTest, SaysWhyTheFileCannotBeMade) {
  EXPECT_EQ(FileLock::Acquire(folder_.Path("no/lock"), "test").status().code(), absl::StatusCode::kNotFound);
  std::filesystem::create_directory(path_);
  EXPECT_EQ(FileLock::Acquire(path_, "test").status().message(),
            absl::StrCat("cannot write '", path_, "': Is a directory"));
}

TEST_F(FileLockTest, ALockedFileKeepsItsContent) {
  ASSERT_TRUE(WriteFile(path_, "content").ok());
  const auto file = OpenLocked(path_, O_WRONLY);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(*ReadFile(path_), "content");
  EXPECT_EQ(OpenLocked(path_, O_WRONLY).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace recbots
