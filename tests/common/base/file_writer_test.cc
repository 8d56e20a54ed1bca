#include "common/base/file_writer.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>

#include "common/base/file.h"
#include "common/base/thread.h"
#include "tests/support/file_size_limit.h"
#include "tests/support/temp_folder.h"

namespace recbots {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class FileWriterTest : public ::testing::Test {
 protected:
  std::string Path(const std::string& name) const { return folder_.Path(name); }
  static std::string Content(const std::string& path) { return ReadFile(path).value_or("(cannot be read)"); }

  const testing::TempFolder folder_;
};

TEST_F(FileWriterTest, IsThereUnderItsNameOnlyWhenFinished) {
  auto file = FileWriter::Create(Path("x"));
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Write("one ").ok());
  EXPECT_FALSE(fs::exists(Path("x")));
  ASSERT_TRUE((*file)->Write("two").ok());
  ASSERT_TRUE((*file)->Finish().ok());
  EXPECT_EQ(Content(Path("x")), "one two");
  EXPECT_FALSE(fs::exists(Path("x.partial")));
}

TEST_F(FileWriterTest, LeavesTheOldFileAndThePartUnfinished) {
  ASSERT_TRUE(WriteFile(Path("x"), "old").ok());
  {
    auto file = FileWriter::Create(Path("x"));
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Write("new").ok());
  }
  EXPECT_EQ(Content(Path("x")), "old");
  EXPECT_EQ(Content(Path("x.partial")), "new");
}

TEST_F(FileWriterTest, LeavesNothingWhenNothingWasWritten) {
  ASSERT_TRUE(FileWriter::Create(Path("x")).ok());
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(FileWriterTest, BeginsWithAnEmptyFileWhateverAnEarlierRunLeft) {
  std::ofstream(Path("x.partial")) << "longer than what follows";
  auto file = FileWriter::Create(Path("x"));
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Write("new").ok());
  ASSERT_TRUE((*file)->Finish().ok());
  EXPECT_EQ(Content(Path("x")), "new");
}

TEST_F(FileWriterTest, SaysWhichPathCannotBeMadeAndWhy) {
  const auto nowhere = FileWriter::Create(Path("no/such/x"));
  EXPECT_THAT(std::string(nowhere.status().message()), HasSubstr("no/such/x': No such file or directory"));
  EXPECT_EQ(FileWriter::Create(folder_.path()).status().code(), absl::StatusCode::kInvalidArgument);
  fs::create_directory(Path("x.partial"));
  EXPECT_THAT(std::string(FileWriter::Create(Path("x")).status().message()), HasSubstr("x.partial': Is a directory"));
}

TEST_F(FileWriterTest, ReportsAFullDisk) {
  ASSERT_TRUE(WriteFile(Path("x"), "old").ok());
  auto file = FileWriter::Create(Path("x"));
  ASSERT_TRUE(file.ok()) << file.status();
  const testing::FileSizeLimit limit(4);
  const absl::Status status = (*file)->Write("bytes");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(status.message(), "cannot write '" + Path("x.partial") + "': File too large");
  EXPECT_EQ(Content(Path("x")), "old");
}

TEST_F(FileWriterTest, ReportsThatItCannotBeRenamed) {
  auto file = FileWriter::Create(Path("x"));
  ASSERT_TRUE(file.ok()) << file.status();
  fs::remove(Path("x.partial"));
  EXPECT_THAT(std::string((*file)->Finish().message()), HasSubstr("x': No such file or directory"));
}

TEST_F(FileWriterTest, BelongsToOneAtATime) {
  auto first = FileWriter::Create(Path("x"));
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE((*first)->Write("mine").ok());
  const absl::Status second = FileWriter::Create(Path("x")).status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()), StartsWith("'" + Path("x.partial") + "' is in use by "));
  ASSERT_TRUE((*first)->Finish().ok());
  EXPECT_EQ(Content(Path("x")), "mine");
  EXPECT_TRUE(FileWriter::Create(Path("x")).ok());
}

TEST_F(FileWriterTest, WritesToADeviceAndNeverReplacesIt) {
  fs::create_symlink("/dev/full", Path("full"));
  auto file = FileWriter::Create(Path("full"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->Write("bytes").message(), "cannot write '" + Path("full") + "': No space left on device");
  EXPECT_TRUE(fs::is_symlink(Path("full")));
  EXPECT_FALSE(fs::exists(Path("full.partial")));
}

TEST_F(FileWriterTest, WritesToAPipeAndNeverReplacesIt) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  std::string got;
  {
    Thread reader("reader", [&] { got = Content(Path("pipe")); });
    auto file = FileWriter::Create(Path("pipe"));
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_TRUE((*file)->Write("one ").ok());
    EXPECT_TRUE((*file)->Write("two").ok());
    EXPECT_TRUE((*file)->Finish().ok());
  }
  EXPECT_EQ(got, "one two");
  EXPECT_TRUE(fs::is_fifo(Path("pipe")));
}

TEST_F(FileWriterTest, ALinkIsFollowed) {
  fs::create_directory(Path("folder"));
  fs::create_symlink("folder/x", Path("link"));
  auto file = FileWriter::Create(Path("link"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->partial_path(), Path("folder/x.partial"));
  ASSERT_TRUE((*file)->Write("new").ok());
  ASSERT_TRUE((*file)->Finish().ok());
  EXPECT_EQ(Content(Path("folder/x")), "new");
  EXPECT_TRUE(fs::is_symlink(Path("link")));
}

TEST_F(FileWriterTest, LinesAreReadAsTheyCome) {
  std::ofstream(Path("log")) << "of an earlier run";
  auto file = LineFile::Create(Path("log"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(Content(Path("log")), "");
  ASSERT_TRUE((*file)->Append("one\n").ok());
  EXPECT_EQ(Content(Path("log")), "one\n");
  ASSERT_TRUE((*file)->Append("two\n").ok());
  EXPECT_EQ(Content(Path("log")), "one\ntwo\n");
}

TEST_F(FileWriterTest, LinesGoOnBehindTheOnesThatAreKept) {
  std::ofstream(Path("log")) << "one\ntwo\nthr";
  for (const auto& [bytes, kept] : {std::pair{100, "one\ntwo\n"}, {8, "one\ntwo\n"}, {6, "one\n"}, {0, ""}}) {
    auto file = LineFile::Continue(Path("log"), bytes);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(Content(Path("log")), kept);
    EXPECT_EQ((*file)->bytes(), static_cast<int64_t>(std::string(kept).size()));
    ASSERT_TRUE((*file)->Append("new\n").ok());
    EXPECT_EQ(Content(Path("log")), std::string(kept) + "new\n");
    std::ofstream(Path("log")) << "one\ntwo\nthr";
  }
  ASSERT_TRUE(LineFile::Continue(Path("none"), 7).ok());
  EXPECT_EQ(Content(Path("none")), "");
}

TEST_F(FileWriterTest, ALineIsThereAsAWholeOrNotAtAll) {
  auto file = LineFile::Create(Path("log"));
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE((*file)->Append("one\n").ok());
  {
    const testing::FileSizeLimit limit(6);
    EXPECT_EQ((*file)->Append("two\n").code(), absl::StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(Content(Path("log")), "one\n");
  ASSERT_TRUE((*file)->Append("three\n").ok());
  EXPECT_EQ(Content(Path("log")), "one\nthree\n");
}

TEST_F(FileWriterTest, ALogBelongsToOneAtATime) {
  auto first = LineFile::Create(Path("log"));
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE((*first)->Append("mine\n").ok());
  EXPECT_EQ(LineFile::Create(Path("log")).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Content(Path("log")), "mine\n");
}

}  // namespace
}  // namespace recbots
