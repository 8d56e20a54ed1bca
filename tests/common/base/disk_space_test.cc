#include "common/base/disk_space.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace recbots {
namespace {

TEST(DiskSpaceTest, IsThatOfTheFileSystem) {
  const absl::StatusOr<DiskSpace> space = DiskSpaceOf(testing::TempDir());
  ASSERT_TRUE(space.ok()) << space.status();
  EXPECT_GT(space->total_bytes, 0);
  EXPECT_GE(space->free_bytes, 0);
  EXPECT_LE(space->free_bytes, space->total_bytes);
  // The size of a file system does not change, while what is free in it may at any time.
  EXPECT_EQ(static_cast<uintmax_t>(space->total_bytes), std::filesystem::space(testing::TempDir()).capacity);
}

TEST(DiskSpaceTest, NamesTheFolderThatIsMissing) {
  const absl::StatusOr<DiskSpace> space = DiskSpaceOf(testing::TempDir() + "/nowhere");
  EXPECT_TRUE(absl::IsNotFound(space.status())) << space.status();
  EXPECT_THAT(space.status().message(), testing::HasSubstr("/nowhere'"));
}

}  // namespace
}  // namespace recbots
