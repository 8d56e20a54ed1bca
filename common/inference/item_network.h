// A number for each of the items offered to a user: a perceptron of two hidden layers over (user features, item
// features). The first layer is split by input, so that the user's part is computed once for all items.
//
// Letters: B users, C items per user, U user features, F item features, H1, H2 hidden units.
#pragma once

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/inference/dense.h"
#include "common/inference/dense_mlp.h"
#include "common/inference/tensor_spec.h"

namespace recbots {

struct ItemNetworkSizes {
  int num_user_features = 0;  // U
  int num_item_features = 0;  // F, as callers give them.
  // Whether there is one thing more to be valued that is no item, such as no click: it is shown to the network as an
  // item of zeros with an input of its own set to 1.
  bool with_none = false;
  int hidden1 = 0, hidden2 = 0;

  int inputs() const { return num_user_features + num_item_features + (with_none ? 1 : 0); }
  MlpSizes mlp() const { return {inputs(), hidden1, hidden2, 1}; }
};

// Not thread-safe (scratch memory). The value of an item does not depend on the others, nor on the batch.
class ItemNetwork {
 public:
  ItemNetwork() = default;
  // Of the perceptron `prefix` of sizes.mlp(); inputs are user features, item features, none.
  ItemNetwork(const ItemNetworkSizes& sizes, const TensorMap& tensors, const std::string& prefix);

  // values float32 [B, C] of items float32 [B, C, F], or [B, C + 1] with that of none last. Without `items` they are
  // told apart by position alone: item c is one-hot in c, C = F. About 2 C (F H1 + H1 H2) operations per user.
  void Score(absl::Span<const float> observation, const float* items, int num_users, int num_items,
             absl::Span<float> values);

 private:
  void ScoreUser(const float* state, const float* items, int num_items, float* values);

  ItemNetworkSizes sizes_;
  DenseLayer user_, item_;
  DenseMlpTail tail_;
  AlignedFloats none_, positions_;  // [padded H1], [F, padded H1]: first-layer parts of none and of one-hot items

  std::vector<float> state_, parts_;  // [B, padded H1], [C, padded H1]
};

}  // namespace recbots
