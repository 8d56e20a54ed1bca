#include "common/networks/initialize.h"

#include <ATen/ops/empty.h>

#include <cmath>

namespace recbots {

void FillTensor(const ParameterArena& arena, size_t i, uint64_t seed, const std::function<double(Rng&)>& draw) {
  const at::Tensor& tensor = arena[i];
  const int64_t rows = tensor.size(0);
  const at::Tensor values = at::empty(tensor.sizes(), at::TensorOptions(at::kDouble));
  double* value = values.data_ptr<double>();
  for (int64_t row = 0; row < rows; ++row) {
    Rng rng(seed, Purpose::kParameters, {.stream = static_cast<uint32_t>(i), .step = static_cast<uint32_t>(row)});
    for (int64_t j = 0; j < tensor.numel() / rows; ++j) *value++ = draw(rng);
  }
  tensor.copy_(values);
}

void InitializeMlp(const ParameterArena& arena, size_t first, uint64_t seed) {
  constexpr double kOutputBound = 0.003;
  for (const size_t weight : {first, first + 2}) {
    const double deviation = std::sqrt(2.0 / static_cast<double>(arena[weight].size(1)));
    FillTensor(arena, weight, seed, [deviation](Rng& rng) { return deviation * rng.Normal(); });
    arena[weight + 1].zero_();
  }
  for (const size_t i : {first + 4, first + 5}) {
    FillTensor(arena, i, seed, [](Rng& rng) { return rng.Uniform(-kOutputBound, kOutputBound); });
  }
}

}  // namespace recbots
