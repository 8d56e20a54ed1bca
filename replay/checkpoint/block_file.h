// A file with a checksum for each block of 64 KiB of its content, so that parts of it can be read and trusted. Segments
// of rows and arrays of bookkeeping are such files (docs/formats.md, replay checkpoints). They are written once and
// never changed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "recbots/v1/checkpoint.pb.h"
#include "replay/checkpoint/folder.h"

namespace recbots::replay {

inline constexpr absl::string_view kBlockFileMagic = "RBBLOCKS";
inline constexpr int64_t kBlockBytes = 64 << 10;
// Far beyond any table's arrays; bounds how much memory a foreign file can make us allocate.
inline constexpr int64_t kMaxBlockFileBytes = int64_t{1} << 40;

// The number of bytes in a file before its content.
int64_t BlockFileHeaderBytes(int64_t content_bytes);
// These bytes: magic word, version, length, checksum of the whole content and of each block.
struct BlockFileHeader {
  std::string bytes;
  uint32_t crc32c = 0;  // Of the whole content
};
BlockFileHeader MakeBlockFileHeader(absl::string_view content);

// A block file that is open for reading. Movable. Thread-safe.
class BlockFile {
 public:
  // Without a file.
  BlockFile() = default;

  // Opens the file that `expected` names, and reads and checks its header. Errors name the file.
  //   NOT_FOUND, UNAVAILABLE  as in Folder
  //   DATA_LOSS               the header is damaged, or describes other content than `expected`
  static absl::StatusOr<BlockFile> Open(const Folder& folder, const v1::CheckpointFile& expected);
  // Takes a file that is already open; `path` is for messages.
  static absl::StatusOr<BlockFile> Open(FileDescriptor file, std::string path, const v1::CheckpointFile& expected);

  int64_t bytes() const { return bytes_; }
  int64_t num_blocks() const { return static_cast<int64_t>(crcs_.size()); }
  // The content bytes of a block: kBlockBytes, except for the last block.
  int64_t block_bytes(int64_t block) const;

  // Reads and checks blocks first .. first + count - 1. DATA_LOSS: a block is damaged; the message names file and
  // block.
  absl::Status Read(int64_t first, int64_t count, char* to) const;
  // Reads and checks everything.
  absl::Status Verify() const;

 private:
  FileDescriptor file_;
  std::string path_;
  int64_t bytes_ = 0;
  std::vector<uint32_t> crcs_;
};

}  // namespace recbots::replay
