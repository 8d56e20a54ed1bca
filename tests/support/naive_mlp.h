// Networks as they travel (common/inference/weights.h), computed the plain way in double precision: what the fast code
// is compared with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/base/random.h"
#include "common/inference/tensor_spec.h"
#include "common/inference/weights.h"

namespace recbots::testing {

inline std::vector<float> Normals(size_t n, Rng& rng, double deviation = 1) {
  std::vector<float> values(n);
  for (float& value : values) value = static_cast<float>(deviation * rng.Normal());
  return values;
}

// Tensors of these names and shapes, normal with this deviation.
inline std::vector<NamedTensor> RandomTensors(absl::Span<const TensorSpec> specs, uint64_t seed,
                                              double deviation = 0.5) {
  std::vector<NamedTensor> tensors;
  for (size_t i = 0; i < specs.size(); ++i) {
    Rng rng(seed, Purpose::kTest, {.stream = static_cast<uint32_t>(1000 + i)});
    size_t elements = 1;
    for (const int32_t extent : specs[i].shape) elements *= static_cast<size_t>(extent);
    tensors.push_back({specs[i].name, specs[i].shape, Normals(elements, rng, deviation)});
  }
  return tensors;
}

inline std::vector<double> NaiveLayer(const NamedTensor& weight, const NamedTensor& bias,
                                      const std::vector<double>& x) {
  std::vector<double> y(bias.values.begin(), bias.values.end());
  for (size_t o = 0; o < y.size(); ++o) {
    for (size_t i = 0; i < x.size(); ++i) y[o] += double{weight.values[o * x.size() + i]} * x[i];
  }
  return y;
}

// Outputs of the perceptron that begins at tensors[first] (MlpTensors).
inline std::vector<double> NaiveMlp(absl::Span<const NamedTensor> tensors, size_t first, std::vector<double> x) {
  for (size_t layer = 0; layer < 3; ++layer) {
    x = NaiveLayer(tensors[first + 2 * layer], tensors[first + 2 * layer + 1], x);
    if (layer == 2) break;
    for (double& value : x) value = std::max(0.0, value);
  }
  return x;
}

// Its only output for the inputs [user, item, none...].
inline double NaiveValue(absl::Span<const NamedTensor> tensors, size_t first, absl::Span<const float> user,
                         absl::Span<const float> item) {
  std::vector<double> x(user.begin(), user.end());
  x.insert(x.end(), item.begin(), item.end());
  return NaiveMlp(tensors, first, std::move(x)).at(0);
}

}  // namespace recbots::testing
