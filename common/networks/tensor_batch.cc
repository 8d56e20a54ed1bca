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

// The same where the column may be absent: undefined then.
absl::StatusOr<at::Tensor> WrapIfThere(const Columns& columns, absl::string_view name, DType dtype, size_t rank) {
  if (columns.schema.Find(name) < 0) return at::Tensor();
  return Wrap(columns, name, dtype, rank);
}

// A column and what it became a step later: both or neither.
absl::Status WrapPair(const Columns& columns, absl::string_view now, absl::string_view next, size_t rank,
                      at::Tensor& now_tensor, at::Tensor& next_tensor) {
  if (columns.schema.Find(now) < 0 && columns.schema.Find(next) < 0) return absl::OkStatus();
  RECBOTS_ASSIGN_OR_RETURN(now_tensor, Wrap(columns, now, DType::kFloat32, rank));
  RECBOTS_ASSIGN_OR_RETURN(next_tensor, Wrap(columns, next, DType::kFloat32, rank));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TransitionBatch> WrapTransitions(const RowSchema& schema, absl::string_view columns, int64_t rows,
                                                const at::Tensor& catalogue) {
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
  RECBOTS_RETURN_IF_ERROR(WrapPair(in, transition::kObservation, transition::kNextObservation, 1, batch.observation,
                                   batch.next_observation));
  RECBOTS_RETURN_IF_ERROR(
      WrapPair(in, transition::kCandidates, transition::kNextCandidates, 2, batch.candidates, batch.next_candidates));
  if (!batch.candidates.defined() && catalogue.defined()) {
    RECBOTS_RETURN_IF_ERROR(RunTorch([&] { batch.candidates = catalogue.unsqueeze(0).expand({rows, -1, -1}); }));
    batch.next_candidates = batch.candidates;
  }
  RECBOTS_ASSIGN_OR_RETURN(batch.slate, Wrap(in, transition::kSlate, DType::kInt32, 1));
  RECBOTS_ASSIGN_OR_RETURN(batch.next_slate, WrapIfThere(in, transition::kNextSlate, DType::kInt32, 1));
  RECBOTS_ASSIGN_OR_RETURN(batch.response, Wrap(in, transition::kResponse, DType::kFloat32, 2));
  RECBOTS_ASSIGN_OR_RETURN(batch.reward, Wrap(in, transition::kReward, DType::kFloat32, 0));
  RECBOTS_ASSIGN_OR_RETURN(batch.discount, Wrap(in, transition::kDiscount, DType::kFloat32, 0));
  return batch;
}

absl::StatusOr<at::Tensor> WrapCatalogue(const Catalogue* catalogue) {
  if (catalogue == nullptr) return at::Tensor();
  return WrapMemory(catalogue->features().data(), {catalogue->num_items(), catalogue->num_features()}, at::kFloat);
}

absl::StatusOr<at::Tensor> WrapRowValues(absl::Span<const float> values) {
  return WrapMemory(values.data(), {static_cast<int64_t>(values.size())}, at::kFloat);
}

}  // namespace recbots
