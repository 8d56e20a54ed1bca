#include "common/algorithms/q_learner.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "common/base/log.h"
#include "common/networks/one_thread.h"

namespace recbots {
namespace {

TrainingSpec SpecOf(const QLearnerOptions& options) {
  TrainingSpec spec;
  QLearner::Describe(options, spec);
  return spec;
}

}  // namespace

QLearnerOptions MakeQLearnerOptions(const v1::QLearningConfig& config, const QShape& shape, uint64_t seed) {
  return {.shape = shape,
          .learning_rate = config.learning_rate(),
          .target_update_period = config.target_update_period(),
          .tau = config.tau(),
          .double_q = config.double_q(),
          .huber_delta = config.huber_delta(),
          .legacy_target_state = config.legacy_target_state(),
          .seed = seed};
}

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
  optimizer_ = Adam({.learning_rate = options.learning_rate}, part, memory_.Number("q.steps"));
}

at::Tensor QLearner::Scaled(const at::Tensor& q) const {
  return q.to(at::kFloat).mul(options_.shape.value_scale).contiguous();
}

at::Tensor QLearner::OnlineValues(const at::Tensor& observation, const at::Tensor& actions) {
  RunQOnCandidates(online_, observation.to(dtype_), actions.to(dtype_), online_pass_);
  return Scaled(online_pass_.q);
}

at::Tensor QLearner::TargetValues(const at::Tensor& observation, const at::Tensor& actions) {
  RunQOnCandidates(target_, observation.to(dtype_), actions.to(dtype_), target_pass_);
  return Scaled(target_pass_.q);
}

void QLearner::ComputeErrors(const Lesson& lesson, absl::Span<float> td_errors) {
  const double scale = options_.shape.value_scale;
  const double delta = options_.huber_delta > 0 ? options_.huber_delta : std::numeric_limits<double>::infinity();
  const at::Tensor q = pass_.q.to(at::kDouble).contiguous();
  const at::Tensor d_q = at::empty(q.sizes(), q.options());
  const double* value = q.data_ptr<double>();
  double* gradient = d_q.data_ptr<double>();
  loss_ = 0;
  for (size_t row = 0; row < lesson.targets.size(); ++row) {
    const double weight = lesson.weights[row] / lesson.divisor;
    // A row that does not count may hold anything.
    const double error = weight == 0 ? 0 : value[row] - lesson.targets[row] / scale;
    const double size = std::abs(error);
    loss_ += weight * (size <= delta ? error * error : delta * (2 * size - delta));
    gradient[row] = 2 * weight * std::clamp(error, -delta, delta);
    if (!td_errors.empty()) td_errors[row] = static_cast<float>(size * scale);
  }
  d_q_ = d_q.to(dtype_);
}

void QLearner::Learn(const Lesson& lesson, absl::Span<float> td_errors) {
  const at::Tensor observation = lesson.observation.to(dtype_);
  const at::Tensor actions = lesson.actions.to(dtype_);
  const int64_t rows = actions.size(0);
  if (!ones_.defined() || ones_.size(0) != rows) ones_ = at::ones({rows}, at::TensorOptions(dtype_));
  RunQ(online_, observation, actions, pass_);
  ComputeErrors(lesson, td_errors);
  QGradients(online_, observation, actions, d_q_, ones_, pass_, gradients_);
  optimizer_.Step();
  MoveTarget();
}

void QLearner::MoveTarget() {
  if (options_.target_update_period == 0) {
    target_.arena.flat().lerp_(online_.arena.flat(), options_.tau);
  } else if (optimizer_.steps() % options_.target_update_period == 0) {
    target_.arena.flat().copy_(online_.arena.flat());
  }
}

}  // namespace recbots
