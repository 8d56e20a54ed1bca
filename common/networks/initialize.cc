#include "common/networks/initialize.h"

#include <ATen/ops/empty.h>

#include <cmath>

#include "absl/strings/str_cat.h"

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

void InitializeMlp(const ParameterArena& arena, const std::string& prefix, uint64_t seed, const HiddenLayers& hidden) {
  constexpr double kOutputBound = 0.003;
  const auto name = [&](const char* tensor, size_t number) {
    return LayerTensor(prefix, hidden, absl::StrCat(tensor, number));
  };
  for (size_t number = 1; number <= hidden.depth(); ++number) {
    const std::string weight = name("w", number);
    const double deviation = std::sqrt(2.0 / static_cast<double>(arena.at(weight).size(1)));
    FillTensor(arena, weight, seed, [deviation](Rng& rng) { return deviation * rng.Normal(); });
    arena.at(name("b", number)).zero_();
    if (!hidden.layer_norm) continue;
    arena.at(name("scale", number)).fill_(1);
    arena.at(name("shift", number)).zero_();
  }
  for (const char* output : {"w", "b"}) {
    FillTensor(arena, name(output, hidden.depth() + 1), seed,
               [](Rng& rng) { return rng.Uniform(-kOutputBound, kOutputBound); });
  }
}

}  // namespace recbots
