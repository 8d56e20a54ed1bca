#include "common/networks/adam.h"

#include <cmath>

#include "common/base/log.h"

namespace recbots {

Adam::Adam(const AdamOptions& options, const TrainingTensors& tensors, double& steps)
    : options_(options),
      parameters_(tensors.parameters.flat()),
      targets_(tensors.targets.flat()),
      gradients_(tensors.gradients.flat()),
      mean_(tensors.mean.flat()),
      variance_(tensors.variance.flat()),
      steps_(&steps) {
  RECBOTS_CHECK(parameters_.is_cpu() && parameters_.is_contiguous() && gradients_.is_contiguous());
  RECBOTS_CHECK(parameters_.numel() == gradients_.numel());
  RECBOTS_CHECK(parameters_.scalar_type() == gradients_.scalar_type());
}

namespace {

// What a step multiplies with, after `count` steps.
template <typename T>
struct Factors {
  Factors(const AdamOptions& options, double count)
      : step_size(static_cast<T>(options.learning_rate / (1 - std::pow(options.beta1, count)))),
        scale(static_cast<T>(1 / std::sqrt(1 - std::pow(options.beta2, count)))),
        beta1(static_cast<T>(options.beta1)),
        beta2(static_cast<T>(options.beta2)),
        rest1(static_cast<T>(1 - options.beta1)),
        rest2(static_cast<T>(1 - options.beta2)),
        epsilon(static_cast<T>(options.epsilon)) {}

  // The parameter after its step.
  T Next(T parameter, T gradient, T& mean, T& variance) const {
    mean = beta1 * mean + rest1 * gradient;
    variance = beta2 * variance + rest2 * gradient * gradient;
    return parameter - step_size * mean / (std::sqrt(variance) * scale + epsilon);
  }

  const T step_size, scale, beta1, beta2, rest1, rest2, epsilon;
};

// target + tau * (parameter - target), from the end that is nearer: a tau of 0 or 1 gives the end itself.
template <typename T>
T Blend(T target, T parameter, T tau) {
  return tau < T{0.5} ? target + tau * (parameter - target) : parameter - (parameter - target) * (1 - tau);
}

}  // namespace

template <typename T>
void Adam::StepAs() {
  const Factors<T> factors(options_, *steps_);
  const int64_t size = parameters_.numel();
  T* __restrict parameter = parameters_.data_ptr<T>();
  const T* __restrict gradient = gradients_.data_ptr<T>();
  T* __restrict mean = mean_.data_ptr<T>();
  T* __restrict variance = variance_.data_ptr<T>();
  for (int64_t i = 0; i < size; ++i) parameter[i] = factors.Next(parameter[i], gradient[i], mean[i], variance[i]);
}

template <typename T>
void Adam::StepAndBlendAs(double tau) {
  const Factors<T> factors(options_, *steps_);
  const T share = static_cast<T>(tau);
  const int64_t size = parameters_.numel();
  T* __restrict parameter = parameters_.data_ptr<T>();
  const T* __restrict gradient = gradients_.data_ptr<T>();
  T* __restrict mean = mean_.data_ptr<T>();
  T* __restrict variance = variance_.data_ptr<T>();
  T* __restrict target = targets_.data_ptr<T>();
  for (int64_t i = 0; i < size; ++i) {
    const T next = factors.Next(parameter[i], gradient[i], mean[i], variance[i]);
    parameter[i] = next;
    target[i] = Blend(target[i], next, share);
  }
}

template <typename T>
void Adam::BlendAs(double tau) {
  const T share = static_cast<T>(tau);
  const int64_t size = targets_.numel();
  const T* __restrict parameter = parameters_.data_ptr<T>();
  T* __restrict target = targets_.data_ptr<T>();
  for (int64_t i = 0; i < size; ++i) target[i] = Blend(target[i], parameter[i], share);
}

void Adam::Step() {
  *steps_ += 1;
  parameters_.scalar_type() == at::kDouble ? StepAs<double>() : StepAs<float>();
}

void Adam::StepAndBlend(double tau) {
  RECBOTS_CHECK(targets_.numel() == parameters_.numel()) << "parameters without targets";
  *steps_ += 1;
  parameters_.scalar_type() == at::kDouble ? StepAndBlendAs<double>(tau) : StepAndBlendAs<float>(tau);
}

void Adam::BlendTargets(double tau) {
  parameters_.scalar_type() == at::kDouble ? BlendAs<double>(tau) : BlendAs<float>(tau);
}

}  // namespace recbots
