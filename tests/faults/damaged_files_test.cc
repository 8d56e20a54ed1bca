// What a server makes of a checkpoint folder that something else has been at.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/instant.h"
#include "common/rpc/deadline.h"
#include "tests/faults/fault_test.h"
#include "tests/faults/raw_client.h"

namespace recbots::faults {
namespace {

using ::testing::HasSubstr;

constexpr int kCheckpoints = 3;
constexpr int64_t kRows = 1000;  // Of each writer; checkpoint k holds those of writers 1..k.

std::string Read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void Write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class DamagedFilesTest : public FaultTest {
 protected:
  // Makes the checkpoints and keeps a copy of them.
  void SetUp() override {
    server_ = &StartServer({.replay_config = absl::StrCat("table ", QueueTable("queue", 50'000),
                                                          "checkpoint { interval_seconds: 0 keep: 3 }"),
                            .unix_socket = true});
    for (int i = 1; i <= kCheckpoints; ++i) {
      LedgerWriter& writer = StartWriter({.address = server_->address(), .table = "queue", .writer = i, .rows = kRows});
      ASSERT_TRUE(AwaitEnd(writer));
      ASSERT_TRUE(Checkpoint());
    }
    server_->Kill();
    std::filesystem::copy(server_->shard_dir(), Golden());
    for (const auto& entry : std::filesystem::directory_iterator(Golden())) {
      const std::string name = entry.path().filename();
      if (name != "lock") files_.push_back(name);
    }
    std::sort(files_.begin(), files_.end());
  }

  testing::AssertionResult Checkpoint() {
    grpc::ClientContext context;
    context.set_deadline(ToGrpcDeadline(Instant::Now() + absl::Minutes(1)));
    context.set_wait_for_ready(true);
    v1::CheckpointResponse response;
    const grpc::Status status = RawStub(server_->address())->Checkpoint(&context, {}, &response);
    if (status.ok()) return testing::AssertionSuccess();
    return testing::AssertionFailure() << status.error_code() << " " << status.error_message();
  }

  std::filesystem::path Golden() const { return dir() + "/golden"; }
  std::filesystem::path PathOf(const std::string& name) const { return server_->shard_dir() + "/" + name; }
  std::string NewestManifest() const {
    std::string newest;
    for (const std::string& name : files_) {
      if (absl::StartsWith(name, "manifest-")) newest = std::max(newest, name);
    }
    return newest;
  }

  void Reset() {
    std::filesystem::remove_all(server_->shard_dir());
    std::filesystem::copy(Golden(), server_->shard_dir());
  }

  // Starts the server on what is there; it comes to serve or ends.
  void StartOnce() {
    server_->Start();
    server_->program().MayEnd();
    ASSERT_TRUE(Await("decision of a server with damaged files",
                      [&] { return server_->Serves() || !server_->program().process().Running(); }));
  }
  // Which checkpoint it serves, all rows of it and no others. 0: it refused to serve, as it should, and said why.
  void ServedCheckpoint(int64_t& checkpoint) {
    checkpoint = 0;
    if (!server_->Serves()) {
      EXPECT_EQ(server_->program().process().exit_code(), 1);
      EXPECT_THAT(server_->program().process().Log(), HasSubstr("shard-0"));
      return;
    }
    const int64_t rows = server_->Table("queue").state().rows();
    ASSERT_EQ(rows % kRows, 0) << "no checkpoint held so many";
    checkpoint = rows / kRows;
    Audit audit;
    for (int i = 0; i < checkpoint; ++i) audit.AddWriter(writers()[static_cast<size_t>(i)]->page());
    ASSERT_TRUE(Drain(*server_, "queue", audit));
    EXPECT_TRUE(audit.NothingStrangeOrDoubled());
    for (int i = 0; i < checkpoint; ++i) EXPECT_TRUE(audit.HoldsAll(writers()[static_cast<size_t>(i)]->page()));
  }

  // One of several kinds of damage to one file; says which.
  std::string Damage(const std::string& name) {
    const std::filesystem::path path = PathOf(name);
    std::string bytes = Read(path);
    const auto at = static_cast<size_t>(rng().Uniform() * static_cast<double>(bytes.size()));
    switch (rng().Index(7)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ 1 << rng().Index(8));
        Write(path, bytes);
        return absl::StrCat("bit at ", at, " of ", name);
      case 1:
        Write(path, bytes.substr(0, at));
        return absl::StrCat(name, " cut to ", at, " of ", bytes.size());
      case 2:
        Write(path, "");
        return absl::StrCat(name, " empty");
      case 3:
        Write(path, bytes + std::string(1 + rng().Index(5000), 'j'));
        return absl::StrCat(name, " longer");
      case 4:
        std::filesystem::remove(path);
        return absl::StrCat(name, " gone");
      case 5:
        std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.end(), '\0');
        Write(path, bytes);
        return absl::StrCat(name, " zero from ", at);
      default: {
        const std::string& other = files_[rng().Index(static_cast<uint32_t>(files_.size()))];
        Write(path, Read(Golden() / other));
        return absl::StrCat(name, " with the content of ", other);
      }
    }
  }

  Server* server_ = nullptr;
  std::vector<std::string> files_;
};

TEST_F(DamagedFilesTest, WhatIsServedIsACheckpointWhole) {
  const int rounds = Rounds(24);
  std::map<int64_t, int> served;
  for (int round = 0; round < rounds; ++round) {
    Reset();
    // Mostly manifests, of which an older one may help; in one of three rounds another file as well.
    std::string damage = Damage(files_[rng().Index(static_cast<uint32_t>(files_.size()))]);
    if (round % 3 == 0) damage += ", " + Damage(files_[rng().Index(static_cast<uint32_t>(files_.size()))]);
    SCOPED_TRACE(damage);
    StartOnce();
    int64_t checkpoint = -1;
    ServedCheckpoint(checkpoint);
    if (HasFatalFailure()) return;
    ++served[checkpoint];
    server_->Kill();
  }
  for (const auto& [checkpoint, times] : served) {
    std::cout << (checkpoint == 0 ? "refused" : absl::StrCat("checkpoint ", checkpoint)) << ": " << times << " times\n";
  }
}

TEST_F(DamagedFilesTest, AnOlderCheckpointServesWhenTheNewestIsDamaged) {
  const std::string newest = NewestManifest();
  const std::string bytes = Read(PathOf(newest));
  for (const std::string& damaged :
       {bytes.substr(0, bytes.size() / 2), bytes.substr(0, 3), std::string(bytes.size(), '\0'),
        absl::StrCat("x", bytes.substr(1)), absl::StrCat(bytes.substr(0, bytes.size() - 1), "?")}) {
    Reset();
    Write(PathOf(newest), damaged);
    StartOnce();
    int64_t checkpoint = -1;
    ServedCheckpoint(checkpoint);
    EXPECT_EQ(checkpoint, kCheckpoints - 1);
    EXPECT_THAT(server_->program().process().Log(), HasSubstr(newest)) << "it says what it could not use";
    server_->Kill();
  }
}

TEST_F(DamagedFilesTest, NothingThatChecksMeansNoService) {
  for (const std::string& name : files_) {
    if (absl::StartsWith(name, "manifest-")) Write(PathOf(name), Read(PathOf(name)).substr(0, 100));
  }
  StartOnce();
  int64_t checkpoint = -1;
  ServedCheckpoint(checkpoint);
  EXPECT_EQ(checkpoint, 0);
  for (const std::string& name : files_) EXPECT_TRUE(std::filesystem::exists(PathOf(name))) << name << " was deleted";
}

TEST_F(DamagedFilesTest, ForeignFilesAreNeitherReadNorTouched) {
  Reset();
  const std::map<std::string, std::string> foreign = {
      {"notes.txt", "mine"},
      {"manifest", "mine"},
      {"manifest-99", "mine"},
      {"manifest-999999999998.bak", "mine"},
      {"manifest-000000000777.tmp", "mine"},
      {"zzz-newest", ""},
      {"segment-000-00000000-000000000001", "mine"},
      {"segment-000-00000000-000000000099-0123456789", "mine"},
      {"arrays-000-000000000001-89ABCDEF", "mine"},
      {".hidden", "mine"},
  };
  for (const auto& [name, content] : foreign) Write(PathOf(name), content);
  std::filesystem::create_directories(PathOf("folder"));
  Write(PathOf("folder") / "manifest-000000000999", "mine");
  std::filesystem::create_symlink(dir() + "/nowhere", PathOf("link"));
  StartOnce();
  // Enough checkpoints for everything old to be deleted.
  for (int i = 0; i < 2 * kCheckpoints; ++i) {
    LedgerWriter& writer =
        StartWriter({.address = server_->address(), .table = "queue", .writer = 100 + i, .rows = 64});
    ASSERT_TRUE(AwaitEnd(writer));
    ASSERT_TRUE(Checkpoint());
  }
  EXPECT_EQ(server_->Table("queue").state().inserted(), kCheckpoints * kRows + 2 * kCheckpoints * 64);
  for (const auto& [name, content] : foreign) {
    EXPECT_TRUE(std::filesystem::exists(PathOf(name))) << name;
    EXPECT_EQ(Read(PathOf(name)), content) << name;
  }
  EXPECT_EQ(Read(PathOf("folder") / "manifest-000000000999"), "mine");
  EXPECT_TRUE(std::filesystem::is_symlink(PathOf("link")));
  EXPECT_FALSE(std::filesystem::exists(PathOf(NewestManifest()))) << "old checkpoints go";
}

}  // namespace
}  // namespace recbots::faults
