#include "replay/checkpoint/row_files.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/base/thread.h"

namespace recbots::replay {
namespace {

// Below this a second thread costs more than it saves.
constexpr int64_t kWorthAThread = int64_t{1} << 20;
// Blocks to read between two calls of `stop`.
constexpr int64_t kBlocksAtOnce = (int64_t{4} << 20) / kBlockBytes;

// Runs both functions in parallel, `first` in a new thread. Returns the first error, in this order.
template <typename First, typename Second>
absl::Status InParallel(First first, Second second) {
  absl::Status first_status;
  absl::Status second_status;
  {
    const Thread thread("restore", [&] { first_status = first(); });
    second_status = second();
  }
  return first_status.ok() ? second_status : first_status;
}

}  // namespace

RowFiles::RowFiles(const Folder* folder, const v1::CheckpointTable* table, size_t row_bytes, StopQuestion stop)
    : folder_(folder), table_(table), row_bytes_(static_cast<int64_t>(row_bytes)), stop_(std::move(stop)) {}

absl::Status RowFiles::Read(int64_t first, int64_t count, char* to) {
  const int64_t used = table_->frozen().used_slots();
  if (first < 0 || count < 0 || first > used || count > used - first) {
    return absl::OutOfRangeError(absl::StrCat("slots ", first, ".. (", count, " of them), want them below ", used));
  }
  const int64_t begin = first * row_bytes_;
  const int64_t end = begin + count * row_bytes_;
  if (end - begin < kWorthAThread) return ReadRange(cursors_[0], begin, end, to);
  // Cuts between two blocks, so that no block is read twice.
  const int64_t segment_bytes = table_->segments(0).bytes();
  const int64_t middle = begin + (end - begin) / 2;
  const int64_t cut = middle - (middle % segment_bytes) % kBlockBytes;
  return InParallel([&] { return ReadRange(cursors_[0], begin, cut, to); },
                    [&] { return ReadRange(cursors_[1], cut, end, to + (cut - begin)); });
}

absl::Status RowFiles::ReadRange(Cursor& cursor, int64_t begin, int64_t end, char* to) const {
  while (begin < end) {
    RECBOTS_RETURN_IF_ERROR(CheckStop(stop_));
    const int64_t segment_bytes = table_->segments(0).bytes();
    const int64_t segment = begin / segment_bytes;
    const int64_t start = segment * segment_bytes;
    if (cursor.segment != segment) {
      cursor.segment = -1;
      cursor.block = -1;
      RECBOTS_ASSIGN_OR_RETURN(cursor.file, BlockFile::Open(*folder_, table_->segments(static_cast<int>(segment))));
      cursor.segment = segment;
    }
    const int64_t stop = std::min(end, start + segment_bytes);
    RECBOTS_RETURN_IF_ERROR(ReadInSegment(cursor, begin - start, stop - start, to));
    to += stop - begin;
    begin = stop;
  }
  return absl::OkStatus();
}

absl::Status RowFiles::ReadInSegment(Cursor& cursor, int64_t begin, int64_t end, char* to) const {
  while (begin < end) {
    const int64_t block = begin / kBlockBytes;
    const int64_t start = block * kBlockBytes;
    // Whole blocks are read directly into `to`.
    const int64_t whole = end == cursor.file.bytes() ? cursor.file.num_blocks() - block : (end - start) / kBlockBytes;
    if (begin == start && whole > 0) {
      RECBOTS_RETURN_IF_ERROR(cursor.file.Read(block, whole, to));
      const int64_t read = std::min(end, start + whole * kBlockBytes) - begin;
      to += read;
      begin += read;
      continue;
    }
    if (cursor.block != block) {
      cursor.block = -1;
      cursor.bytes.resize(static_cast<size_t>(kBlockBytes));
      RECBOTS_RETURN_IF_ERROR(cursor.file.Read(block, 1, cursor.bytes.data()));
      cursor.block = block;
    }
    const int64_t stop = std::min(end, start + kBlockBytes);
    std::memcpy(to, cursor.bytes.data() + (begin - start), static_cast<size_t>(stop - begin));
    to += stop - begin;
    begin = stop;
  }
  return absl::OkStatus();
}

absl::Status VerifyFiles(const Folder& folder, const std::vector<const v1::CheckpointFile*>& files,
                         const StopQuestion& stop) {
  std::vector<absl::Status> results(files.size());
  std::atomic<size_t> next = 0;
  std::atomic<bool> failed = false;
  const auto work = [&] {
    while (!failed) {
      const size_t i = next.fetch_add(1);
      if (i >= files.size()) break;
      results[i] = CheckStop(stop);
      if (results[i].ok()) {
        const absl::StatusOr<BlockFile> file = BlockFile::Open(folder, *files[i]);
        results[i] = file.ok() ? file->Verify() : file.status();
      }
      if (!results[i].ok()) failed = true;
    }
    return absl::OkStatus();
  };
  RECBOTS_RETURN_IF_ERROR(InParallel(work, work));
  for (absl::Status& result : results) RECBOTS_RETURN_IF_ERROR(result);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<char>> ReadContent(const Folder& folder, const v1::CheckpointFile& expected,
                                              const StopQuestion& stop) {
  RECBOTS_ASSIGN_OR_RETURN(const BlockFile file, BlockFile::Open(folder, expected));
  std::vector<char> content(static_cast<size_t>(file.bytes()));
  const int64_t half = file.bytes() < kWorthAThread ? 0 : file.num_blocks() / 2;
  const auto read = [&](int64_t first, int64_t last) -> absl::Status {
    for (int64_t block = first; block < last; block += kBlocksAtOnce) {
      RECBOTS_RETURN_IF_ERROR(CheckStop(stop));
      const int64_t count = std::min(kBlocksAtOnce, last - block);
      RECBOTS_RETURN_IF_ERROR(file.Read(block, count, content.data() + block * kBlockBytes));
    }
    return absl::OkStatus();
  };
  if (half == 0) {
    RECBOTS_RETURN_IF_ERROR(read(0, file.num_blocks()));
  } else {
    RECBOTS_RETURN_IF_ERROR(InParallel([&] { return read(0, half); }, [&] { return read(half, file.num_blocks()); }));
  }
  return content;
}

}  // namespace recbots::replay
