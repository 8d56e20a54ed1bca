// RowSchema <-> proto.
#pragma once

#include "absl/status/statusor.h"
#include "common/base/row_schema.h"
#include "recbots/v1/trajectory.pb.h"

namespace recbots {

v1::RowSchema RowSchemaToProto(const RowSchema& schema);

// INVALID_ARGUMENT: an unknown dtype, over 256 columns, over 8 extents in a shape, or what RowSchema::Create refuses.
absl::StatusOr<RowSchema> RowSchemaFromProto(const v1::RowSchema& proto);

}  // namespace recbots
