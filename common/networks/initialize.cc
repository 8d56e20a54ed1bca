#include "common/networks/initialize.h"

#include <ATen/ops/empty.h>

#include <cmath>

namespace recbots {

void FillTensor(const ParameterArena& arena, const std::string& name, uint64_t seed,
                const std::function<double(Rng&)>& draw) {
  const size_t i = arena.Index(name);
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

void InitializeMlp(const ParameterArena& arena, const std::string& prefix, uint64_t seed) {
  constexpr double kOutputBound = 0.003;
  for (const char* layer : {"1", "2"}) {
    const std::string weight = prefix + ".w" + layer;
    const double deviation = std::sqrt(2.0 / static_cast<double>(arena.at(weight).size(1)));
    FillTensor(arena, weight, seed, [deviation](Rng& rng) { return deviation * rng.Normal(); });
    arena.at(prefix + ".b" + layer).zero_();
  }
  for (const char* output : {".w3", ".b3"}) {
    FillTensor(arena, prefix + output, seed, [](Rng& rng) { return rng.Uniform(-kOutputBound, kOutputBound); });
  }
}

}  // namespace recbots
