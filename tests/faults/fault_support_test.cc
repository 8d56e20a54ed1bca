// The tools of the fault tests: a checker that misses a doubled row would let everything pass.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>

#include "common/base/instant.h"
#include "tests/faults/audit.h"
#include "tests/faults/cutting_proxy.h"
#include "tests/faults/directory_watch.h"
#include "tests/faults/ledger_row.h"
#include "tests/faults/process.h"
#include "tests/faults/programs.h"

namespace recbots::faults {
namespace {

using ::testing::HasSubstr;

constexpr absl::Duration kPatience = absl::Seconds(30);

TEST(LedgerRowTest, AnyChangedBitIsSeen) {
  const LedgerRow row = MakeLedgerRow(3, 1, 1'000'000'007);
  EXPECT_TRUE(IsWhole(row));
  for (size_t bit = 0; bit < 8 * sizeof(row); ++bit) {
    LedgerRow changed = row;
    reinterpret_cast<unsigned char*>(&changed)[bit / 8] ^= static_cast<unsigned char>(1u << bit % 8);
    ASSERT_FALSE(IsWhole(changed)) << "bit " << bit;
  }
}

class ToolsTest : public ::testing::Test {
 protected:
  ToolsTest() : dir_(::testing::TempDir() + "/fault_tools_" + std::to_string(getpid())) {
    std::filesystem::create_directories(dir_);
  }
  ~ToolsTest() override { std::filesystem::remove_all(dir_); }

  Process Start(const std::string& script) {
    auto process = Process::Start("child", {"/bin/sh", "-c", script}, dir_ + "/log");
    EXPECT_TRUE(process.ok()) << process.status();
    return *std::move(process);
  }

  const std::string dir_;
};

// A writer's page and readers', filled by hand.
class AuditTest : public ToolsTest {
 protected:
  AuditTest() : writer_(std::make_unique<WriterPage>()) {
    writer_->writer = 7;
    writer_->attempted = 20;
    writer_->appended = 16;
    audit_.AddWriter(*writer_);
  }
  // Two rows a batch.
  ReaderPage& NewReader(const std::vector<int64_t>& sequences) {
    auto file = OpenReaderPage(dir_ + "/reader-" + std::to_string(readers_.size()));
    EXPECT_TRUE(file.ok()) << file.status();
    readers_.push_back(*std::move(file));
    auto& page = *readers_.back().as<ReaderPage>();
    for (const int64_t sequence : sequences) {
      const int64_t row = page.rows;
      page.sightings[row] = {7, 0, sequence, row / 2};
      page.rows = row + 1;
      page.batches = row / 2 + 1;
    }
    return page;
  }

  std::unique_ptr<WriterPage> writer_;
  std::vector<SharedFile> readers_;
  Audit audit_;
};

TEST_F(AuditTest, AcceptsWhatIsAllThereOnce) {
  audit_.AddReader("reader", NewReader({0, 1, 2, 3, 4, 5, 6, 7, 9, 8, 10, 11, 12, 13, 14, 15}));
  EXPECT_TRUE(audit_.NothingStrangeOrDoubled());
  EXPECT_TRUE(audit_.HoldsAll(*writer_));
  EXPECT_TRUE(audit_.HoldsAPrefix(*writer_, 16));
  EXPECT_TRUE(audit_.LossIsCounted(*writer_));
  EXPECT_FALSE(audit_.HoldsAPrefix(*writer_, 17));
}

TEST_F(AuditTest, SeesAMissingRow) {
  audit_.AddReader("reader", NewReader({0, 1, 3}));
  EXPECT_FALSE(audit_.HoldsAPrefix(*writer_, 0));
  EXPECT_THAT(audit_.HoldsAll(*writer_).message(), HasSubstr("the first row missing is 2"));
}

TEST_F(AuditTest, SeesALossThatNobodyCounted) {
  audit_.AddReader("reader", NewReader({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  writer_->lost = 5;
  EXPECT_THAT(audit_.LossIsCounted(*writer_).message(), HasSubstr("6 rows are missing"));
  writer_->lost = 6;
  EXPECT_TRUE(audit_.LossIsCounted(*writer_));
}

TEST_F(AuditTest, SeesADoubledRowAndOneThatNobodyWrote) {
  audit_.AddReader("reader", NewReader({0, 1, 0, 20}));
  const auto result = audit_.NothingStrangeOrDoubled();
  EXPECT_THAT(result.message(), HasSubstr("2 rows are wrong"));
  EXPECT_THAT(result.message(), HasSubstr("row 7.0/0 came again: batch 0 of reader, then batch 1 of reader"));
  EXPECT_THAT(result.message(), HasSubstr("row 7.0/20: nobody wrote it"));
}

TEST_F(AuditTest, LetsOnlyUnsureBatchesComeAgain) {
  audit_.AddReader("killed", NewReader({0, 1, 2, 3, 4, 5}), /*unsure_batches=*/2);
  audit_.AddReader("second", NewReader({2, 4, 5, 6}));
  EXPECT_TRUE(audit_.NothingStrangeOrDoubled());
  EXPECT_EQ(audit_.redelivered(), 3);
  audit_.AddReader("third", NewReader({1, 4}));
  EXPECT_THAT(audit_.NothingStrangeOrDoubled().message(), HasSubstr("2 rows are wrong"));
}

TEST_F(AuditTest, PassesOnWhatReadersComplainOf) {
  ReaderPage& page = NewReader({});
  page.bad_rows = 3;
  audit_.AddReader("reader", page);
  EXPECT_THAT(audit_.NothingStrangeOrDoubled().message(), HasSubstr("3 rows are not whole"));
}

TEST_F(ToolsTest, ProcessTellsItsEnd) {
  Process process = Start("echo gone; exit 3");
  EXPECT_TRUE(process.AwaitEnd(Instant::Now() + kPatience));
  EXPECT_EQ(process.exit_code(), 3);
  EXPECT_EQ(process.LogTail(), "gone\n");
}

TEST_F(ToolsTest, ProcessIsKilledEvenWhenItIsStopped) {
  Process process = Start("exec sleep 600");
  EXPECT_GT(process.ResidentBytes(), 0);
  process.Signal(SIGSTOP);
  EXPECT_FALSE(process.AwaitEnd(Instant::Now()));
  process.Kill();
  EXPECT_FALSE(process.Running());
  EXPECT_EQ(process.exit_code(), 128 + SIGKILL);
}

TEST_F(ToolsTest, SharedFileOutlivesAKill) {
  const std::string path = dir_ + "/shared";
  const pid_t child = fork();
  if (child == 0) {
    const auto file = SharedFile::Open(path, 4096);
    if (file.ok()) file->as<std::atomic<int64_t>>()->store(42);
    kill(getpid(), SIGKILL);
  }
  const auto file = SharedFile::Open(path, 4096);
  ASSERT_TRUE(file.ok()) << file.status();
  const Instant deadline = Instant::Now() + kPatience;
  while (file->as<std::atomic<int64_t>>()->load() != 42) ASSERT_LT(Instant::Now(), deadline);
  waitpid(child, nullptr, 0);
}

TEST_F(ToolsTest, WatchSeesFilesMadeAndRenamed) {
  auto watch = DirectoryWatch::Open(dir_);
  ASSERT_TRUE(watch.ok()) << watch.status();
  const auto is = [](const char* name) { return [name](absl::string_view seen) { return seen == name; }; };
  EXPECT_FALSE(watch->Await(is("new"), Instant::Now()));
  std::ofstream(dir_ + "/old").flush();
  std::ofstream(dir_ + "/new").flush();
  EXPECT_TRUE(watch->Await(is("new"), Instant::Now() + kPatience));
  std::filesystem::rename(dir_ + "/old", dir_ + "/renamed");
  EXPECT_TRUE(watch->Await(is("renamed"), Instant::Now() + kPatience));
}

// A server that sends back what it gets, for connections one after the other.
class Echo {
 public:
  Echo() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    socklen_t bytes = sizeof(address);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &bytes);
    port_ = ntohs(address.sin_port);
    thread_ = std::make_unique<Thread>("echo", [this] { Run(); });
  }
  ~Echo() {
    shutdown(listener_, SHUT_RDWR);
    thread_.reset();
    close(listener_);
  }
  int port() const { return port_; }

 private:
  void Run() {
    for (int fd; (fd = accept(listener_, nullptr, nullptr)) >= 0; close(fd)) {
      char bytes[4096];
      for (ssize_t got; (got = recv(fd, bytes, sizeof(bytes), 0)) > 0;) {
        if (send(fd, bytes, static_cast<size_t>(got), MSG_NOSIGNAL) != got) break;
      }
    }
  }
  int listener_;
  int port_ = 0;
  std::unique_ptr<Thread> thread_;
};

// Sends `bytes` bytes and returns how many came back.
int64_t SendAndCount(int port, int64_t bytes) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const timeval patience{20, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  const std::string data(static_cast<size_t>(bytes), 'x');
  send(fd, data.data(), data.size(), MSG_NOSIGNAL);
  int64_t came = 0;
  char buffer[4096];
  for (ssize_t got; came < bytes && (got = recv(fd, buffer, sizeof(buffer), 0)) > 0;) came += got;
  close(fd);
  return came;
}

TEST_F(ToolsTest, ProxyCutsWithinItsBoundsUntilItIsHealed) {
  Echo echo;
  auto proxy = CuttingProxy::Start({.server_port = echo.port(), .seed = 5, .min_bytes = 10, .max_bytes = 1000});
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  for (int i = 0; i < 50; ++i) EXPECT_LT(SendAndCount((*proxy)->port(), 2000), 1000);
  EXPECT_EQ((*proxy)->cuts(), 50);
  (*proxy)->Heal();
  EXPECT_EQ(SendAndCount((*proxy)->port(), 2000), 2000);
  EXPECT_EQ((*proxy)->cuts(), 50);
}

}  // namespace
}  // namespace recbots::faults
