// Reads the rows of one table from its segments, with two threads where this is faster. Every block is checked before
// its rows are returned.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "common/base/stop.h"
#include "recbots/v1/checkpoint.pb.h"
#include "replay/checkpoint/block_file.h"

namespace recbots::replay {

// Borrows the folder, and the table of a valid manifest. Keeps at most two files open. Not thread-safe.
class RowFiles {
 public:
  // Two threads at once ask `stop` before every segment.
  RowFiles(const Folder* folder, const v1::CheckpointTable* table, size_t row_bytes, StopQuestion stop = {});

  // Reads the rows of slots first .. first + count - 1, as Table::Restore asks for them. This is cheap in ascending
  // order, or in pieces of 64 KiB and more; a single row out of order costs the reading of a block.
  //   OUT_OF_RANGE           a slot was never used
  //   CANCELLED              `stop` returned true
  //   others as BlockFile
  absl::Status Read(int64_t first, int64_t count, char* to);

 private:
  // A place to read from: the open segment, and the block of it that was read last.
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

// Reads and checks the whole content of any number of files, with two threads; returns the first error in the order of
// the files. Both threads ask `stop` every few megabytes: CANCELLED if it returns true.
absl::Status VerifyFiles(const Folder& folder, const std::vector<const v1::CheckpointFile*>& files,
                         const StopQuestion& stop = {});
// Reads and checks the content of one file, with two threads if it is large. Asks `stop` as VerifyFiles does.
absl::StatusOr<std::vector<char>> ReadContent(const Folder& folder, const v1::CheckpointFile& file,
                                              const StopQuestion& stop = {});

}  // namespace recbots::replay
