#include "replay/checkpoint/checkpoint_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "replay/checkpoint/block_file.h"
#include "tests/replay/checkpoint/test_folder.h"
#include "tests/replay/checkpoint/test_manifest.h"

namespace recbots::replay {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(CheckpointDirectoryTest, EachServerGetsOneAndAFreedOneIsTakenAgain) {
  const TestFolder parent;
  const std::string deep = parent / "made/if/missing";
  auto first = CheckpointDirectory::Claim(deep);
  auto second = CheckpointDirectory::Claim(deep);
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_EQ(first->folder().path(), deep + "/shard-0");
  EXPECT_EQ(second->folder().path(), deep + "/shard-1");
  { const CheckpointDirectory released = *std::move(first); }
  EXPECT_EQ(CheckpointDirectory::Claim(deep)->folder().path(), deep + "/shard-0");
}

TEST(CheckpointDirectoryTest, WhatIsNoDirectoryIsPassedOver) {
  const TestFolder parent;
  WriteText(parent / "shard-0", "mine");
  EXPECT_EQ(CheckpointDirectory::Claim(parent.path())->folder().path(), parent / "shard-1");
  EXPECT_EQ(ReadText(parent / "shard-0"), "mine");
}

TEST(CheckpointDirectoryTest, WhatCannotBeClaimedIsNamed) {
  const TestFolder parent;
  WriteText(parent / "file", "");
  const auto under_file = CheckpointDirectory::Claim(parent / "file");
  EXPECT_TRUE(absl::IsUnavailable(under_file.status())) << under_file.status();
  EXPECT_THAT(std::string(under_file.status().message()), HasSubstr(parent / "file"));
  std::filesystem::create_directories(parent / "shard-0/lock");
  const auto locked = CheckpointDirectory::Claim(parent.path());
  EXPECT_TRUE(absl::IsUnavailable(locked.status())) << locked.status();
  EXPECT_THAT(std::string(locked.status().message()), HasSubstr("shard-0/lock"));
}

class DeleteUnusedTest : public testing::Test {
 protected:
  // A checkpoint with three segments and an arrays file; the files hold nothing but their first bytes.
  v1::CheckpointManifest Write(int64_t sequence) { return Write(MakeManifest(sequence)); }
  v1::CheckpointManifest Write(const v1::CheckpointManifest& manifest) {
    for (const v1::CheckpointFile& file : manifest.tables(0).segments()) Put(file.name());
    Put(manifest.tables(0).arrays().name());
    WriteText(directory_ / ManifestName(manifest.sequence()), EncodeManifest(manifest));
    return manifest;
  }
  void Put(const std::string& name) { WriteText(directory_ / name, std::string(kBlockFileMagic) + "..."); }
  bool Has(const std::string& name) { return std::filesystem::exists(directory_ / name); }
  int64_t Delete(int keep, const std::set<int64_t>& refused = {}) {
    const auto deleted = DeleteUnused(folder_, keep, refused);
    EXPECT_TRUE(deleted.ok()) << deleted.status();
    return deleted.value_or(-1);
  }
  std::vector<int64_t> Manifests() { return *ListManifests(folder_); }

  TestFolder directory_;
  const Folder folder_ = OpenFolder(directory_.path());
};

TEST_F(DeleteUnusedTest, KeepsTheNewestAndWhatTheyName) {
  Write(1);
  const v1::CheckpointManifest second = Write(2);
  v1::CheckpointManifest third = MakeManifest(3);
  *third.mutable_tables(0)->mutable_segments(0) = second.tables(0).segments(0);  // Unchanged since 2.
  Write(third);
  EXPECT_EQ(Delete(3), 0);
  EXPECT_EQ(Delete(2), 5);
  EXPECT_THAT(Manifests(), ElementsAre(3, 2));
  EXPECT_EQ(Delete(1), 4);
  EXPECT_TRUE(Has(second.tables(0).segments(0).name()));
  EXPECT_EQ(FilesIn(directory_.path()).size(), 5u);
}

TEST_F(DeleteUnusedTest, ForeignFilesStay) {
  Write(1);
  const std::vector<std::string> ours = {PartialManifestName(2), SegmentName(0, 0, 2, 1), ArraysName(0, 2, 1)};
  const std::vector<std::string> foreign = {"notes.txt", "manifest-1.bak", SegmentName(0, 0, 2, 1) + ".gz",
                                            "segment-000-00000000-000000000002-ABCDEF12", ".hidden"};
  for (const std::string& name : ours) Put(name);
  WriteText(directory_ / PartialManifestName(2), "");
  for (const std::string& name : foreign) Put(name);
  // Our names, but not our files.
  WriteText(directory_ / SegmentName(0, 1, 2, 1), "a text of somebody");
  std::filesystem::create_directory(directory_ / SegmentName(0, 2, 2, 1));
  std::filesystem::create_symlink("notes.txt", directory_ / SegmentName(0, 3, 2, 1));
  EXPECT_EQ(Delete(1), 3);
  for (const std::string& name : ours) EXPECT_FALSE(Has(name)) << name;
  for (const std::string& name : foreign) EXPECT_TRUE(Has(name)) << name;
  for (int i = 1; i <= 3; ++i) EXPECT_TRUE(Has(SegmentName(0, i, 2, 1))) << i;
}

TEST_F(DeleteUnusedTest, WhatDoesNotCheckDoesNotCount) {
  for (int64_t sequence = 1; sequence <= 5; ++sequence) Write(sequence);
  std::filesystem::resize_file(directory_ / ManifestName(4), 30);
  EXPECT_EQ(Delete(2, /*refused=*/{5}), 4 + 5);  // The files of 4, which nobody names; all of 1.
  EXPECT_THAT(Manifests(), ElementsAre(5, 4, 3, 2));
  for (int64_t sequence = 6; sequence <= 7; ++sequence) Write(sequence);
  EXPECT_EQ(Delete(2, /*refused=*/{5}), 1 + 3 * 5);
  EXPECT_THAT(Manifests(), ElementsAre(7, 6));
}

TEST_F(DeleteUnusedTest, HighestSequenceCountsEveryNameOfOurs) {
  EXPECT_EQ(*HighestSequence(folder_), 0);
  Write(3);
  EXPECT_EQ(*HighestSequence(folder_), 3);
  Put(SegmentName(0, 0, 9, 1));
  EXPECT_EQ(*HighestSequence(folder_), 9);
  Put("manifest-99.bak");
  EXPECT_EQ(*HighestSequence(folder_), 9);
}

TEST_F(DeleteUnusedTest, AManifestUnderAnotherNameIsRefused) {
  Write(3);
  std::filesystem::copy_file(directory_ / ManifestName(3), directory_ / ManifestName(8));
  EXPECT_TRUE(absl::IsDataLoss(ReadManifest(folder_, 8).status()));
  EXPECT_TRUE(ReadManifest(folder_, 3).ok());
  EXPECT_TRUE(absl::IsNotFound(ReadManifest(folder_, 4).status()));
}

}  // namespace
}  // namespace recbots::replay
