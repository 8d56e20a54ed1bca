// Hidden layers of every kind, for tests of what they make of a perceptron.
#pragma once

#include <vector>

#include "common/inference/tensor_spec.h"

namespace recbots::testing {

// One to three layers, of each activation, with and without normalisation. Sizes are no multiples of a register's.
inline std::vector<HiddenLayers> AllHiddenLayers() {
  std::vector<HiddenLayers> all;
  for (const std::vector<int>& units : {std::vector{19}, {16, 13}, {17, 9, 21}}) {
    for (const Activation activation : {Activation::kRelu, Activation::kTanh, Activation::kSilu}) {
      for (const bool layer_norm : {false, true}) all.push_back({units, activation, layer_norm});
    }
  }
  return all;
}

}  // namespace recbots::testing
