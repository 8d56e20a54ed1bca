// A file whose content checks in blocks of 64 KiB, so that parts of it can be read and trusted: segments of rows and
// arrays of bookkeeping (docs/formats.md, replay checkpoints). Written once, never changed.
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
// Far beyond any table's arrays; bounds what a foreign file can make us allocate.
inline constexpr int64_t kMaxBlockFileBytes = int64_t{1} << 40;

// Bytes before the content of a file.
int64_t BlockFileHeaderBytes(int64_t content_bytes);
// What stands there: magic, version, length, checksum of the whole and of each block.
struct BlockFileHeader {
  std::string bytes;
  uint32_t crc32c = 0;  // Of the whole content.
};
BlockFileHeader MakeBlockFileHeader(absl::string_view content);

// Open for reading. Movable. Thread-safe.
class BlockFile {
 public:
  // Holds nothing.
  BlockFile() = default;

  // Reads and checks the header of the file of that name. Errors name the file.
  //   NOT_FOUND, UNAVAILABLE  as Folder
  //   DATA_LOSS               the header does not check, or speaks of other bytes than `expected`
  static absl::StatusOr<BlockFile> Open(const Folder& folder, const v1::CheckpointFile& expected);
  // The same on a file that is open already; `path` is for messages.
  static absl::StatusOr<BlockFile> Open(FileDescriptor file, std::string path, const v1::CheckpointFile& expected);

  int64_t bytes() const { return bytes_; }
  int64_t num_blocks() const { return static_cast<int64_t>(crcs_.size()); }
  // Content bytes of a block: kBlockBytes but for the last one.
  int64_t block_bytes(int64_t block) const;

  // Reads and checks blocks first.. first + count - 1. DATA_LOSS: names the file and the block.
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
