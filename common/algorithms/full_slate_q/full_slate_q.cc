#include "common/algorithms/full_slate_q/full_slate_q.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "common/algorithms/check_batch.h"
#include "common/algorithms/full_slate_q/policy.h"
#include "common/base/status_macros.h"
#include "common/networks/torch_status.h"
#include "common/rl/spec.h"

namespace recbots {

absl::StatusOr<std::unique_ptr<FullSlateQ>> FullSlateQ::Create(const FullSlateQOptions& options) {
  std::unique_ptr<FullSlateQ> algorithm;
  RECBOTS_RETURN_IF_ERROR(RunTorch([&] { algorithm.reset(new FullSlateQ(options)); }));
  return algorithm;
}

namespace {

TrainingState MakeState(const FullSlateQOptions& options) {
  TrainingSpec spec;
  QLearner::Describe(options.q, spec);
  return TrainingState(spec, options.q.tensors());
}

}  // namespace

FullSlateQ::FullSlateQ(const FullSlateQOptions& options)
    : Algorithm(MakeState(options), QTensors(options.shape.q)),
      options_(options),
      action_size_(static_cast<size_t>(options.shape.slate_size) *
                   static_cast<size_t>(options.shape.num_item_features)),
      slates_(EnumerateSlates(options.shape.num_candidates, options.shape.slate_size)),
      q_(options.q, state()) {
  if (!q_.fused()) program_ = std::make_unique<FullSlateQProgram>(options, slates_, q_);
  if (options.shape.item_features) return;
  const auto n = static_cast<size_t>(options.shape.num_candidates);
  identity_.resize(n * n);
  for (size_t i = 0; i < n; ++i) identity_[i * n + i] = 1;
}

const float* FullSlateQ::CandidatesOf(const at::Tensor& candidates, size_t row) const {
  if (!options_.shape.item_features) return identity_.data();
  return candidates.data_ptr<float>() + row * static_cast<size_t>(candidates.size(1) * candidates.size(2));
}

void FullSlateQ::WriteSlate(const float* candidates, const int32_t* slate, float* action) const {
  const auto features = static_cast<size_t>(options_.shape.num_item_features);
  for (size_t k = 0; k < static_cast<size_t>(options_.shape.slate_size); ++k, action += features) {
    if (slate[k] == kNoItem) {
      std::fill_n(action, features, 0.0f);
    } else {
      std::copy_n(candidates + static_cast<size_t>(slate[k]) * features, features, action);
    }
  }
}

absl::Status FullSlateQ::Update(const TransitionBatch& batch, absl::Span<float> td_errors) {
  const FullSlateShape& shape = options_.shape;
  RECBOTS_RETURN_IF_ERROR(CheckBatch(batch,
                                     {.num_user_features = shape.q.action.num_user_features,
                                      .num_candidates = shape.num_candidates,
                                      .num_candidate_features = shape.item_features ? shape.num_item_features : 0,
                                      .slate_size = shape.slate_size},
                                     td_errors));
  absl::Status status;
  RECBOTS_RETURN_IF_ERROR(RunTorch([&] {
    const c10::InferenceMode no_autograd;
    status = CheckSlates("slate", batch.slate.contiguous(), shape.num_candidates);
    if (!status.ok()) return;
    status = program_ != nullptr ? UpdateByProgram(batch, td_errors) : UpdateByKernels(batch, td_errors);
    if (status.ok()) EndUpdate();
  }));
  return status;
}

absl::Status FullSlateQ::UpdateByProgram(const TransitionBatch& batch, absl::Span<float> td_errors) {
  program_->Load(batch);
  if (exchange() == nullptr) {
    program_->Update();
  } else {
    program_->ComputeGradients();
    RECBOTS_RETURN_IF_ERROR(ExchangeGradients(batch));
    program_->Step();
  }
  program_->ReadTdErrors(td_errors);
  return absl::OkStatus();
}

absl::Status FullSlateQ::UpdateByKernels(const TransitionBatch& batch, absl::Span<float> td_errors) {
  LoadShown(batch);
  ComputeTargets(batch);
  const auto rows = static_cast<int64_t>(targets_.size());
  const at::Tensor observation = batch.observation.defined() ? batch.observation : at::empty({rows, 0});
  q_.ComputeGradients({.observation = observation,
                       .actions = at::from_blob(chosen_.data(), {rows, static_cast<int64_t>(action_size_)}),
                       .targets = targets_,
                       .weights = row_weights_,
                       .divisor = static_cast<double>(rows)},
                      td_errors);
  RECBOTS_RETURN_IF_ERROR(ExchangeGradients(batch));
  q_.Step();
  return absl::OkStatus();
}

absl::Status FullSlateQ::ExchangeGradients(const TransitionBatch& batch) {
  if (exchange() == nullptr) return absl::OkStatus();
  GradientPart part = q_.gradient_part(static_cast<double>(batch.reward.size(0)));
  part.weighted = batch.importance_weights.defined();
  return exchange()->Exchange({&part, 1});
}

void FullSlateQ::LoadShown(const TransitionBatch& batch) {
  const auto rows = static_cast<size_t>(batch.reward.size(0));
  const auto slate_size = static_cast<size_t>(options_.shape.slate_size);
  const at::Tensor slates = batch.slate.contiguous();
  const at::Tensor candidates = options_.shape.item_features ? batch.candidates.contiguous() : at::Tensor();
  chosen_.resize(rows * action_size_);
  for (size_t row = 0; row < rows; ++row) {
    const int32_t* slate = slates.data_ptr<int32_t>() + row * slate_size;
    WriteSlate(CandidatesOf(candidates, row), slate, chosen_.data() + row * action_size_);
  }
  row_weights_.assign(rows, 1.0f);
  if (!batch.importance_weights.defined()) return;
  const at::Tensor weights = batch.importance_weights.contiguous();
  std::copy_n(weights.data_ptr<float>(), rows, row_weights_.data());
}

void FullSlateQ::ComputeTargets(const TransitionBatch& batch) {
  const bool legacy = options_.q.legacy_target_state;
  const int64_t rows = batch.reward.size(0);
  const at::Tensor& seen = legacy ? batch.observation : batch.next_observation;
  const at::Tensor observation = seen.defined() ? seen : at::empty({rows, 0});
  const at::Tensor& offered = legacy ? batch.candidates : batch.next_candidates;
  const at::Tensor candidates = options_.shape.item_features ? offered.contiguous() : at::Tensor();
  const auto slate_size = static_cast<size_t>(options_.shape.slate_size);
  const size_t num_slates = slates_.size() / slate_size;
  actions_.resize(static_cast<size_t>(rows) * num_slates * action_size_);
  float* action = actions_.data();
  for (size_t row = 0; row < static_cast<size_t>(rows); ++row) {
    for (size_t s = 0; s < num_slates; ++s, action += action_size_) {
      WriteSlate(CandidatesOf(candidates, row), slates_.data() + s * slate_size, action);
    }
  }
  const at::Tensor actions =
      at::from_blob(actions_.data(), {rows * static_cast<int64_t>(num_slates), static_cast<int64_t>(action_size_)});
  const at::Tensor target_values = q_.TargetValues(observation, actions);
  const at::Tensor choosing = options_.q.double_q ? q_.OnlineValues(observation, actions) : target_values;
  const at::Tensor reward = batch.reward.contiguous();
  const at::Tensor discount = batch.discount.contiguous();
  targets_.resize(static_cast<size_t>(rows));
  for (size_t row = 0; row < targets_.size(); ++row) {
    const float* values = choosing.data_ptr<float>() + row * num_slates;
    const auto best = static_cast<size_t>(std::max_element(values, values + num_slates) - values);
    const float row_discount = discount.data_ptr<float>()[row];
    targets_[row] = reward.data_ptr<float>()[row];
    if (row_discount != 0) targets_[row] += row_discount * target_values.data_ptr<float>()[row * num_slates + best];
  }
}

Algorithm::Losses FullSlateQ::losses() const {
  Losses losses = {{"q_loss", q_.loss()}};
  AddOptimizer("q", q_.optimizer(), losses);
  return losses;
}

}  // namespace recbots
