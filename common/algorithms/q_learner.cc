#include "common/algorithms/q_learner.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/ones.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/algorithms/value_loss.h"
#include "common/base/log.h"
#include "common/networks/one_thread.h"
#include "common/networks/torch_device.h"

namespace recbots {
namespace {

TrainingSpec SpecOf(const QLearnerOptions& options) {
  TrainingSpec spec;
  QLearner::Describe(options, spec);
  return spec;
}

QMemory MemoryOf(const QNetwork& network) {
  QMemory memory = {recbots::MemoryOf(network.action.mlp), {}};
  if (network.value.has_value()) memory.value = recbots::MemoryOf(*network.value);
  return memory;
}

}  // namespace

void QLearner::Describe(const QLearnerOptions& options, TrainingSpec& spec) {
  RECBOTS_CHECK(spec.tensors.empty());
  spec.tensors = QTensors(options.shape);
  spec.num_targets = spec.tensors.size();
  spec.numbers.push_back({"q.steps"});
}

at::TensorOptions QLearnerOptions::tensors() const {
  return at::TensorOptions(double_precision ? at::kDouble : at::kFloat).device(TorchDevice(device));
}

QLearner::QLearner(const QLearnerOptions& options)
    : QLearner(options, TrainingState(SpecOf(options), options.tensors())) {}

QLearner::QLearner(const QLearnerOptions& options, const TrainingState& state)
    : options_(options),
      memory_(state),
      tensors_(options.tensors()),
      pass_(tensors_),
      online_pass_(tensors_),
      target_pass_(tensors_),
      td_errors_(at::empty({0}, tensors_)),
      loss_(tensors_) {
  UseOneThread();
  const TrainingTensors part = memory_.Part(QTensors(options.shape));
  online_ = QNetwork(options.shape, part.parameters);
  target_ = QNetwork(options.shape, part.targets);
  gradients_ = QNetwork(options.shape, part.gradients);
  online_.Initialize(options.seed);
  target_.arena.flat().copy_(online_.arena.flat());
  optimizer_ =
      Adam({.learning_rate = options.learning_rate, .around = options.optimizer}, part, memory_.Number("q.steps"));
  if (options.double_precision || options.with_libtorch || options.device.cuda ||
      !options.shape.action.hidden().plain() || !options.shape.action.head.scalar()) {
    return;
  }
  fused_ = std::make_unique<FusedQ>(options.shape, MemoryOf(online_), MemoryOf(target_), MemoryOf(gradients_));
}

at::Tensor QLearner::Values(QSide side, const at::Tensor& observation, const at::Tensor& actions) {
  QPass& pass = side == QSide::kOnline ? online_pass_ : target_pass_;
  RunQOnCandidates(side == QSide::kOnline ? online_ : target_, observation, actions, pass);
  return pass.q.mul(options_.shape.value_scale);
}

at::Tensor QLearner::FloatValues(QSide side, const at::Tensor& observation, const at::Tensor& actions) {
  if (fused_ != nullptr) return FusedValues(side, observation, actions);
  return Values(side, observation.to(tensors_), actions.to(tensors_)).to(at::kFloat).contiguous();
}

at::Tensor QLearner::OnlineValues(const at::Tensor& observation, const at::Tensor& actions) {
  return FloatValues(QSide::kOnline, observation, actions);
}

at::Tensor QLearner::TargetValues(const at::Tensor& observation, const at::Tensor& actions) {
  return FloatValues(QSide::kTarget, observation, actions);
}

at::Tensor QLearner::FusedValues(QSide side, const at::Tensor& observation, const at::Tensor& actions) {
  const int64_t rows = observation.size(0), width = actions.size(1), per_row = actions.size(0) / rows;
  const at::Tensor values = at::empty({rows, per_row});
  const at::Tensor all = actions.to(at::kFloat).contiguous();
  LoadUsers(side, observation, /*user_value=*/true);
  for (int64_t row = 0; row < rows; ++row) {
    Score(side, static_cast<size_t>(row), all.data_ptr<float>() + row * per_row * width,
          {values.data_ptr<float>() + row * per_row, static_cast<size_t>(per_row)});
  }
  return values;
}

void QLearner::LoadUsers(QSide side, const at::Tensor& observation, bool user_value) {
  const at::Tensor users = observation.to(at::kFloat).contiguous();
  fused_->Load(side, users.data_ptr<float>(), static_cast<int>(users.size(0)), user_value);
}

void QLearner::Score(QSide side, size_t user, const float* actions, absl::Span<float> values) {
  fused_->Score(side, user, actions, static_cast<int>(values.size()), values.data());
}

void QLearner::ComputeErrors(const QBatch& batch, absl::Span<float> td_errors) {
  const double scale = options_.shape.value_scale;
  const double delta = options_.huber_delta > 0 ? options_.huber_delta : std::numeric_limits<double>::infinity();
  d_q_.resize(q_.size());
  double& loss = loss_.number();
  loss = 0;
  for (size_t row = 0; row < batch.targets.size(); ++row) {
    const double weight = batch.weights[row] / batch.divisor;
    // A row that does not count may hold anything.
    const double error = weight == 0 ? 0 : q_[row] - batch.targets[row] / scale;
    const double size = std::abs(error);
    loss += weight * (size <= delta ? error * error : delta * (2 * size - delta));
    d_q_[row] = 2 * weight * std::clamp(error, -delta, delta);
    if (!td_errors.empty()) td_errors[row] = static_cast<float>(size * scale);
  }
}

void QLearner::Learn(const QBatch& batch, absl::Span<float> td_errors) {
  ComputeGradients(batch, td_errors);
  Step();
}

void QLearner::ComputeGradients(const QBatch& batch, absl::Span<float> td_errors) {
  if (fused_ != nullptr) return LearnFused(batch, td_errors);
  const auto rows = static_cast<int64_t>(batch.targets.size());
  const auto tensor = [&](absl::Span<const float> values, at::IntArrayRef sizes) {
    return at::from_blob(const_cast<float*>(values.data()), sizes).to(tensors_);
  };
  const auto atoms = static_cast<int64_t>(batch.atoms.size()) / rows;
  ComputeGradients({.observation = batch.observation.to(tensors_),
                    .actions = batch.actions.to(tensors_),
                    .targets = tensor(batch.targets, {rows}),
                    .weights = tensor(batch.weights, {rows}).div(batch.divisor),
                    .atoms = tensor(batch.atoms, {rows, atoms}),
                    .shares = tensor(batch.shares, {rows, atoms})});
  TakeResults();
  const at::Tensor errors = td_errors_.to(at::kCPU, at::kFloat);
  std::copy_n(errors.data_ptr<float>(), td_errors.size(), td_errors.data());
}

void QLearner::LearnFused(const QBatch& batch, absl::Span<float> td_errors) {
  const at::Tensor observation = batch.observation.to(at::kFloat).contiguous();
  const at::Tensor actions = batch.actions.to(at::kFloat).contiguous();
  const absl::Span<const float> q =
      fused_->Forward(observation.data_ptr<float>(), actions.data_ptr<float>(), static_cast<int>(batch.targets.size()));
  q_.assign(q.begin(), q.end());
  ComputeErrors(batch, td_errors);
  float_d_q_.resize(d_q_.size());
  for (size_t row = 0; row < d_q_.size(); ++row) float_d_q_[row] = static_cast<float>(d_q_[row]);
  fused_->Backward(float_d_q_);
}

void QLearner::ForgetRows() {
  for (QPass* pass : {&pass_, &online_pass_, &target_pass_}) *pass = QPass(tensors_);
}

void QLearner::ComputeGradients(const TensorBatch& batch) {
  const int64_t rows = batch.targets.size(0);
  const double scale = options_.shape.value_scale;
  if (td_errors_.size(0) != rows) {
    ones_ = at::ones({rows}, tensors_);
    td_errors_ = at::empty({rows}, tensors_);
  }
  RunQ(online_, batch.observation, batch.actions, pass_);
  // A row that does not count may hold anything.
  const at::Tensor absent = batch.weights.eq(0);
  const at::Tensor targets = batch.targets.div(scale).masked_fill_(absent, 0);
  const at::Tensor errors = pass_.q.view({rows}).sub(targets).masked_fill_(absent, 0);
  td_errors_.copy_(errors.abs().mul_(scale));
  ValueLosses losses;
  if (online_.head.scalar()) {
    losses = ScalarLosses(errors, options_.huber_delta);
  } else {
    const at::Tensor outputs = pass_.outputs.view({rows, online_.head.atoms});
    losses = wants_atoms() ? QuantileLosses(outputs, batch.atoms.div(scale), batch.shares, options_.huber_delta)
                           : TwoHotLosses(outputs, targets, online_.bins);
    losses.rows.masked_fill_(absent, 0);
    losses.d_outputs.masked_fill_(absent.unsqueeze(1), 0);
  }
  loss_.tensor().copy_(losses.rows.mul_(batch.weights).sum());
  const at::Tensor d_outputs = losses.d_outputs.mul_(batch.weights.unsqueeze(1));
  QGradients(online_, batch.observation, batch.actions, d_outputs, ones_, pass_, gradients_);
}

bool QLearner::BeginStep() {
  optimizer_.Begin();
  return options_.target_update_period > 0 && optimizer_.steps() % options_.target_update_period == 0;
}

void QLearner::ApplyStep(bool copy_target) {
  if (options_.target_update_period == 0) return optimizer_.ApplyAndBlend(options_.tau);
  optimizer_.Apply();
  if (copy_target) target_.arena.flat().copy_(online_.arena.flat());
}

void QLearner::Step() { ApplyStep(BeginStep()); }

}  // namespace recbots
