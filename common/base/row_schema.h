// The layout of a fixed-size row: named, typed, shaped columns, one after the other. Both ends of every wire check it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace recbots {

enum class DType : int { kFloat32 = 1, kInt32 = 2, kInt64 = 3 };

// Bytes of one element.
size_t SizeOf(DType dtype);
absl::string_view NameOf(DType dtype);

struct Column {
  std::string name;
  DType dtype = DType::kFloat32;
  std::vector<int32_t> shape;  // The shape of one row's value; empty for a scalar.

  friend bool operator==(const Column&, const Column&) = default;
};

// Immutable. Each column starts at the next multiple of its element size; the row is padded to a multiple of 8 bytes.
// A batch of rows can be laid out as columns: the columns follow each other in schema order, each has shape [rows,
// shape...] and starts at the next multiple of kColumnAlignment bytes.
class RowSchema {
 public:
  static constexpr size_t kColumnAlignment = 64;
  static constexpr size_t kMaxRowBytes = size_t{1} << 20;

  RowSchema() = default;

  // INVALID_ARGUMENT: there is no column; a name is empty, malformed or used twice; an extent is below 1; a row would
  // have more than kMaxRowBytes.
  static absl::StatusOr<RowSchema> Create(std::vector<Column> columns);

  const std::vector<Column>& columns() const { return columns_; }
  size_t row_bytes() const { return row_bytes_; }
  // The offset of column i within a row, and its size in bytes.
  size_t offset(size_t i) const { return offsets_[i]; }
  size_t column_bytes(size_t i) const { return bytes_[i]; }
  // Index of the column of that name, or -1.
  int Find(absl::string_view name) const;

  // The offset of column i in a batch of `rows` rows laid out as columns; i == columns().size() gives the bytes of the
  // batch.
  size_t batch_offset(size_t i, size_t rows) const;
  size_t batch_bytes(size_t rows) const { return batch_offset(columns_.size(), rows); }

  // "observation float32 [10], reward float32, ..."
  std::string ToString() const;
  // Describes the first difference to `other` and names both values; empty if the schemas are equal.
  std::string DifferenceTo(const RowSchema& other) const;

  friend bool operator==(const RowSchema& a, const RowSchema& b) { return a.columns_ == b.columns_; }

 private:
  std::vector<Column> columns_;
  std::vector<size_t> offsets_;
  std::vector<size_t> bytes_;
  size_t row_bytes_ = 0;
};

}  // namespace recbots
