// Serves slates as SlateQ does (Ie et al. 2019, arXiv:1905.12767, section 5): values of all candidates and of no click
// from the network, weights from the click model, and the slate that the serving rule composes of them. With a proposal
// (Wolpertinger, Dulac-Arnold et al. 2015, arXiv:1512.07679) an actor points into the space of item features and only
// the k candidates nearest to that point are valued.
//
// Greedy and deterministic: exploring_policy.h adds exploration. A user's slate is a function of weights, observation
// and candidates alone. Equal distances go to the lower position.
//
// Cost per user: a pass of the item network over N (or k) candidates, and the optimizer. Allocates where the number of
// users grows only. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/algorithms/slate_q/shape.h"
#include "common/inference/dense_mlp.h"
#include "common/inference/greedy_network_policy.h"
#include "common/inference/item_network.h"

namespace recbots {

class SlateQPolicy final : public GreedyNetworkPolicy {
 public:
  explicit SlateQPolicy(const SlateQShape& shape);

  absl::Status SetWeights(absl::string_view encoded) override;
  void Act(const PolicyInput& input, const PolicyOutput& output) override;

 private:
  // Fills picked_ [n, k] with the candidates nearest to the actor's points, and items_ with their features.
  void Retrieve(const float* observation, const float* candidates, size_t num_users);
  // Fills weights_ [n, C] and no_click_weight_ [n] of the C candidates at `items`.
  void WeighClicks(const float* observation, const float* items, size_t num_users);
  void ActChunk(const float* observation, const float* candidates, size_t num_users, absl::Span<int32_t> slates);

  const SlateQShape shape_;
  const size_t user_width_, item_width_;
  const size_t considered_;  // C: candidates that are valued, N or k.

  ItemNetwork q_, click_;
  DenseMlp actor_;
  SlateOptimizer optimizer_;

  bool has_weights_ = false;
  std::vector<float> values_;            // [n, C + 1], or [n, C] where no click has no value
  std::vector<float> weights_;           // [n, C]
  std::vector<double> no_click_weight_;  // [n]
  std::vector<uint64_t> keys_;           // [N]: distance and position, in one ordered number
  std::vector<int32_t> picked_;          // [n, k]
  std::vector<float> items_;             // [n, k, D]
};

}  // namespace recbots
