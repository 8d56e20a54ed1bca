// RowSchema <-> proto.
#pragma once

#include "absl/status/statusor.h"
#include "common/base/row_schema.h"
#include "recbots/v1/trajectory.pb.h"

namespace recbots {

v1::RowSchema RowSchemaToProto(const RowSchema& schema);

// INVALID_ARGUMENT: a dtype is unknown, there are over 256 columns, a shape has over 8 extents, or RowSchema::Create
// refuses the columns.
absl::StatusOr<RowSchema> RowSchemaFromProto(const v1::RowSchema& proto);

}  // namespace recbots
