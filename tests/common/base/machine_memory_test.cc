#include "common/base/machine_memory.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>

namespace recbots {
namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

// A tree of control groups as the system shows it.
class ControlGroupTest : public ::testing::Test {
 protected:
  ControlGroupTest() : root_(::testing::TempDir() + "/machine_memory_cgroup") { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }

  const std::string root_;
};

TEST_F(ControlGroupTest, TheSmallestLimitUpToTheRootCounts) {
  Write("/slice/memory.max", "4000000\n");
  Write("/slice/run/memory.max", "max\n");
  Write("/slice/run/job/memory.max", "9000000\n");
  EXPECT_EQ(ControlGroupLimit(root_, "0::/slice/run/job\n"), 4000000);
  EXPECT_EQ(ControlGroupLimit(root_, "0::/other\n"), kNoLimit);
  Write("/memory.max", "3000000\n");  // What a container sees as the root.
  EXPECT_EQ(ControlGroupLimit(root_, "0::/\n"), 3000000);
  EXPECT_EQ(ControlGroupLimit(root_, "0::/../outside\n"), 3000000);
}

TEST_F(ControlGroupTest, VersionOneLiesInAFolderOfItsOwn) {
  Write("/memory/docker/abc/memory.limit_in_bytes", "5000000\n");
  Write("/memory/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(ControlGroupLimit(root_, "12:cpu,cpuacct:/docker/abc\n9:memory:/docker/abc\n0::/system\n"), 5000000);
  EXPECT_EQ(ControlGroupLimit(root_, "12:cpu,cpuacct:/docker/abc\n"), kNoLimit);
}

TEST_F(ControlGroupTest, WhatIsNoLimitIsNone) {
  for (const std::string text : {"", "max", "many", "-1", "0"}) {
    Write("/memory.max", text);
    EXPECT_EQ(ControlGroupLimit(root_, "0::/\n"), kNoLimit) << text;
  }
  EXPECT_EQ(ControlGroupLimit(root_, ""), kNoLimit);
  EXPECT_EQ(ControlGroupLimit("/no/such/folder", "0::/a\n"), kNoLimit);
}

TEST(MachineMemoryTest, IsAPlausibleNumberOfBytes) {
  EXPECT_GT(MachineMemoryBytes(), int64_t{64} << 20);
  EXPECT_LT(MachineMemoryBytes(), int64_t{1} << 50);
}

}  // namespace
}  // namespace recbots
