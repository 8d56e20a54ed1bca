#include "common/algorithms/q_inputs.h"

#include <ATen/ops/eye.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <utility>

#include "common/base/log.h"

namespace recbots {
namespace {

bool OneForAll(const at::Tensor& column) { return column.stride(0) == 0 && column.size(0) > 1; }

}  // namespace

void ReadBack(const at::Tensor& result, absl::Span<float> to) {
  RECBOTS_CHECK(static_cast<size_t>(result.numel()) == to.size()) << result.numel() << " results, want " << to.size();
  const at::Tensor values = result.to(at::kCPU, at::kFloat).contiguous();
  std::copy_n(values.data_ptr<float>(), to.size(), to.data());
}

at::Tensor RowsOrOne(const at::Tensor& column) {
  return (OneForAll(column) ? column.narrow(0, 0, 1) : column).contiguous();
}

bool QInputs::Fit(const TransitionBatch& batch) {
  const int64_t rows = batch.reward.size(0);
  const bool one_for_all = !shape_.item_features ||
                           (OneForAll(batch.candidates) && (shape_.next_is_now || OneForAll(batch.next_candidates)));
  if (rows == rows_ && one_for_all == one_for_all_) return false;
  rows_ = rows;
  one_for_all_ = one_for_all;
  const at::ScalarType type = shape_.tensors.dtype().toScalarType();
  std::vector<ProgramInputs::Wanted> wanted = {
      {{rows, shape_.num_user_features}, type}, {{rows}, type}, {{rows}, type}, {{rows}, type}};
  const auto add = [&](const std::vector<int64_t>& sizes) {
    wanted.push_back({sizes, type});
    return wanted.size() - 1;
  };
  next_observation_ = shape_.next_is_now ? size_t{kObservation} : add({rows, shape_.num_user_features});
  if (shape_.item_features) {
    const std::vector<int64_t> items = {one_for_all ? 1 : rows, shape_.num_candidates, shape_.num_item_features};
    candidates_ = add(items);
    next_candidates_ = shape_.next_is_now ? candidates_ : add(items);
  } else {
    positions_ = at::eye(shape_.num_candidates, shape_.tensors).unsqueeze(0);
  }
  first_more_ = wanted.size();
  for (ProgramInputs::Wanted& one : more_(rows)) wanted.push_back(std::move(one));
  inputs_ = ProgramInputs(wanted, shape_.tensors.device());
  return true;
}

void QInputs::Load(const TransitionBatch& batch) {
  inputs_.host(kReward).copy_(batch.reward);
  inputs_.host(kDiscount).copy_(batch.discount);
  if (shape_.num_user_features > 0) {
    inputs_.host(kObservation).copy_(batch.observation);
    if (!shape_.next_is_now) inputs_.host(next_observation_).copy_(batch.next_observation);
  }
  if (!shape_.item_features) return;
  const auto load = [&](size_t i, const at::Tensor& column) {
    inputs_.host(i).copy_(one_for_all_ ? column.narrow(0, 0, 1) : column);
  };
  load(candidates_, batch.candidates);
  if (!shape_.next_is_now) load(next_candidates_, batch.next_candidates);
}

void QInputs::LoadWeights(absl::Span<const double> weights) {
  inputs_.host(kWeights).copy_(
      at::from_blob(const_cast<double*>(weights.data()), {rows_}, at::TensorOptions(at::kDouble)));
}

}  // namespace recbots
