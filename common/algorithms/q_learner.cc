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

QLearner::QLearner(const QLearnerOptions& options)
    : QLearner(options, TrainingState(SpecOf(options), options.double_precision ? at::kDouble : at::kFloat)) {}

QLearner::QLearner(const QLearnerOptions& options, const TrainingState& state)
    : options_(options),
      dtype_(options.double_precision ? at::kDouble : at::kFloat),
      memory_(state),
      pass_(dtype_),
      online_pass_(dtype_),
      target_pass_(dtype_) {
  UseOneThread();
  const TrainingTensors part = memory_.Part(QTensors(options.shape));
  online_ = QNetwork(options.shape, part.parameters);
  target_ = QNetwork(options.shape, part.targets);
  gradients_ = QNetwork(options.shape, part.gradients);
  online_.Initialize(options.seed);
  target_.arena.flat().copy_(online_.arena.flat());
  optimizer_ =
      Adam({.learning_rate = options.learning_rate, .around = options.optimizer}, part, memory_.Number("q.steps"));
  if (options.double_precision || options.with_libtorch || !options.shape.action.hidden().plain() ||
      !options.shape.action.head.scalar()) {
    return;
  }
  fused_ = std::make_unique<FusedQ>(options.shape, MemoryOf(online_), MemoryOf(target_), MemoryOf(gradients_));
}

at::Tensor QLearner::Scaled(const at::Tensor& q) const {
  return q.to(at::kFloat).mul(options_.shape.value_scale).contiguous();
}

at::Tensor QLearner::OnlineValues(const at::Tensor& observation, const at::Tensor& actions) {
  if (fused_ != nullptr) return FusedValues(QSide::kOnline, observation, actions);
  RunQOnCandidates(online_, observation.to(dtype_), actions.to(dtype_), online_pass_);
  return Scaled(online_pass_.q);
}

at::Tensor QLearner::TargetValues(const at::Tensor& observation, const at::Tensor& actions) {
  if (fused_ != nullptr) return FusedValues(QSide::kTarget, observation, actions);
  RunQOnCandidates(target_, observation.to(dtype_), actions.to(dtype_), target_pass_);
  return Scaled(target_pass_.q);
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
  loss_ = 0;
  for (size_t row = 0; row < batch.targets.size(); ++row) {
    const double weight = batch.weights[row] / batch.divisor;
    // A row that does not count may hold anything.
    const double error = weight == 0 ? 0 : q_[row] - batch.targets[row] / scale;
    const double size = std::abs(error);
    loss_ += weight * (size <= delta ? error * error : delta * (2 * size - delta));
    d_q_[row] = 2 * weight * std::clamp(error, -delta, delta);
    if (!td_errors.empty()) td_errors[row] = static_cast<float>(size * scale);
  }
}

void QLearner::ComputeHeadGradients(const QBatch& batch, const at::Tensor& outputs) {
  const double scale = options_.shape.value_scale;
  const size_t rows = batch.targets.size(), n = static_cast<size_t>(online_.head.atoms), m = batch.atoms.size() / rows;
  const absl::Span<const double> all = {outputs.data_ptr<double>(), rows * n};
  const std::vector<float> bins = wants_atoms() ? std::vector<float>() : BinsOf(online_.head);
  std::vector<double> atoms(m), shares(m);
  d_outputs_.assign(rows * n, 0.0);
  loss_ = 0;
  for (size_t row = 0; row < rows; ++row) {
    const double weight = batch.weights[row] / batch.divisor;
    if (weight == 0) continue;  // It may hold anything.
    const absl::Span<double> gradient = absl::MakeSpan(d_outputs_).subspan(row * n, n);
    if (wants_atoms()) {
      for (size_t j = 0; j < m; ++j) {
        atoms[j] = batch.atoms[row * m + j] / scale;
        shares[j] = batch.shares[row * m + j];
      }
      loss_ += weight * QuantileLoss(all.subspan(row * n, n), atoms, shares, options_.huber_delta, gradient);
    } else {
      loss_ += weight * TwoHotLoss(all.subspan(row * n, n), batch.targets[row] / scale, bins, gradient);
    }
    for (double& g : gradient) g *= weight;
  }
}

void QLearner::Learn(const QBatch& batch, absl::Span<float> td_errors) {
  ComputeGradients(batch, td_errors);
  Step();
}

void QLearner::ComputeGradients(const QBatch& batch, absl::Span<float> td_errors) {
  fused_ == nullptr ? LearnTensors(batch, td_errors) : LearnFused(batch, td_errors);
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

void QLearner::LearnTensors(const QBatch& batch, absl::Span<float> td_errors) {
  const at::Tensor observation = batch.observation.to(dtype_);
  const at::Tensor actions = batch.actions.to(dtype_);
  const int64_t rows = actions.size(0);
  if (!ones_.defined() || ones_.size(0) != rows) ones_ = at::ones({rows}, at::TensorOptions(dtype_));
  RunQ(online_, observation, actions, pass_);
  const at::Tensor q = pass_.q.to(at::kDouble).contiguous();
  q_.assign(q.data_ptr<double>(), q.data_ptr<double>() + rows);
  ComputeErrors(batch, td_errors);
  double* gradients = d_q_.data();
  if (!online_.head.scalar()) {
    ComputeHeadGradients(batch, pass_.outputs.to(at::kDouble).contiguous());
    gradients = d_outputs_.data();
  }
  const int64_t outputs = online_.head.outputs();
  const at::Tensor d_outputs = at::from_blob(gradients, {rows, outputs}, at::TensorOptions(at::kDouble)).to(dtype_);
  QGradients(online_, observation, actions, d_outputs, ones_, pass_, gradients_);
}

void QLearner::Step() {
  if (options_.target_update_period == 0) return optimizer_.StepAndBlend(options_.tau);
  optimizer_.Step();
  if (optimizer_.steps() % options_.target_update_period == 0) target_.arena.flat().copy_(online_.arena.flat());
}

}  // namespace recbots
