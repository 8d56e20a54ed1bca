#include "common/base/row_json.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

template <typename T>
void AppendNumber(const char*& from, std::string& json) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  from += sizeof(value);
  if constexpr (std::is_floating_point_v<T>) {
    if (!std::isfinite(value)) {
      json += "null";
      return;
    }
  }
  char text[32];
  json.append(text, std::to_chars(text, text + sizeof(text), value).ptr);
}

// Appends the value of the extents from `depth` on.
void AppendValue(const Column& column, size_t depth, const char*& from, std::string& json) {
  if (depth == column.shape.size()) {
    switch (column.dtype) {
      case DType::kFloat32:
        return AppendNumber<float>(from, json);
      case DType::kInt32:
        return AppendNumber<int32_t>(from, json);
      case DType::kInt64:
        return AppendNumber<int64_t>(from, json);
    }
  }
  json += '[';
  for (int32_t i = 0; i < column.shape[depth]; ++i) {
    if (i > 0) json += ',';
    AppendValue(column, depth + 1, from, json);
  }
  json += ']';
}

}  // namespace

void AppendRowJson(const RowSchema& schema, const char* row, std::string& json) {
  json += '{';
  for (size_t i = 0; i < schema.columns().size(); ++i) {
    const Column& column = schema.columns()[i];
    // Names need no escapes, because RowSchema accepts only lower case letters, digits and underscores.
    absl::StrAppend(&json, i > 0 ? "," : "", "\"", column.name, "\":");
    const char* from = row + schema.offset(i);
    AppendValue(column, 0, from, json);
  }
  json += '}';
}

std::string BatchJsonLines(const RowSchema& schema, const char* batch, size_t rows) {
  std::string json;
  std::vector<char> row(schema.row_bytes());
  for (size_t r = 0; r < rows; ++r) {
    for (size_t i = 0; i < schema.columns().size(); ++i) {
      const size_t bytes = schema.column_bytes(i);
      std::memcpy(row.data() + schema.offset(i), batch + schema.batch_offset(i, rows) + r * bytes, bytes);
    }
    AppendRowJson(schema, row.data(), json);
    json += '\n';
  }
  return json;
}

}  // namespace recbots
