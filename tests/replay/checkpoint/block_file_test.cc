#include "replay/checkpoint/block_file.h"

#include <gtest/gtest.h>

#include <string>

#include "common/base/crc32c.h"
#include "common/base/random.h"
#include "tests/replay/checkpoint/test_folder.h"

namespace recbots::replay {
namespace {

std::string RandomBytes(size_t count) {
  Rng rng(7, Purpose::kTest, {});
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(rng.Bits());
  return bytes;
}

class BlockFileTest : public testing::Test {
 protected:
  // Writes a file of that content and describes it.
  v1::CheckpointFile Write(const std::string& content) {
    const BlockFileHeader header = MakeBlockFileHeader(content);
    EXPECT_EQ(static_cast<int64_t>(header.bytes.size()), BlockFileHeaderBytes(static_cast<int64_t>(content.size())));
    WriteText(directory_ / "file", header.bytes + content);
    v1::CheckpointFile file;
    file.set_name("file");
    file.set_bytes(static_cast<int64_t>(content.size()));
    file.set_crc32c(header.crc32c);
    return file;
  }

  TestFolder directory_;
  const Folder folder_ = OpenFolder(directory_.path());
};

TEST_F(BlockFileTest, ContentOfAnyLengthComesBackInAnyPart) {
  for (const int64_t length : {int64_t{0}, int64_t{1}, kBlockBytes - 1, kBlockBytes, kBlockBytes + 1, 5 * kBlockBytes,
                               40 * kBlockBytes + 17}) {
    const std::string content = RandomBytes(static_cast<size_t>(length));
    const v1::CheckpointFile expected = Write(content);
    EXPECT_EQ(expected.crc32c(), Crc32c(content));
    const auto file = BlockFile::Open(folder_, expected);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(file->num_blocks(), (length + kBlockBytes - 1) / kBlockBytes);
    EXPECT_TRUE(file->Verify().ok());
    for (int64_t first = 0; first < file->num_blocks(); first += 3) {
      const int64_t count = std::min<int64_t>(2, file->num_blocks() - first);
      std::string part(static_cast<size_t>(count * kBlockBytes), '\0');
      ASSERT_TRUE(file->Read(first, count, part.data()).ok());
      const size_t bytes = std::min(content.size() - static_cast<size_t>(first * kBlockBytes), part.size());
      EXPECT_EQ(part.substr(0, bytes), content.substr(static_cast<size_t>(first * kBlockBytes), bytes));
    }
  }
}

TEST_F(BlockFileTest, EveryChangedByteIsFound) {
  const v1::CheckpointFile expected = Write(RandomBytes(3 * kBlockBytes + 5));
  const std::string whole = ReadText(directory_ / "file");
  for (size_t at = 0; at < whole.size(); at += at < 48 ? 1 : 4001) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ 0x10);
    WriteText(directory_ / "file", changed);
    const auto file = BlockFile::Open(folder_, expected);
    const absl::Status status = file.ok() ? file->Verify() : file.status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << "byte " << at << ": " << status;
  }
}

TEST_F(BlockFileTest, EveryOtherLengthIsFound) {
  const v1::CheckpointFile expected = Write(RandomBytes(2 * kBlockBytes));
  const std::string whole = ReadText(directory_ / "file");
  for (size_t length = 0; length < whole.size(); length += length < 64 ? 1 : 997) {
    WriteText(directory_ / "file", whole.substr(0, length));
    EXPECT_TRUE(absl::IsDataLoss(BlockFile::Open(folder_, expected).status())) << length;
  }
  WriteText(directory_ / "file", whole + "x");
  EXPECT_TRUE(absl::IsDataLoss(BlockFile::Open(folder_, expected).status()));
}

TEST_F(BlockFileTest, AnotherFileOfThatNameIsRefused) {
  const v1::CheckpointFile expected = Write(RandomBytes(1000));
  Write(RandomBytes(1001).substr(1));
  const auto other = BlockFile::Open(folder_, expected);
  EXPECT_TRUE(absl::IsDataLoss(other.status()));
  EXPECT_NE(other.status().message().find("the manifest says"), absl::string_view::npos) << other.status();

  std::filesystem::remove(directory_ / "file");
  EXPECT_TRUE(absl::IsNotFound(BlockFile::Open(folder_, expected).status()));
  std::filesystem::create_directory(directory_ / "file");
  EXPECT_TRUE(absl::IsInvalidArgument(BlockFile::Open(folder_, expected).status()));
}

}  // namespace
}  // namespace recbots::replay
