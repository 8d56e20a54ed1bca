// A directory with three checkpoints, damaged at random: what comes back is one of them, whole, or an error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "absl/strings/match.h"
#include "common/base/instant.h"
#include "common/base/random.h"
#include "replay/checkpoint/checkpointer.h"
#include "replay/checkpoint/file_names.h"
#include "tests/replay/checkpoint/test_folder.h"
#include "tests/replay/checkpoint/test_store.h"

namespace recbots::replay {
namespace {

using testing::HasSubstr;

// More rows than a segment holds make it slow: few of the trials have them.
constexpr int64_t kManyRows = 135'000;
constexpr int64_t kFewRows = 4'000;

// What a checkpoint holds.
using Content = std::vector<std::vector<TestRow>>;

Content ContentOf(const Store& store) {
  Content content;
  for (const auto& table : store.tables()) content.push_back(AllRows(*table));
  return content;
}

class DamageTest : public testing::TestWithParam<int64_t> {
 protected:
  static constexpr int kCheckpoints = 3;

  static std::vector<TableOptions> Tables() {
    std::vector<TableOptions> tables = ThreeTables(kFewRows);
    tables[0].capacity_rows = GetParam();
    return tables;
  }

  void SetUp() override {
    const auto store = MakeTestStore(Tables());
    const auto checkpointer = Checkpointer::Open(Options(original_.path()), store.get());
    ASSERT_TRUE(checkpointer.ok()) << checkpointer.status();
    const std::vector<TestRow> rows = MakeRows(9, 0, GetParam());
    ASSERT_EQ(store->tables()[0]->Append(Bytes(rows), GetParam()), GetParam());
    Driver driver(store.get());
    uint32_t operation = 0;
    for (int i = 0; i < kCheckpoints; ++i) {
      for (const uint32_t end = operation + (i == 0 ? 1000 : 100); operation < end; ++operation) driver.Do(operation);
      ASSERT_TRUE((*checkpointer)->Checkpoint(Instant::Now() + absl::Seconds(60)).ok());
      contents_.push_back(ContentOf(*store));
    }
    files_ = FilesIn(original_ / "shard-0");
    for (const auto& [name, content] : files_) {
      if (name != "lock") names_.push_back(name);
    }
  }

  static CheckpointerOptions Options(const std::string& directory) {
    return {.directory = directory, .interval = absl::ZeroDuration(), .keep = kCheckpoints};
  }

  // Damages one file of `path`; says what it did.
  std::string Damage(const std::string& path, Rng& rng) {
    const std::string& name = names_[rng.Index(static_cast<uint32_t>(names_.size()))];
    const std::string file = path + "/" + name;
    std::string content = std::filesystem::is_regular_file(file) ? ReadText(file) : "";
    const auto size = static_cast<uint32_t>(content.size());
    std::filesystem::remove_all(file);
    const uint32_t how = rng.Index(7);
    const char* const kinds[] = {"gone", "cut", "empty", "a byte changed", "zeros", "a directory", "another's"};
    if (how == 1 && size > 0) WriteText(file, content.substr(0, rng.Index(size)));
    if (how == 2) WriteText(file, "");
    if (how == 3 && size > 0) {
      // Half of the time near the beginning: most bytes are rows.
      const uint32_t at = rng.Index(rng.Index(2) == 0 ? size : std::min(size, 400u));
      content[at] = static_cast<char>(content[at] ^ (1 << rng.Index(8)));
      WriteText(file, content);
    }
    if (how == 4 && size > 0) {
      const uint32_t from = rng.Index(size);
      content.replace(from, content.size() - from, content.size() - from, '\0');
      WriteText(file, content);
    }
    if (how == 5) std::filesystem::create_directory(file);
    if (how == 6) WriteText(file, files_[names_[rng.Index(static_cast<uint32_t>(names_.size()))]]);
    return absl::StrCat(name, ": ", kinds[how]);
  }

  TestFolder original_;
  std::vector<Content> contents_;  // Of checkpoints 1, 2, ...
  std::map<std::string, std::string> files_;
  std::vector<std::string> names_;
};

TEST_P(DamageTest, WhatComesBackIsOneCheckpointWhole) {
  const uint32_t trials = GetParam() == kFewRows ? 600 : 60;
  std::map<int64_t, int> found;  // By sequence; 0: none was found.
  for (uint32_t trial = 0; trial < trials; ++trial) {
    Rng rng(17, Purpose::kTest, {.stream = trial});
    const TestFolder copy;
    const std::string shard = copy / "shard-0";
    std::filesystem::create_directory(shard);
    for (const std::string& name : names_) {
      std::filesystem::create_hard_link(original_ / "shard-0/" + name, shard + "/" + name);
    }
    WriteText(shard + "/notes.txt", "foreign");
    std::string damage;
    for (uint32_t i = 0; i < 1 + rng.Index(4); ++i) damage += Damage(shard, rng) + "; ";
    SCOPED_TRACE(absl::StrCat("trial ", trial, ": ", damage));

    const auto store = MakeTestStore(Tables());
    const auto checkpointer = Checkpointer::Open(Options(copy.path()), store.get());
    EXPECT_EQ(ReadText(shard + "/notes.txt"), "foreign");
    if (!checkpointer.ok()) {
      ++found[0];
      EXPECT_TRUE(absl::IsDataLoss(checkpointer.status())) << checkpointer.status();
      EXPECT_THAT(std::string(checkpointer.status().message()), HasSubstr("Move '" + shard + "' away"));
      continue;
    }
    const RestoreReport& report = (*checkpointer)->restored();
    ++found[report.sequence];
    if (report.sequence == 0) {
      EXPECT_FALSE(std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
        return absl::StartsWith(name, "manifest") && std::filesystem::exists(shard + "/" + name);
      }));
      continue;
    }
    EXPECT_EQ(ContentOf(*store), contents_[static_cast<size_t>(report.sequence - 1)]);
    // Every newer one that is there is named with its fault.
    for (int64_t newer = report.sequence + 1; newer <= kCheckpoints; ++newer) {
      if (!std::filesystem::exists(shard + "/" + ManifestName(newer))) continue;
      EXPECT_TRUE(std::any_of(report.refused.begin(), report.refused.end(), [&](const std::string& why) {
        return absl::StartsWith(why, absl::StrCat("checkpoint ", newer, ": "));
      }));
    }
  }
  // All ways were gone.
  for (int64_t sequence = 0; sequence <= kCheckpoints; ++sequence) EXPECT_GT(found[sequence], 0) << sequence;
}

INSTANTIATE_TEST_SUITE_P(Rows, DamageTest, testing::Values(kFewRows, kManyRows));

TEST_P(DamageTest, TheNextCheckpointAfterAFallBackIsNewerAndWhole) {
  const std::string shard = original_ / "shard-0";
  std::filesystem::resize_file(shard + "/manifest-000000000003", 25);
  const auto store = MakeTestStore(Tables());
  {
    const auto checkpointer = Checkpointer::Open(Options(original_.path()), store.get());
    ASSERT_TRUE(checkpointer.ok()) << checkpointer.status();
    EXPECT_EQ((*checkpointer)->restored().sequence, 2);
    const auto report = (*checkpointer)->Checkpoint(Instant::Now() + absl::Seconds(60));
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->sequence, 4);
  }
  const auto again = MakeTestStore(Tables());
  const auto checkpointer = Checkpointer::Open(Options(original_.path()), again.get());
  ASSERT_TRUE(checkpointer.ok()) << checkpointer.status();
  EXPECT_EQ((*checkpointer)->restored().sequence, 4);
  EXPECT_THAT((*checkpointer)->restored().refused, testing::IsEmpty());
  EXPECT_EQ(ContentOf(*again), contents_[1]);
}

}  // namespace
}  // namespace recbots::replay
