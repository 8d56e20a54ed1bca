#include "common/wire/row_schema_proto.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace recbots {
namespace {

// Far beyond any transition; the bounds limit how much memory a foreign peer can make us allocate.
constexpr int kMaxColumns = 256;
constexpr int kMaxExtents = 8;

}  // namespace

v1::RowSchema RowSchemaToProto(const RowSchema& schema) {
  v1::RowSchema proto;
  for (const Column& column : schema.columns()) {
    v1::ColumnSchema* out = proto.add_columns();
    out->set_name(column.name);
    out->set_dtype(static_cast<v1::DType>(column.dtype));  // The same numbers on both sides.
    out->mutable_shape()->Assign(column.shape.begin(), column.shape.end());
  }
  return proto;
}

absl::StatusOr<RowSchema> RowSchemaFromProto(const v1::RowSchema& proto) {
  if (proto.columns_size() > kMaxColumns) {
    return absl::InvalidArgumentError(
        absl::StrCat("row schema: ", proto.columns_size(), " columns, want at most ", kMaxColumns));
  }
  std::vector<Column> columns;
  for (const v1::ColumnSchema& in : proto.columns()) {
    if (in.dtype() < v1::DTYPE_FLOAT32 || in.dtype() > v1::DTYPE_INT64) {
      return absl::InvalidArgumentError(
          absl::StrCat("row schema: column '", in.name(), "' has dtype ", static_cast<int>(in.dtype()), ", want 1..3"));
    }
    if (in.shape_size() > kMaxExtents) {
      return absl::InvalidArgumentError(absl::StrCat("row schema: column '", in.name(), "' has ", in.shape_size(),
                                                     " extents, want at most ", kMaxExtents));
    }
    columns.push_back({in.name(), static_cast<DType>(in.dtype()), {in.shape().begin(), in.shape().end()}});
  }
  return RowSchema::Create(std::move(columns));
}

}  // namespace recbots
