// The rows of one table, out of its segments: read by two threads where it pays, every block checked before a row of it
// is handed out.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "common/base/stop.h"
#include "recbots/v1/checkpoint.pb.h"
#include "replay/checkpoint/block_file.h"

namespace recbots::replay {

// Borrows the folder and the table of a manifest that checks. Holds at most two files open. Not thread-safe.
class RowFiles {
 public:
  // `stop` is asked before every segment, by two threads at once.
  RowFiles(const Folder* folder, const v1::CheckpointTable* table, size_t row_bytes, StopQuestion stop = {});

  // Rows of slots first.. first + count - 1, as Table::Restore asks for them. Cheap in order, or in pieces of 64 KiB
  // and more; a row out of order costs the reading of a block.
  //   OUT_OF_RANGE           slots that were never used
  //   CANCELLED              `stop` said so
  //   others as BlockFile
  absl::Status Read(int64_t first, int64_t count, char* to);

 private:
  // A place to read from: the segment that is open and the block that was read of it last.
  struct Cursor {
    int64_t segment = -1;
    BlockFile file;
    int64_t block = -1;
    std::vector<char> bytes;
  };

  absl::Status ReadRange(Cursor& cursor, int64_t begin, int64_t end, char* to) const;
  absl::Status ReadInSegment(Cursor& cursor, int64_t begin, int64_t end, char* to) const;

  const Folder* const folder_;
  const v1::CheckpointTable* const table_;
  const int64_t row_bytes_;
  const StopQuestion stop_;
  std::array<Cursor, 2> cursors_;
};

// Both ask `stop` every few megabytes, from two threads at once: CANCELLED when it says so.
// Reads and checks files of any number with two threads, all of their content; the first error in their order.
absl::Status VerifyFiles(const Folder& folder, const std::vector<const v1::CheckpointFile*>& files,
                         const StopQuestion& stop = {});
// Reads and checks the content of one file, with two threads where it is long.
absl::StatusOr<std::vector<char>> ReadContent(const Folder& folder, const v1::CheckpointFile& file,
                                              const StopQuestion& stop = {});

}  // namespace recbots::replay
