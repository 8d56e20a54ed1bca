// Values of networks of every shape and head from encoded weights, in double precision: what algorithms and policies
// are compared with. Shape, activation and head are read from the names of the tensors.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "common/inference/weights.h"

namespace recbots::testing {

// nullptr: there is no such tensor.
inline const NamedTensor* FindIn(const std::vector<NamedTensor>& tensors, const std::string& name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const auto& t) { return t.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

inline const NamedTensor& Find(const std::vector<NamedTensor>& tensors, const std::string& name) {
  const NamedTensor* found = FindIn(tensors, name);
  EXPECT_NE(found, nullptr) << name;
  return *found;
}

// The network's name in its tensors: with its head and its activation.
inline std::string NameOf(const std::vector<NamedTensor>& tensors, const std::string& network) {
  for (const char* head : {"", ".quantile", ".two_hot"}) {
    for (const char* activation : {"", ".tanh", ".silu"}) {
      if (FindIn(tensors, network + head + activation + ".w1") != nullptr) return network + head + activation;
    }
  }
  return network;
}

// Behind the linear part of hidden layer `number`: normalisation and activation.
inline void FinishLayer(const std::vector<NamedTensor>& tensors, const std::string& name, const std::string& number,
                        std::vector<double>& z) {
  if (const NamedTensor* scale = FindIn(tensors, name + ".scale" + number); scale != nullptr) {
    const NamedTensor& shift = Find(tensors, name + ".shift" + number);
    double mean = 0, variance = 0;
    for (const double value : z) mean += value / static_cast<double>(z.size());
    for (const double value : z) variance += std::pow(value - mean, 2.0) / static_cast<double>(z.size());
    for (size_t i = 0; i < z.size(); ++i) {
      z[i] = (z[i] - mean) / std::sqrt(variance + 1e-5) * double{scale->values[i]} + double{shift.values[i]};
    }
  }
  for (double& value : z) {
    value = absl::EndsWith(name, ".tanh")   ? std::tanh(value)
            : absl::EndsWith(name, ".silu") ? value / (1 + std::exp(-value))
                                            : std::max(0.0, value);
  }
}

struct Outputs {
  std::vector<double> values;
  double rounding = 0;  // What float32 makes of each.
};

// Every sum of n products of float32 is off by at most n 2^-24 times the sum of their sizes: a pass by the sum of all n
// of its layers times the pass with absolute values (Higham 2002, Accuracy and Stability, section 3.1). With
// normalisation and smooth activations what lies between layers stays near 1, and rounding of outputs near 2^-24.
inline Outputs RunMlp(const std::vector<NamedTensor>& tensors, const std::string& network,
                      const std::vector<double>& in) {
  const std::string name = NameOf(tensors, network);
  std::vector<double> x = in, size = in;
  for (double& s : size) s = std::abs(s);
  double terms = 0;
  bool last = false;
  for (int layer = 1; !last; ++layer) {
    const std::string number = std::to_string(layer);
    last = FindIn(tensors, name + ".w" + std::to_string(layer + 1)) == nullptr;
    const NamedTensor& w = Find(tensors, name + ".w" + number);
    std::vector<double> y, bound;
    for (const float bias : Find(tensors, name + ".b" + number).values) {
      double sum = bias, sizes = std::abs(bias);
      for (size_t i = 0; i < x.size(); ++i) {
        const double weight = w.values[y.size() * x.size() + i];
        sum += weight * x[i];
        sizes += std::abs(weight) * size[i];
      }
      y.push_back(sum);
      bound.push_back(sizes);
    }
    if (!last) FinishLayer(tensors, name, number, y);
    terms += static_cast<double>(x.size()) + 2;
    x = y;
    size = bound;
  }
  const bool plain = name == network && FindIn(tensors, name + ".scale1") == nullptr;
  return {x, plain ? terms * 0x1p-24 * size[0] : 5e-7};
}

// A value in float64, and a bound of what float32 makes of it.
struct Value {
  double value = 0, rounding = 0;
};

// What the head of network "q" makes of these outputs; `range` is that of bins, which lie evenly in sign(x) ln(1 +
// |x|).
inline Value MeanOf(const std::vector<NamedTensor>& tensors, const Outputs& outputs, double range) {
  const size_t n = outputs.values.size();
  const bool two_hot = absl::StrContains(NameOf(tensors, "q"), ".two_hot");
  std::vector<double> weights(n, 1.0), numbers = outputs.values;
  double total = 0, mean = 0, spread = 0;
  for (size_t i = 0; i < n; ++i) {
    if (two_hot) {
      const double place = (2 * static_cast<double>(i) / static_cast<double>(n - 1) - 1) * std::log(1 + range);
      weights[i] = std::exp(outputs.values[i]);
      numbers[i] = std::copysign(std::exp(std::abs(place)) - 1, place);
    }
    total += weights[i];
    mean += weights[i] * numbers[i];
  }
  mean /= total;
  // By how much errors of logits change the mean of bins.
  for (size_t i = 0; i < n; ++i) spread += weights[i] / total * std::abs(numbers[i] - mean);
  return {mean, (two_hot ? spread : 1) * outputs.rounding};
}

}  // namespace recbots::testing
