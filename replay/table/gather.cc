#include "replay/table/gather.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace recbots::replay {
namespace {

constexpr size_t kCacheLine = 64;
constexpr size_t kMaxPrefetch = 1024;  // Bytes of a row to prefetch; the hardware prefetches the rest by itself.

// A constant size lets the compiler turn the copy into one move.
template <size_t kBytes>
void GatherFixed(absl::Span<const char* const> rows, size_t offset, char* out) {
  for (const char* row : rows) {
    std::memcpy(out, row + offset, kBytes);
    out += kBytes;
  }
}

void GatherColumn(absl::Span<const char* const> rows, size_t offset, size_t bytes, char* out) {
  switch (bytes) {
    case 4:
      return GatherFixed<4>(rows, offset, out);
    case 8:
      return GatherFixed<8>(rows, offset, out);
    case 16:
      return GatherFixed<16>(rows, offset, out);
    case 40:  // The one-hot of ten documents.
      return GatherFixed<40>(rows, offset, out);
    default:
      for (const char* row : rows) {
        std::memcpy(out, row + offset, bytes);
        out += bytes;
      }
  }
}

}  // namespace

void GatherRows(const RowSchema& schema, absl::Span<const char* const> rows, size_t first_row, size_t batch_rows,
                char* columns) {
  // A group of rows is so small that it stays in the first-level cache while its columns are copied.
  const size_t group = std::clamp<size_t>(size_t{16384} / schema.row_bytes(), 4, 64);
  const size_t ahead = std::min(schema.row_bytes(), kMaxPrefetch);
  const auto prefetch = [&](size_t begin) {
    for (size_t i = begin; i < std::min(begin + group, rows.size()); ++i) {
      for (size_t byte = 0; byte < ahead; byte += kCacheLine) __builtin_prefetch(rows[i] + byte);
    }
  };
  prefetch(0);
  for (size_t begin = 0; begin < rows.size(); begin += group) {
    prefetch(begin + group);
    const auto part = rows.subspan(begin, group);
    char* start = columns;
    for (size_t c = 0; c < schema.columns().size(); ++c) {
      const size_t bytes = schema.column_bytes(c);
      GatherColumn(part, schema.offset(c), bytes, start + (first_row + begin) * bytes);
      const size_t column = bytes * batch_rows;
      start += (column + RowSchema::kColumnAlignment - 1) / RowSchema::kColumnAlignment * RowSchema::kColumnAlignment;
    }
  }
}

}  // namespace recbots::replay
