#include "common/algorithms/check_batch.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status_macros.h"
#include "common/rl/spec.h"

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
  if (shape.num_response_fields > 0) {
    const at::Tensor& response = batch.response;
    const int64_t found = response.defined() && response.dim() == 3 ? response.size(2) : 0;
    const std::vector<int64_t> answers = {rows, shape.slate_size, std::max<int64_t>(found, shape.num_response_fields)};
    RECBOTS_RETURN_IF_ERROR(CheckTensor("response", response, at::kFloat, answers));
  }
  RECBOTS_RETURN_IF_ERROR(CheckTensor("reward", batch.reward, shape.value_dtype, {rows}));
  RECBOTS_RETURN_IF_ERROR(CheckTensor("discount", batch.discount, shape.value_dtype, {rows}));
  return CheckWeights(batch.importance_weights, rows);
}

absl::Status CheckSlates(absl::string_view name, const at::Tensor& slates, int num_candidates) {
  const auto slate_size = static_cast<size_t>(slates.size(1));
  const absl::Span<const int32_t> all(slates.data_ptr<int32_t>(), static_cast<size_t>(slates.numel()));
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i] == kNoItem) continue;
    if (all[i] < 0 || all[i] >= num_candidates) {
      return absl::InvalidArgumentError(absl::StrCat("batch: ", name, "[", i / slate_size, "] has candidate ", all[i],
                                                     ", want 0..", num_candidates - 1));
    }
    if (i % slate_size > 0 && all[i - 1] == kNoItem) {
      return absl::InvalidArgumentError(
          absl::StrCat("batch: ", name, "[", i / slate_size, "] has an item behind its end"));
    }
  }
  return absl::OkStatus();
}

}  // namespace recbots
