// What the acting and the learning side of SlateQ agree on: sizes, and the tensors that travel between them.
//
// Letters as in common/rl/spec.h. F: features of an item, D where candidates have features, else N (one-hot position).
#pragma once

#include <optional>
#include <vector>

#include "absl/types/span.h"
#include "common/inference/item_network.h"
#include "common/inference/q_shape.h"
#include "common/inference/tensor_spec.h"
#include "common/slate/affinity.h"
#include "common/slate/slate_optimizer.h"

namespace recbots {

struct SlateQShape {
  QShape q;
  int num_candidates = 0;     // N
  int num_item_features = 0;  // F
  bool item_features = true;  // Candidates have features; otherwise their position is one-hot.
  int slate_size = 1;         // K
  SlateRule serving = SlateRule::kOptimal;
  bool no_click_is_zero = false;  // No click is worth 0, and not what the network says.
  // How users click: a model over affinities, or weights from a network.
  std::optional<AffinityWeights> affinity;
  bool learned_clicks = false;
  ItemNetworkSizes click;
  // Candidates that an actor retrieves, and its layers; 0: all are considered.
  int proposal_k = 0;
  MlpShape actor;

  ClickRule click_rule() const { return learned_clicks ? ClickRule::kShared : affinity->click_rule(); }
};

// Tensors in the order of an encoding: QTensors, then those of the click model and of the actor that proposes, where
// there are such networks.
inline constexpr char kClickNetwork[] = "click", kProposalNetwork[] = "actor";
std::vector<TensorSpec> PolicyTensors(const SlateQShape& shape);

// Scores of a learned click model, in place, to weights against a weight of no click of 1: exp(score), bounded.
void ScoresToWeights(absl::Span<float> scores);
inline constexpr float kMaxClickScore = 30;  // The bound: a weight of 10^13, all that float32 sums can tell apart.

}  // namespace recbots
