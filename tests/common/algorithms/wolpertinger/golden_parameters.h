// Parameters of the golden wolp_* cases -> our networks.
#pragma once

#include <ATen/ops/from_blob.h>

#include <vector>

#include "common/algorithms/wolpertinger/networks.h"
#include "tests/support/golden.h"

namespace recbots::testing {

// All numbers of nested lists, row-major.
inline void Flatten(const GoldenValue& numbers, std::vector<double>* out) {
  if (!numbers.is_array()) {
    out->push_back(numbers.get<double>());
    return;
  }
  for (const GoldenValue& element : numbers) Flatten(element, out);
}
inline std::vector<double> Flat(const GoldenValue& numbers) {
  std::vector<double> values;
  Flatten(numbers, &values);
  return values;
}

inline at::Tensor ToTensor(const GoldenValue& numbers, at::IntArrayRef sizes) {
  std::vector<double> values = Flat(numbers);
  return at::from_blob(values.data(), sizes, at::TensorOptions(at::kDouble)).clone();
}

// `actor` and `critic` are [W1, b1, W2, b2, W3, b3].
inline void SetParameters(const GoldenValue& actor, const GoldenValue& critic, const GoldenValue& embeddings,
                          const WolpertingerNetworks& networks) {
  for (size_t i = 0; i < 6; ++i) {
    networks.arena[i].copy_(ToTensor(actor[i], networks.arena[i].sizes()));
    networks.arena[6 + i].copy_(ToTensor(critic[i], networks.arena[6 + i].sizes()));
  }
  networks.embeddings.copy_(ToTensor(embeddings, networks.embeddings.sizes()));
}

// Sizes of a case from its parameters.
inline WolpertingerShape ShapeOf(const GoldenValue& in, const GoldenValue& actor, const GoldenValue& embeddings) {
  return {.num_user_features = in["docs"].get<int>(),
          .num_items = in["docs"].get<int>(),
          .k = in["k"].get<int>(),
          .search_space = SearchSpace::kRaw,
          .embedding_size = static_cast<int>(embeddings[0].size()),
          .hidden_units = static_cast<int>(actor[0].size())};
}

inline std::vector<float> OneHot(const std::vector<int>& positions, int size) {
  std::vector<float> values(positions.size() * static_cast<size_t>(size));
  for (size_t i = 0; i < positions.size(); ++i) {
    values[i * static_cast<size_t>(size) + static_cast<size_t>(positions[i])] = 1;
  }
  return values;
}

}  // namespace recbots::testing
