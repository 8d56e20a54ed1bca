#include "common/networks/adam.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_vector_norm.h>
#ifdef RECBOTS_CUDA
#include <ATen/ops/_fused_adamw.h>
#endif

#include <algorithm>
#include <cmath>
#include <iterator>

#include "common/base/log.h"
#include "common/networks/blend.h"

namespace recbots {
namespace {

// Whether LibTorch has a whole step of AdamW as one operator for the CPU and the GPU. There, the learning rate is a
// tensor of single precision, which is not enough for parameters of double precision.
#ifdef RECBOTS_CUDA
constexpr bool kHasOneKernel = true;
#else
constexpr bool kHasOneKernel = false;
#endif

// Into how many slices a step by one operator cuts the parameters: a kernel takes up to 36 tensors at once and gives
// each a block of threads of its own. Short slices are not worth a block.
constexpr int64_t kMaxSlices = 32;
constexpr int64_t kMinSlice = 2048;

int64_t SliceOf(int64_t size) {
  constexpr int64_t kAligned = ParameterLayout::kAlignment;
  const int64_t slice = std::max(kMinSlice, (size + kMaxSlices - 1) / kMaxSlices);
  return (slice + kAligned - 1) / kAligned * kAligned;
}

}  // namespace

Adam::Adam(const AdamOptions& options, const TrainingTensors& tensors, double& steps)
    : options_(options),
      parameters_(tensors.parameters.flat()),
      targets_(tensors.targets.flat()),
      gradients_(tensors.gradients.flat()),
      mean_(tensors.mean.flat()),
      variance_(tensors.variance.flat()),
      steps_(&steps),
      operators_(options.with_operators || !parameters_.is_cpu()) {
  RECBOTS_CHECK(parameters_.is_contiguous() && gradients_.is_contiguous());
  RECBOTS_CHECK(parameters_.numel() == gradients_.numel());
  RECBOTS_CHECK(parameters_.scalar_type() == gradients_.scalar_type());
  if (!operators_) return;
  if (!kHasOneKernel || parameters_.scalar_type() != at::kFloat) {
    factors_ = ProgramInputs({{{3}, parameters_.scalar_type()}}, parameters_.device());
    return;
  }
  const int64_t slice = SliceOf(parameters_.numel());
  OneKernel& k = one_kernel_.emplace();
  k.rate = at::empty({}, parameters_.options());
  k.count = at::empty({}, parameters_.options());
  k.slice = slice;
  k.parameters = parameters_.split(slice);
  k.mean = mean_.split(slice);
  k.variance = variance_.split(slice);
  k.counts.assign(k.parameters.size(), k.count);
}

namespace {

// What a step multiplies with, after `count` steps.
template <typename T>
struct Factors {
  Factors(const AdamOptions& options, double rate, double count)
      : step_size(static_cast<T>(rate / (1 - std::pow(options.beta1, count)))),
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

// The same of clipped gradients, and of parameters that decay.
template <typename T>
struct AdornedFactors : Factors<T> {
  AdornedFactors(const AdamOptions& options, double rate, double count, double clip_factor)
      : Factors<T>(options, rate, count),
        clip(static_cast<T>(clip_factor)),
        keep(static_cast<T>(1 - rate * options.around.weight_decay)) {}

  T Next(T parameter, T gradient, T& mean, T& variance) const {
    return Factors<T>::Next(keep * parameter, clip * gradient, mean, variance);
  }

  const T clip, keep;
};

// In as many sums as the largest register has numbers, so that the order of additions is the same everywhere.
template <typename T>
double SquaredLength(const at::Tensor& tensor) {
  constexpr int64_t kSums = ParameterLayout::kAlignment;
  static_assert(kSums == 16);
  const T* x = tensor.data_ptr<T>();
  const int64_t size = tensor.numel();
  RECBOTS_CHECK(size % kSums == 0) << "an arena of " << size << " elements";
  double sums[kSums] = {};
  for (int64_t i = 0; i < size; i += kSums) {
    for (int64_t s = 0; s < kSums; ++s) {
      const double value = static_cast<double>(x[i + s]);
      sums[s] += value * value;
    }
  }
  for (int64_t half = kSums / 2; half > 0; half /= 2) {
    for (int64_t s = 0; s < half; ++s) sums[s] += sums[s + half];
  }
  return sums[0];
}

// The parameters of a step, one after the other.
template <typename T, typename F>
void StepWith(const F& factors, const at::Tensor& parameters, const at::Tensor& gradients, const at::Tensor& means,
              const at::Tensor& variances) {
  const int64_t size = parameters.numel();
  T* __restrict parameter = parameters.data_ptr<T>();
  const T* __restrict gradient = gradients.data_ptr<T>();
  T* __restrict mean = means.data_ptr<T>();
  T* __restrict variance = variances.data_ptr<T>();
  for (int64_t i = 0; i < size; ++i) parameter[i] = factors.Next(parameter[i], gradient[i], mean[i], variance[i]);
}

// The same, with the targets.
template <typename T, typename F>
void StepAndBlendWith(const F& factors, const at::Tensor& parameters, const at::Tensor& gradients,
                      const at::Tensor& means, const at::Tensor& variances, T share, const at::Tensor& targets) {
  const int64_t size = parameters.numel();
  T* __restrict parameter = parameters.data_ptr<T>();
  const T* __restrict gradient = gradients.data_ptr<T>();
  T* __restrict mean = means.data_ptr<T>();
  T* __restrict variance = variances.data_ptr<T>();
  T* __restrict target = targets.data_ptr<T>();
  for (int64_t i = 0; i < size; ++i) {
    const T next = factors.Next(parameter[i], gradient[i], mean[i], variance[i]);
    parameter[i] = next;
    target[i] = Blend(target[i], next, share);
  }
}

}  // namespace

template <typename T>
void Adam::StepAs(double clip) {
  const double rate = RateOf(*steps_);
  if (adorned()) {
    StepWith<T>(AdornedFactors<T>(options_, rate, *steps_, clip), parameters_, gradients_, mean_, variance_);
  } else {
    StepWith<T>(Factors<T>(options_, rate, *steps_), parameters_, gradients_, mean_, variance_);
  }
}

template <typename T>
void Adam::StepAndBlendAs(double clip, double tau) {
  const double rate = RateOf(*steps_);
  if (adorned()) {
    StepAndBlendWith<T>(AdornedFactors<T>(options_, rate, *steps_, clip), parameters_, gradients_, mean_, variance_,
                        static_cast<T>(tau), targets_);
  } else {
    StepAndBlendWith<T>(Factors<T>(options_, rate, *steps_), parameters_, gradients_, mean_, variance_,
                        static_cast<T>(tau), targets_);
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

double Adam::gradient_norm() const {
  if (!gradients_.is_cpu()) return at::linalg_vector_norm(gradients_).item<double>();
  return std::sqrt(gradients_.scalar_type() == at::kDouble ? SquaredLength<double>(gradients_)
                                                           : SquaredLength<float>(gradients_));
}

namespace {
constexpr double kTinyNorm = 1e-6;  // That of clip_grad_norm_.
}  // namespace

double Adam::ClipFactor() const {
  if (options_.around.clip_norm <= 0) return 1;
  const double factor = options_.around.clip_norm / (gradient_norm() + kTinyNorm);
  return factor < 1 ? factor : 1;  // 1 where the norm is no number: what has diverged shall not look as if it had not.
}

void Adam::Begin() {
  *steps_ += 1;
  if (!operators_) return;
  const double rate = RateOf(*steps_);
  if (one_kernel_.has_value()) {
    // Neither is part of a program, and both are rare: after another state was loaded, and while the rate changes.
    OneKernel& k = *one_kernel_;
    if (k.told_count != *steps_ - 1) k.count.fill_(*steps_ - 1);
    if (k.told_rate != rate) k.rate.fill_(rate);
    k.told_count = *steps_;
    k.told_rate = rate;
    return;
  }
  const Factors<double> factors(options_, rate, *steps_);
  const double values[] = {factors.step_size, factors.scale, 1 - rate * options_.around.weight_decay};
  const at::Tensor& of_step = factors_.host(0);
  for (size_t i = 0; i < std::size(values); ++i) {
    if (of_step.scalar_type() == at::kDouble) {
      of_step.data_ptr<double>()[i] = values[i];
    } else {
      of_step.data_ptr<float>()[i] = static_cast<float>(values[i]);
    }
  }
  factors_.Upload();
}

void Adam::ApplyOperators(double tau) {
  at::Tensor gradients = gradients_;
  if (options_.around.clip_norm > 0) {
    const at::Tensor norm = at::linalg_vector_norm(gradients).add(kTinyNorm);
    gradients = gradients.mul(norm.reciprocal().mul(options_.around.clip_norm).clamp_max(1));
  }
  one_kernel_.has_value() ? ApplyOneKernel(gradients) : ApplyOneByOne(gradients);
  if (tau >= 0) BlendTensor(parameters_, tau, targets_);
}

void Adam::ApplyOneByOne(const at::Tensor& gradients) {
  const at::Tensor& factors = factors_.device(0);
  mean_.mul_(options_.beta1).add_(gradients, 1 - options_.beta1);
  variance_.mul_(options_.beta2).addcmul_(gradients, gradients, 1 - options_.beta2);
  if (options_.around.weight_decay > 0) parameters_.mul_(factors[2]);
  const at::Tensor deviation = variance_.sqrt().mul_(factors[1]).add_(options_.epsilon);
  parameters_.sub_(mean_.div(deviation).mul_(factors[0]));
}

// Its epsilon stands where ours does, and its decay goes the same way. Clipping by its grad_scale would change the
// gradients.
void Adam::ApplyOneKernel([[maybe_unused]] const at::Tensor& gradients) {
#ifdef RECBOTS_CUDA
  OneKernel& k = *one_kernel_;
  k.count.add_(1);
  at::_fused_adamw_(k.parameters, gradients.split(k.slice), k.mean, k.variance, /*max_exp_avg_sqs=*/{}, k.counts,
                    k.rate, options_.beta1, options_.beta2, options_.around.weight_decay, options_.epsilon,
                    /*amsgrad=*/false, /*maximize=*/false);
#endif
}

void Adam::Apply() {
  if (operators_) return ApplyOperators(/*tau=*/-1);
  parameters_.scalar_type() == at::kDouble ? StepAs<double>(ClipFactor()) : StepAs<float>(ClipFactor());
}

void Adam::ApplyAndBlend(double tau) {
  RECBOTS_CHECK(targets_.numel() == parameters_.numel()) << "parameters without targets";
  if (operators_) return ApplyOperators(tau);
  const double clip = ClipFactor();
  parameters_.scalar_type() == at::kDouble ? StepAndBlendAs<double>(clip, tau) : StepAndBlendAs<float>(clip, tau);
}

void Adam::Step() {
  Begin();
  Apply();
}

void Adam::StepAndBlend(double tau) {
  Begin();
  ApplyAndBlend(tau);
}

void Adam::BlendTargets(double tau) {
  if (operators_) return BlendTensor(parameters_, tau, targets_);
  parameters_.scalar_type() == at::kDouble ? BlendAs<double>(tau) : BlendAs<float>(tau);
}

}  // namespace recbots
