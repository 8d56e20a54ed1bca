// Whole slates as actions: their enumeration, and the policy that shows the best one.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/algorithms/full_slate_q/shape.h"
#include "common/inference/dense.h"
#include "common/inference/dense_mlp.h"
#include "common/inference/greedy_network_policy.h"

namespace recbots {

// All ordered slates of K distinct ones of N candidates, int32 [S, K], in lexicographic order.
std::vector<int32_t> EnumerateSlates(int num_candidates, int slate_size);

// Shows the slate of the largest Q, the first of equals. Greedy and deterministic: exploring_policy.h adds exploration.
// An item's part of the first layer is computed once per position it may have, so that a slate costs about K H1 + H1 H2
// operations. Allocates in the constructor and in SetWeights only. Not thread-safe.
class FullSlatePolicy final : public GreedyNetworkPolicy {
 public:
  explicit FullSlatePolicy(const FullSlateShape& shape);

  absl::Status SetWeights(absl::string_view encoded) override;
  void Act(const PolicyInput& input, const PolicyOutput& output) override;

 private:
  // Fills values_ [S] from parts_ and the user's part of the first layer.
  void ScoreSlates(const float* state, const float* more_logits);
  void FillParts(const float* items);

  const FullSlateShape shape_;
  const std::vector<int32_t> slates_;  // [S, K]

  bool has_weights_ = false;
  DenseLayer user_;
  std::vector<DenseLayer> items_;  // [K]: an item's part of the first layer, by position
  DenseMlpTail tail_;
  std::optional<DenseMlp> of_user_;
  AlignedFloats state_;          // [padded H1]
  AlignedFloats parts_;          // [K, N, padded H1]
  AlignedFloats sums_;           // [K, padded H1]: the user's part and those of the first k items of a slate
  std::vector<float> identity_;  // [N, N]: features of candidates that only their position tells apart
  std::vector<float> values_;    // [S]
};

}  // namespace recbots
