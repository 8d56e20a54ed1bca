#include "learner/algorithms/check_batch.h"

#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"

namespace recbots {
namespace {

absl::Status CheckTensor(absl::string_view name, const at::Tensor& tensor, at::ScalarType dtype,
                         const std::vector<int64_t>& sizes) {
  if (tensor.defined() && tensor.is_cpu() && tensor.scalar_type() == dtype && tensor.sizes() == sizes) {
    return absl::OkStatus();
  }
  const std::string found = tensor.defined() ? absl::StrCat(c10::toString(tensor.scalar_type()), " [",
                                                            absl::StrJoin(tensor.sizes(), ", "), "]")
                                             : "undefined";
  return absl::InvalidArgumentError(absl::StrCat("batch: ", name, " is ", found, ", want ", c10::toString(dtype), " [",
                                                 absl::StrJoin(sizes, ", "), "] on the CPU"));
}

absl::Status CheckWeights(const at::Tensor& weights, int64_t rows) {
  if (!weights.defined()) return absl::OkStatus();
  RECBOTS_RETURN_IF_ERROR(CheckTensor("importance_weights", weights, at::kFloat, {rows}));
  const at::Tensor column = weights.contiguous();
  const float* weight = column.data_ptr<float>();
  for (int64_t row = 0; row < rows; ++row) {
    if (std::isfinite(weight[row]) && weight[row] >= 0) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("batch: importance_weights[", row, "] is ", weight[row], ", want a finite number of at least 0"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckBatch(const TransitionBatch& batch, const BatchShape& shape, absl::Span<const float> td_errors) {
  if (!batch.reward.defined() || batch.reward.dim() != 1 || batch.reward.size(0) < 1) {
    return absl::InvalidArgumentError("batch: reward is not a vector of at least 1 row");
  }
  const int64_t rows = batch.reward.size(0);
  if (!td_errors.empty() && static_cast<int64_t>(td_errors.size()) != rows) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch: room for ", td_errors.size(), " TD errors, want ", rows, " (rows) or 0"));
  }
  if (shape.num_user_features > 0) {
    const std::vector<int64_t> user = {rows, shape.num_user_features};
    RECBOTS_RETURN_IF_ERROR(CheckTensor("observation", batch.observation, at::kFloat, user));
    RECBOTS_RETURN_IF_ERROR(CheckTensor("next_observation", batch.next_observation, at::kFloat, user));
  }
  if (shape.num_candidate_features > 0) {
    const std::vector<int64_t> offered = {rows, shape.num_candidates, shape.num_candidate_features};
    RECBOTS_RETURN_IF_ERROR(CheckTensor("candidates", batch.candidates, at::kFloat, offered));
    RECBOTS_RETURN_IF_ERROR(CheckTensor("next_candidates", batch.next_candidates, at::kFloat, offered));
  }
  const std::vector<int64_t> slate = {rows, shape.slate_size};
  RECBOTS_RETURN_IF_ERROR(CheckTensor("slate", batch.slate, at::kInt, slate));
  if (shape.next_slate) RECBOTS_RETURN_IF_ERROR(CheckTensor("next_slate", batch.next_slate, at::kInt, slate));
  if (shape.response && (!batch.response.defined() || batch.response.dim() != 3)) {
    return absl::InvalidArgumentError("batch: response is not of rank 3");
  }
  RECBOTS_RETURN_IF_ERROR(CheckTensor("reward", batch.reward, shape.value_dtype, {rows}));
  RECBOTS_RETURN_IF_ERROR(CheckTensor("discount", batch.discount, shape.value_dtype, {rows}));
  return CheckWeights(batch.importance_weights, rows);
}

}  // namespace recbots
