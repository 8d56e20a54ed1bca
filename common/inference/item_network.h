// Computes a number for each item offered to a user, by a perceptron over (user features, item features). The first
// layer is split by inputs, so that the user's part is computed once for all items.
//
// Letters: B users, C items per user, U user features, F item features, H1, H2 units of the hidden layers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "common/inference/dense.h"
#include "common/inference/dense_mlp.h"
#include "common/inference/tensor_spec.h"

namespace recbots {

struct ItemNetworkSizes {
  int num_user_features = 0;  // U
  int num_item_features = 0;  // F
  // Whether one more thing besides the items is to be valued, such as no click: the network sees it as an item of zeros
  // with an additional input set to 1.
  bool with_none = false;
  int hidden1 = 0, hidden2 = 0;  // Of two hidden layers with ReLU.
  HiddenLayers layers = {};      // Where there are units in it, it counts instead of the two.
  ValueHead head = {};

  int inputs() const { return num_user_features + num_item_features + (with_none ? 1 : 0); }
  HiddenLayers hidden() const { return layers.units.empty() ? HiddenLayers{{hidden1, hidden2}} : layers; }
  MlpShape mlp() const { return {inputs(), hidden(), head.outputs()}; }
  // Takes `hidden`, as hidden1 and hidden2 where it is plain.
  void SetHidden(const HiddenLayers& hidden);
};

// Not thread-safe (scratch memory). The value of an item depends neither on the other items nor on the batch.
class ItemNetwork {
 public:
  ItemNetwork() = default;
  // Takes the perceptron `prefix`, of sizes.mlp(). Its inputs are the user features, the item features, and that of
  // "none".
  ItemNetwork(const ItemNetworkSizes& sizes, const TensorMap& tensors, const std::string& prefix);
  // Adds the outputs of the perceptron `prefix` of the user's features alone, of the same hidden layers and head, to
  // those of each item. Only for kTwoHot: otherwise values would change by the same for all items.
  void AddUserNetwork(const TensorMap& tensors, const std::string& prefix);

  // Computes values float32 [B, C] of items float32 [B, C, F]; if with_none, [B, C + 1] with the value of "none" last.
  // If `items` is nullptr, only the position tells items apart: item c is one-hot in c, and C = F. Takes about 2 C (F
  // H1
  // + H1 H2) operations per user.
  void Score(absl::Span<const float> observation, const float* items, int num_users, int num_items,
             absl::Span<float> values);

 private:
  void ScoreUser(const float* state, const float* items, int num_items, const float* more_logits, float* values);

  ItemNetworkSizes sizes_;
  DenseLayer user_, item_;
  DenseMlpTail tail_;
  std::optional<DenseMlp> of_user_;
  AlignedFloats none_, positions_;  // [padded H1], [F, padded H1]: first-layer parts of none and of one-hot items

  std::vector<float> state_, parts_;  // [B, padded H1], [C, padded H1]
};

}  // namespace recbots
