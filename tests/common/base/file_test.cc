#include "common/base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "common/base/thread.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class FileTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return folder_.Path(name); }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) names.push_back(entry.path().filename());
    return names;
  }
  static std::string Content(const std::string& path) { return ReadFile(path).value_or("(cannot be read)"); }
  static ino_t Inode(const std::string& path) {
    struct stat info {};
    return lstat(path.c_str(), &info) == 0 ? info.st_ino : 0;
  }

  const testing::TempFolder folder_;
};

TEST_F(FileTest, ReadsWhatWasWritten) {
  for (const std::string& content : {std::string(), std::string("a\0b\n", 4), std::string(300000, 'x')}) {
    ASSERT_TRUE(WriteFile(Path("x"), content).ok());
    EXPECT_EQ(Content(Path("x")), content);
    EXPECT_THAT(Names(), ElementsAre("x"));
  }
}

TEST_F(FileTest, ReadingSaysWhichPathAndWhy) {
  const absl::Status missing = ReadFile(Path("x")).status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(missing.message(), "cannot read '" + Path("x") + "': No such file or directory");
  const absl::Status folder = ReadFile(folder_.path()).status();
  EXPECT_EQ(folder.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(folder.message()), HasSubstr("Is a directory"));
}

TEST_F(FileTest, ReadingEndsAtTheBound) {
  ASSERT_TRUE(WriteFile(Path("x"), "12345").ok());
  EXPECT_TRUE(ReadFile(Path("x"), 5).ok());
  EXPECT_EQ(ReadFile(Path("x"), 4).status().message(), "'" + Path("x") + "' has more than 4 bytes");
}

TEST_F(FileTest, ReadsAPipeToItsEnd) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  Thread writer("writer", [&] { EXPECT_TRUE(WriteFile(Path("pipe"), std::string(100000, 'p')).ok()); });
  EXPECT_EQ(Content(Path("pipe")), std::string(100000, 'p'));
}

TEST_F(FileTest, AWriteThatFailsLeavesTheOldFileAndNothingElse) {
  ASSERT_TRUE(WriteFile(Path("x"), "old").ok());
  const testing::FileSizeLimit limit(1000);
  const absl::Status status = WriteFile(Path("x"), std::string(5000, 'n'));
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "cannot write '" + Path("x") + "': File too large");
  EXPECT_EQ(Content(Path("x")), "old");
  EXPECT_THAT(Names(), ElementsAre("x"));
  EXPECT_FALSE(WriteFile(Path("new"), std::string(5000, 'n')).ok());
  EXPECT_THAT(Names(), ElementsAre("x"));
}

TEST_F(FileTest, SaysWhyAPathCannotBeWritten) {
  ASSERT_TRUE(WriteFile(Path("file"), "").ok());
  EXPECT_EQ(WriteFile(Path("no/x"), "").message(), "cannot write '" + Path("no/x") + "': No such file or directory");
  EXPECT_EQ(WriteFile(Path("file/x"), "").message(), "cannot write '" + Path("file/x") + "': Not a directory");
  EXPECT_EQ(WriteFile(folder_.path(), "").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(WriteFile(folder_.path() + "/", "").message()), HasSubstr("Is a directory"));
  EXPECT_FALSE(WriteFile("", "").ok());
  fs::create_symlink("loop", Path("loop"));
  EXPECT_THAT(std::string(WriteFile(Path("loop"), "").message()), HasSubstr("levels of symbolic links"));
  EXPECT_THAT(Names(), UnorderedElementsAre("file", "loop"));
}

TEST_F(FileTest, FollowsLinksAndLeavesThemThere) {
  fs::create_directory(Path("folder"));
  ASSERT_TRUE(WriteFile(Path("folder/target"), "old").ok());
  fs::create_symlink("folder/target", Path("link"));
  fs::create_symlink(Path("link"), Path("link_to_link"));
  ASSERT_TRUE(WriteFile(Path("link_to_link"), "new").ok());
  EXPECT_EQ(Content(Path("folder/target")), "new");
  EXPECT_TRUE(fs::is_symlink(Path("link")));
  EXPECT_TRUE(fs::is_symlink(Path("link_to_link")));
  // A link to a file that is still to be made.
  fs::create_symlink("folder/later", Path("ahead"));
  ASSERT_TRUE(WriteFile(Path("ahead"), "made").ok());
  EXPECT_EQ(Content(Path("folder/later")), "made");
  EXPECT_TRUE(fs::is_symlink(Path("ahead")));
}

TEST_F(FileTest, KeepsPermissions) {
  ASSERT_TRUE(WriteFile(Path("x"), "old").ok());
  ASSERT_EQ(chmod(Path("x").c_str(), 0640), 0);
  ASSERT_TRUE(WriteFile(Path("x"), "new").ok());
  EXPECT_EQ(fs::status(Path("x")).permissions(), fs::perms(0640));
}

TEST_F(FileTest, ReplacesTheFileRatherThanChangingIt) {
  ASSERT_TRUE(WriteFile(Path("x"), "old").ok());
  fs::create_hard_link(Path("x"), Path("before"));
  ASSERT_TRUE(WriteFile(Path("x"), "new").ok());
  EXPECT_EQ(Content(Path("before")), "old");
}

// What is no regular file is written to. Links stand for the devices of this machine: should this fail, only the links
// go.
TEST_F(FileTest, WritesToADeviceAndNeverReplacesIt) {
  fs::create_symlink("/dev/null", Path("null"));
  EXPECT_TRUE(WriteFile(Path("null"), "gone").ok());
  fs::create_symlink("/dev/full", Path("full"));
  const absl::Status full = WriteFile(Path("full"), "too much");
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(full.message(), "cannot write '" + Path("full") + "': No space left on device");
  EXPECT_TRUE(fs::is_symlink(Path("null")) && fs::is_symlink(Path("full")));
  EXPECT_THAT(Names(), UnorderedElementsAre("null", "full"));
}

TEST_F(FileTest, WritesToAPipeAndNeverReplacesIt) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  const ino_t inode = Inode(Path("pipe"));
  std::string got;
  {
    Thread reader("reader", [&] { got = Content(Path("pipe")); });
    EXPECT_TRUE(WriteFile(Path("pipe"), "through").ok());
  }
  EXPECT_EQ(got, "through");
  EXPECT_EQ(Inode(Path("pipe")), inode);
}

// A descriptor of the process itself, whatever it is: what was written to it before stays.
TEST_F(FileTest, WritesWhereADescriptorOfItsOwnStands) {
  const int fd = open(Path("output").c_str(), O_WRONLY | O_CREAT, 0600);
  ASSERT_EQ(write(fd, "first ", 6), 6);
  const ino_t inode = Inode(Path("output"));
  EXPECT_TRUE(WriteFile("/proc/self/fd/" + std::to_string(fd), "second").ok());
  EXPECT_TRUE(WriteFile("/dev/fd/" + std::to_string(fd), " third").ok());
  fs::create_symlink("/dev/fd/" + std::to_string(fd), Path("link"));
  EXPECT_TRUE(WriteFile(Path("link"), " fourth").ok());
  close(fd);
  EXPECT_EQ(Content(Path("output")), "first second third fourth");
  EXPECT_EQ(Inode(Path("output")), inode);
  EXPECT_FALSE(WriteFile("/proc/self/fd/" + std::to_string(fd), "closed").ok());
}

TEST_F(FileTest, MakesAFolderAndThoseAboveIt) {
  EXPECT_TRUE(MakeFolder(Path("a/b")).ok());
  EXPECT_TRUE(MakeFolder(Path("a/b")).ok()) << "it is there";
  EXPECT_TRUE(TryFolder(Path("a/b")).ok());
  ASSERT_TRUE(WriteFile(Path("file"), "").ok());
  EXPECT_EQ(MakeFolder(Path("file/c")).message(), "cannot make the folder '" + Path("file/c") + "': Not a directory");
}

TEST_F(FileTest, AFolderIsTriedWithAFile) {
  EXPECT_TRUE(TryFolder(folder_.path()).ok());
  EXPECT_THAT(Names(), ElementsAre());
  ASSERT_TRUE(WriteFile(Path("file"), "").ok());
  EXPECT_EQ(TryFolder(Path("file")).message(), "cannot write in '" + Path("file") + "': Not a directory");
  const testing::FileSizeLimit full(0);
  EXPECT_EQ(TryFolder(folder_.path()).message(), "cannot write in '" + folder_.path() + "': File too large");
  EXPECT_THAT(Names(), ElementsAre("file"));
}

}  // namespace
}  // namespace recbots
