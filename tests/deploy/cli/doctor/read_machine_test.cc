#include "deploy/cli/doctor/read_machine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "deploy/cli/doctor/examine.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A made-up file system.
class ReadMachineTest : public ::testing::Test {
 protected:
  ReadMachineTest() {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = ::testing::TempDir() + "/read_machine_" + info->name() + "_" + std::to_string(getpid());
    std::filesystem::create_directories(root_);
  }
  ~ReadMachineTest() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& content) {
    std::filesystem::create_directories(std::filesystem::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << content;
  }

  std::string root_;
  Machine machine_;
};

TEST_F(ReadMachineTest, ReadsTheSystemAndTheProcessor) {
  Write("/etc/os-release",
        "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nID=debian\n");
  Write("/proc/cpuinfo", "processor\t: 0\nmodel name\t: Made-up 9000: fast\nflags\t\t: fpu\n\nprocessor\t: 1\n");
  ReadSystem(root_, machine_);
  ReadProcessor(root_, machine_);
  EXPECT_EQ(machine_.distribution, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(machine_.distribution_id, "debian");
  EXPECT_EQ(machine_.version_id, "12");
  EXPECT_EQ(machine_.processor, "Made-up 9000: fast");
}

TEST_F(ReadMachineTest, KnowsNothingOfWhatIsNotThere) {
  ReadSystem(root_, machine_);
  ReadProcessor(root_, machine_);
  ReadMemory(root_, machine_);
  ReadControlGroup(root_, machine_);
  EXPECT_THAT(machine_.distribution, IsEmpty());
  EXPECT_EQ(machine_.processor, "unknown");
  EXPECT_EQ(machine_.memory_bytes, 0);
  EXPECT_EQ(machine_.memory_limit, 0);
  EXPECT_EQ(machine_.core_limit, 0);
}

TEST_F(ReadMachineTest, ReadsMemory) {
  Write("/proc/meminfo", "MemTotal:       16303428 kB\nMemFree:          100000 kB\nMemAvailable:    8000000 kB\n");
  ReadMemory(root_, machine_);
  EXPECT_EQ(machine_.memory_bytes, int64_t{16303428} * 1024);
  EXPECT_EQ(machine_.available_bytes, int64_t{8000000} * 1024);
}

TEST_F(ReadMachineTest, ReadsControlGroupsOfVersion2) {
  Write("/proc/self/cgroup", "0::/slice/job\n");
  Write("/sys/fs/cgroup/slice/job/memory.max", "max\n");
  Write("/sys/fs/cgroup/slice/job/cpu.max", "max 100000\n");
  Write("/sys/fs/cgroup/slice/memory.max", "2147483648\n");
  Write("/sys/fs/cgroup/slice/memory.current", "1000000\n");
  Write("/sys/fs/cgroup/slice/cpu.max", "150000 100000\n");
  ReadControlGroup(root_, machine_);
  EXPECT_EQ(machine_.memory_limit, int64_t{1} << 31) << "of the group above";
  EXPECT_EQ(machine_.memory_limit_used, 1000000);
  EXPECT_EQ(machine_.core_limit, 1.5);
  // In a container the group is the root of what is seen; the tightest limit counts.
  machine_ = Machine();
  Write("/proc/self/cgroup", "0::/\n");
  Write("/sys/fs/cgroup/memory.max", "1073741824\n");
  Write("/sys/fs/cgroup/cpu.max", "50000 100000\n");
  ReadControlGroup(root_, machine_);
  EXPECT_EQ(machine_.memory_limit, int64_t{1} << 30);
  EXPECT_EQ(machine_.core_limit, 0.5);
}

TEST_F(ReadMachineTest, ReadsControlGroupsOfVersion1) {
  Write("/proc/self/cgroup", "5:cpu,cpuacct:/job\n3:memory:/job\n1:name=systemd:/job\n");
  Write("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "536870912\n");
  Write("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "4096\n");
  Write("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  Write("/sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "-1\n");
  Write("/sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000\n");
  Write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
  Write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  ReadControlGroup(root_, machine_);
  EXPECT_EQ(machine_.memory_limit, 536870912);
  EXPECT_EQ(machine_.memory_limit_used, 4096);
  EXPECT_EQ(machine_.core_limit, 3);
}

TEST_F(ReadMachineTest, ReadsGpusFromTheFilesOfTheDriver) {
  ReadGpus(root_, machine_);
  EXPECT_THAT(machine_.gpu_driver, IsEmpty());
  EXPECT_THAT(machine_.gpus, IsEmpty());
  EXPECT_FALSE(machine_.has_gpu_device);
  Write("/proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (root@host)  Sun Jul 27\n"
        "GCC version:  gcc version 12.2.0 (Debian 12.2.0-14)\n");
  Write("/proc/driver/nvidia/gpus/0000:17:00.0/information", "Model: \t\t NVIDIA H200\nIRQ:   \t\t 255\n");
  Write("/proc/driver/nvidia/gpus/0000:18:00.0/information", "IRQ:   \t\t 256\n");
  Write("/dev/nvidia0", "");
  ReadGpus(root_, machine_);
  EXPECT_EQ(machine_.gpu_driver, "580.65.06");
  EXPECT_THAT(machine_.gpus, ::testing::ElementsAre("NVIDIA H200", "a GPU of unknown name"));
  EXPECT_TRUE(machine_.has_gpu_device);
}

TEST_F(ReadMachineTest, ReadsTheDriverOfOldKernelModules) {
  Write("/proc/driver/nvidia/version",
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.104.05  Sat Aug 19 01:15:15 UTC 2023\n");
  ReadGpus(root_, machine_);
  EXPECT_EQ(machine_.gpu_driver, "535.104.05");
}

TEST_F(ReadMachineTest, ReadsWhatTrainSaysOfItsLibraries) {
  ReadLibraries("torch 1.13.0a0+git\nblas /usr/lib/libopenblas.so.0\nblas_config OpenBLAS 0.3.21 Zen\ngpus yes\n",
                machine_);
  EXPECT_EQ(machine_.torch_version, "1.13.0a0+git");
  EXPECT_EQ(machine_.blas_path, "/usr/lib/libopenblas.so.0");
  EXPECT_EQ(machine_.blas_config, "OpenBLAS 0.3.21 Zen");
  EXPECT_TRUE(machine_.torch_knows_gpus);
  EXPECT_THAT(machine_.libraries_error, IsEmpty());
  Machine other;
  ReadLibraries("usage: something else\n", other);
  EXPECT_THAT(other.libraries_error, HasSubstr("does not say"));
  EXPECT_FALSE(other.torch_knows_gpus);
}

TEST_F(ReadMachineTest, TriesFoldersByMakingAFile) {
  const Machine::Folder there = ReadFolder("a", root_);
  EXPECT_THAT(there.error, IsEmpty());
  EXPECT_GT(there.free_bytes, 0);
  EXPECT_TRUE(std::filesystem::is_empty(root_)) << "nothing is left";
  EXPECT_THAT(ReadFolder("b", root_ + "/nowhere").error, HasSubstr("No such file"));
  Write("/file", "");
  EXPECT_THAT(ReadFolder("c", root_ + "/file").error, HasSubstr("Not a directory"));
}

// Whatever this machine is, it is described.
TEST_F(ReadMachineTest, ReadsThisMachine) {
  const Machine machine = ReadMachine(root_);
  EXPECT_GE(machine.cores, 1);
  EXPECT_GT(machine.memory_bytes, 0);
  EXPECT_GT(machine.descriptors, 0);
  EXPECT_EQ(machine.missing_programs.size(), 5u) << "there are none in an empty folder";
  EXPECT_THAT(machine.libraries_error, HasSubstr("recbots-train cannot be run"));
  EXPECT_GE(machine.folders.size(), 3u);
  EXPECT_GT(machine.socket_path_bytes, 60);
  EXPECT_EQ(machine.max_socket_path_bytes, 107);
  for (const Finding& finding : Examine(machine)) EXPECT_THAT(finding.says, Not(IsEmpty())) << finding.name;
}

}  // namespace
}  // namespace recbots
