#include "common/base/row_schema.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/log.h"

namespace recbots {
namespace {

size_t RoundUp(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

bool IsColumnName(absl::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) || absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
           c == '_';
  });
}

std::string Describe(const Column& column) {
  std::string text = absl::StrCat(column.name, " ", NameOf(column.dtype));
  if (!column.shape.empty()) absl::StrAppend(&text, " [", absl::StrJoin(column.shape, ", "), "]");
  return text;
}

}  // namespace

size_t SizeOf(DType dtype) { return dtype == DType::kInt64 ? 8 : 4; }

absl::string_view NameOf(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return "float32";
    case DType::kInt32:
      return "int32";
    case DType::kInt64:
      return "int64";
  }
  return "unknown";
}

absl::StatusOr<RowSchema> RowSchema::Create(std::vector<Column> columns) {
  if (columns.empty()) return absl::InvalidArgumentError("row schema: no columns, want at least 1");
  RowSchema schema;
  std::set<std::string> names;
  size_t offset = 0;
  for (const Column& column : columns) {
    if (!IsColumnName(column.name)) {
      return absl::InvalidArgumentError(absl::StrCat("row schema: column name '", column.name,
                                                     "', want 1..64 of lower case letters, digits, underscores"));
    }
    if (!names.insert(column.name).second) {
      return absl::InvalidArgumentError(absl::StrCat("row schema: column '", column.name, "' twice"));
    }
    size_t elements = 1;
    for (const int32_t extent : column.shape) {
      if (extent < 1) {
        return absl::InvalidArgumentError(
            absl::StrCat("row schema: column '", column.name, "' has extent ", extent, ", want at least 1"));
      }
      elements = std::min(elements * static_cast<size_t>(extent), kMaxRowBytes + 1);
    }
    const size_t size = SizeOf(column.dtype);
    offset = RoundUp(offset, size);
    schema.offsets_.push_back(offset);
    schema.bytes_.push_back(elements * size);
    offset += elements * size;
    if (offset > kMaxRowBytes) {
      return absl::InvalidArgumentError(absl::StrCat("row schema: row of more than ", kMaxRowBytes,
                                                     " bytes at column '", column.name, "', want at most that"));
    }
  }
  schema.row_bytes_ = RoundUp(offset, 8);
  schema.columns_ = std::move(columns);
  return schema;
}

int RowSchema::Find(absl::string_view name) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].name == name) return static_cast<int>(i);
  }
  return -1;
}

size_t RowSchema::batch_offset(size_t i, size_t rows) const {
  RECBOTS_CHECK(i <= columns_.size());
  size_t offset = 0;
  for (size_t c = 0; c < i; ++c) offset += RoundUp(bytes_[c] * rows, kColumnAlignment);
  return offset;
}

std::string RowSchema::ToString() const {
  return absl::StrJoin(columns_, ", ",
                       [](std::string* out, const Column& column) { absl::StrAppend(out, Describe(column)); });
}

std::string RowSchema::DifferenceTo(const RowSchema& other) const {
  const size_t common = std::min(columns_.size(), other.columns_.size());
  for (size_t i = 0; i < common; ++i) {
    if (columns_[i] != other.columns_[i]) {
      return absl::StrCat("column ", i, " is '", Describe(columns_[i]), "' here and '", Describe(other.columns_[i]),
                          "' there");
    }
  }
  if (columns_.size() != other.columns_.size()) {
    return absl::StrCat(columns_.size(), " columns here and ", other.columns_.size(), " there");
  }
  return "";
}

}  // namespace recbots
