#include "actor/simulate/partial_file.h"

#include <gmock/gmock.h>

#include "tests/actor/simulate/simulate_support.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

class PartialFileTest : public testing::FolderTest {};

TEST_F(PartialFileTest, IsThereUnderItsNameOnlyWhenFinished) {
  auto file = PartialFile::Create(Path("x"));
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Write("one ").ok());
  EXPECT_FALSE(std::filesystem::exists(Path("x")));
  ASSERT_TRUE((*file)->Write("two").ok());
  ASSERT_TRUE((*file)->Finish().ok());
  EXPECT_EQ(testing::ReadAll(Path("x")), "one two");
  EXPECT_FALSE(std::filesystem::exists(Path("x.partial")));
}

TEST_F(PartialFileTest, LeavesTheOldFileAndThePartUnfinished) {
  std::ofstream(Path("x")) << "old";
  {
    auto file = PartialFile::Create(Path("x"));
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Write("new").ok());
  }
  EXPECT_EQ(testing::ReadAll(Path("x")), "old");
  EXPECT_EQ(testing::ReadAll(Path("x.partial")), "new");
}

TEST_F(PartialFileTest, LeavesNothingWhenNothingWasWritten) {
  ASSERT_TRUE(PartialFile::Create(Path("x")).ok());
  EXPECT_TRUE(std::filesystem::is_empty(dir_));
}

TEST_F(PartialFileTest, StartsAnewOverWhatAnEarlierRunLeft) {
  std::ofstream(Path("x.partial")) << "longer than what follows";
  auto file = PartialFile::Create(Path("x"));
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Write("new").ok());
  ASSERT_TRUE((*file)->Finish().ok());
  EXPECT_EQ(testing::ReadAll(Path("x")), "new");
}

TEST_F(PartialFileTest, SaysWhichPathCannotBeMadeAndWhy) {
  const auto nowhere = PartialFile::Create(Path("no/such/x"));
  EXPECT_EQ(nowhere.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(nowhere.status().message()), HasSubstr("no/such/x.partial': No such file or directory"));
  const auto folder = PartialFile::Create(dir_.string());
  EXPECT_EQ(folder.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(folder.status().message()), HasSubstr("Is a directory"));
}

// /dev/full takes nothing, as a full disk.
TEST_F(PartialFileTest, ReportsAFullDisk) {
  std::filesystem::create_symlink("/dev/full", Path("x.partial"));
  auto file = PartialFile::Create(Path("x"));
  ASSERT_TRUE(file.ok()) << file.status();
  const absl::Status status = (*file)->Write("bytes");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("x.partial': No space left on device"));
  EXPECT_FALSE(std::filesystem::exists(Path("x")));
}

TEST_F(PartialFileTest, ReportsThatItCannotBeRenamed) {
  auto file = PartialFile::Create(Path("x"));
  ASSERT_TRUE(file.ok()) << file.status();
  std::filesystem::remove(Path("x.partial"));
  const absl::Status status = (*file)->Finish();
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("x': No such file or directory"));
}

}  // namespace
}  // namespace recbots
