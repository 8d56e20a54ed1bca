#include "common/networks/tensor_batch.h"

#include <ATen/ops/from_blob.h>

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/networks/torch_status.h"
#include "common/rl/transition.h"

namespace recbots {
namespace {

at::ScalarType TorchType(DType dtype) {
  switch (dtype) {
    case DType::kInt32:
      return at::kInt;
    case DType::kInt64:
      return at::kLong;
    case DType::kFloat32:
      break;
  }
  return at::kFloat;
}

absl::StatusOr<at::Tensor> WrapMemory(const void* data, at::IntArrayRef sizes, at::ScalarType dtype) {
  at::Tensor tensor;
  // from_blob takes no const memory; nobody writes to a batch.
  RECBOTS_RETURN_IF_ERROR(
      RunTorch([&] { tensor = at::from_blob(const_cast<void*>(data), sizes, at::TensorOptions(dtype)); }));
  return tensor;
}

struct Columns {
  const RowSchema& schema;
  absl::string_view bytes;
  int64_t rows;
};

absl::StatusOr<at::Tensor> Wrap(const Columns& columns, absl::string_view name, DType dtype, size_t rank) {
  const int found = columns.schema.Find(name);
  if (found < 0) return absl::InvalidArgumentError(absl::StrCat("batch: no column '", name, "'"));
  const auto i = static_cast<size_t>(found);
  const Column& column = columns.schema.columns()[i];
  if (column.dtype != dtype || column.shape.size() != rank) {
    return absl::InvalidArgumentError(absl::StrCat("batch: column '", name, "' is ", NameOf(column.dtype), " of rank ",
                                                   column.shape.size(), ", want ", NameOf(dtype), " of rank ", rank));
  }
  std::vector<int64_t> sizes = {columns.rows};
  sizes.insert(sizes.end(), column.shape.begin(), column.shape.end());
  const char* data = columns.bytes.data() + columns.schema.batch_offset(i, static_cast<size_t>(columns.rows));
  return WrapMemory(data, sizes, TorchType(dtype));
}

}  // namespace

absl::StatusOr<TransitionBatch> WrapTransitions(const RowSchema& schema, absl::string_view columns, int64_t rows) {
  if (rows < 1) return absl::InvalidArgumentError(absl::StrCat("batch: ", rows, " rows, want at least 1"));
  const size_t want = schema.batch_bytes(static_cast<size_t>(rows));
  if (columns.size() != want) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch: ", columns.size(), " bytes, want ", want, " for ", rows, " rows"));
  }
  if (reinterpret_cast<uintptr_t>(columns.data()) % RowSchema::kColumnAlignment != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch: columns not aligned to ", RowSchema::kColumnAlignment, " bytes"));
  }
  const Columns in = {schema, columns, rows};
  TransitionBatch batch;
  RECBOTS_ASSIGN_OR_RETURN(batch.observation, Wrap(in, transition::kObservation, DType::kFloat32, 1));
  RECBOTS_ASSIGN_OR_RETURN(batch.next_observation, Wrap(in, transition::kNextObservation, DType::kFloat32, 1));
  RECBOTS_ASSIGN_OR_RETURN(batch.slate, Wrap(in, transition::kSlate, DType::kInt32, 1));
  RECBOTS_ASSIGN_OR_RETURN(batch.reward, Wrap(in, transition::kReward, DType::kFloat32, 0));
  RECBOTS_ASSIGN_OR_RETURN(batch.discount, Wrap(in, transition::kDiscount, DType::kFloat32, 0));
  return batch;
}

absl::StatusOr<at::Tensor> WrapRowValues(absl::Span<const float> values) {
  return WrapMemory(values.data(), {static_cast<int64_t>(values.size())}, at::kFloat);
}

}  // namespace recbots
