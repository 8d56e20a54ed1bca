#include "common/algorithms/full_slate_q/full_slate_q_program.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>

#include <algorithm>

#include "common/networks/torch_device.h"
#include "common/rl/spec.h"

namespace recbots {
namespace {

// What differs between updates of batches of one size; numbers are sums of these.
constexpr int64_t kGradients = 1, kStep = 2, kCopiesTarget = 4;

QInputs::Shape InputsOf(const FullSlateQOptions& options) {
  return {.num_user_features = options.shape.q.action.num_user_features,
          .num_candidates = options.shape.num_candidates,
          .num_item_features = options.shape.num_item_features,
          .item_features = options.shape.item_features,
          .next_is_now = options.q.legacy_target_state,
          .tensors = options.q.tensors()};
}

}  // namespace

FullSlateQProgram::FullSlateQProgram(const FullSlateQOptions& options, absl::Span<const int32_t> slates, QLearner& q)
    : options_(options),
      q_(q),
      inputs_(InputsOf(options), [this](int64_t rows) { return MoreInputs(rows); }),
      program_(TorchDevice(options.q.device), options.q.precision) {
  const at::Tensor all = at::from_blob(const_cast<int32_t*>(slates.data()), {static_cast<int64_t>(slates.size())},
                                       at::TensorOptions(at::kInt));
  slates_ = all.to(at::TensorOptions(at::kLong).device(TorchDevice(options.q.device)));
}

std::vector<ProgramInputs::Wanted> FullSlateQProgram::MoreInputs(int64_t rows) const {
  const int64_t items = rows * options_.shape.slate_size;
  return {{{items}, at::kLong}, {{items, 1}, options_.q.tensors().dtype().toScalarType()}};
}

void FullSlateQProgram::Load(const TransitionBatch& batch) {
  const int64_t rows_before = inputs_.rows();
  if (inputs_.Fit(batch)) {
    program_.Forget();
    targets_ = at::empty({inputs_.rows()}, options_.q.tensors());
    if (inputs_.rows() != rows_before) q_.ForgetRows();
  }
  inputs_.Load(batch);
  const int64_t rows = inputs_.rows(), slate_size = options_.shape.slate_size;
  const at::Tensor slates = batch.slate.contiguous();
  const int32_t* position = slates.data_ptr<int32_t>();
  const at::Tensor known = at::empty({rows * slate_size, 1});
  int64_t* const shown = inputs_.host(kShown).data_ptr<int64_t>();
  for (int64_t i = 0; i < rows * slate_size; ++i) {
    const bool is_item = position[i] != kNoItem;
    shown[i] = is_item ? inputs_.ItemRow(i / slate_size, position[i]) : 0;
    known.data_ptr<float>()[i] = is_item ? 1.0f : 0.0f;
  }
  inputs_.host(kShownKnown).copy_(known);
  std::vector<double> weights(static_cast<size_t>(rows), 1.0);
  if (batch.importance_weights.defined()) {
    const at::Tensor importance = batch.importance_weights.contiguous();
    std::copy_n(importance.data_ptr<float>(), weights.size(), weights.data());
  }
  for (double& weight : weights) weight /= static_cast<double>(rows);
  inputs_.LoadWeights(weights);
  inputs_.Upload();
}

void FullSlateQProgram::Run(bool gradients, bool step) {
  const bool copies_target = step && q_.BeginStep();
  const int64_t variant = (gradients ? kGradients : 0) + (step ? kStep : 0) + (copies_target ? kCopiesTarget : 0);
  program_.Run(variant, [&] {
    if (gradients) Learn();
    if (step) q_.ApplyStep(copies_target);
  });
  if (gradients) q_.TakeResults();
}

at::Tensor FullSlateQProgram::AllSlates(const at::Tensor& candidates) const {
  const int64_t width = int64_t{options_.shape.slate_size} * options_.shape.num_item_features;
  return candidates.index_select(1, slates_).reshape({-1, width});
}

void FullSlateQProgram::Learn() {
  const int64_t rows = inputs_.rows();
  const at::Tensor actions = AllSlates(inputs_.next_candidates());
  const at::Tensor& observation = inputs_.next_observation();
  const at::Tensor values = q_.Values(QSide::kTarget, observation, actions);  // [B, S]
  const at::Tensor choosing = options_.q.double_q ? q_.Values(QSide::kOnline, observation, actions) : values;
  const at::Tensor best = choosing.argmax(1, /*keepdim=*/true);
  // What follows an end may be anything.
  const at::Tensor discount = inputs_.discount().view({rows, 1}), ended = discount.eq(0);
  const at::Tensor reward = inputs_.reward().view({rows, 1});
  const at::Tensor next = values.gather(1, best).mul_(discount).masked_fill_(ended, 0);
  targets_.copy_(next.add_(reward).squeeze(1));
  const at::Tensor items = inputs_.items().index_select(0, inputs_.more(kShown)).mul(inputs_.more(kShownKnown));
  QLearner::TensorBatch batch = {.observation = inputs_.observation(),
                                 .actions = items.view({rows, -1}),
                                 .targets = targets_,
                                 .weights = inputs_.weights()};
  if (q_.wants_atoms()) {
    const at::Tensor all = q_.TargetAtoms();  // [B, S, atoms]
    const int64_t atoms = all.size(2);
    const at::Tensor of_best = all.gather(1, best.unsqueeze(2).expand({-1, -1, atoms})).squeeze(1);
    batch.atoms = of_best.mul(discount).masked_fill_(ended, 0).add_(reward);
    batch.shares = at::full({1, 1}, 1 / static_cast<double>(atoms), all.options()).expand({rows, atoms});
  }
  q_.ComputeGradients(batch);
}

void FullSlateQProgram::ReadTdErrors(absl::Span<float> td_errors) const {
  if (!td_errors.empty()) ReadBack(q_.td_errors(), td_errors);
}

std::vector<float> FullSlateQProgram::ReadTargets() const {
  std::vector<float> targets(static_cast<size_t>(targets_.numel()));
  ReadBack(targets_, absl::MakeSpan(targets));
  return targets;
}

}  // namespace recbots
