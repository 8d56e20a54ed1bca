#include "common/networks/adam.h"

#include <cmath>

#include "common/base/log.h"

namespace recbots {

Adam::Adam(const AdamOptions& options, const TrainingTensors& tensors, double& steps)
    : options_(options),
      parameters_(tensors.parameters.flat()),
      gradients_(tensors.gradients.flat()),
      mean_(tensors.mean.flat()),
      variance_(tensors.variance.flat()),
      steps_(&steps) {
  RECBOTS_CHECK(parameters_.is_cpu() && parameters_.is_contiguous() && gradients_.is_contiguous());
  RECBOTS_CHECK(parameters_.numel() == gradients_.numel());
  RECBOTS_CHECK(parameters_.scalar_type() == gradients_.scalar_type());
}

template <typename T>
void Adam::StepAs() {
  const double count = *steps_;
  const T step_size = static_cast<T>(options_.learning_rate / (1 - std::pow(options_.beta1, count)));
  const T scale = static_cast<T>(1 / std::sqrt(1 - std::pow(options_.beta2, count)));
  const T beta1 = static_cast<T>(options_.beta1);
  const T beta2 = static_cast<T>(options_.beta2);
  const T rest1 = static_cast<T>(1 - options_.beta1);
  const T rest2 = static_cast<T>(1 - options_.beta2);
  const T epsilon = static_cast<T>(options_.epsilon);
  const int64_t size = parameters_.numel();
  T* __restrict parameter = parameters_.data_ptr<T>();
  const T* __restrict gradient = gradients_.data_ptr<T>();
  T* __restrict mean = mean_.data_ptr<T>();
  T* __restrict variance = variance_.data_ptr<T>();
  for (int64_t i = 0; i < size; ++i) {
    const T g = gradient[i];
    mean[i] = beta1 * mean[i] + rest1 * g;
    variance[i] = beta2 * variance[i] + rest2 * g * g;
    parameter[i] -= step_size * mean[i] / (std::sqrt(variance[i]) * scale + epsilon);
  }
}

void Adam::Step() {
  *steps_ += 1;
  if (parameters_.scalar_type() == at::kDouble) {
    StepAs<double>();
  } else {
    StepAs<float>();
  }
}

}  // namespace recbots
