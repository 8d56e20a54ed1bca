// What the acting and the learning side of the Q-learners agree on: sizes, and the tensors that travel between them.
//
// Letters as in common/rl/spec.h. F: features of an item, D where candidates have features, else N (one-hot position).
#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "common/inference/item_network.h"
#include "common/inference/tensor_spec.h"
#include "common/rl/spec.h"
#include "common/slate/affinity.h"
#include "common/slate/slate_optimizer.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// F.
inline int NumItemFeatures(const EnvironmentSpec& spec) {
  return spec.num_candidate_features > 0 ? spec.num_candidate_features : spec.num_candidates;
}

// A network of Q-values: Q = value_scale x (network(user, action) + V(user), the latter where it is dueling).
struct QShape {
  ItemNetworkSizes action;
  bool dueling = false;
  double value_scale = 1;
};

// SlateQ (common/inference/slate_q_policy.h).
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
  MlpSizes actor;

  ClickRule click_rule() const { return learned_clicks ? ClickRule::kShared : affinity->click_rule(); }
};

// Scores of a learned click model, in place, to weights against a weight of no click of 1: exp(score), bounded.
void ScoresToWeights(absl::Span<float> scores);

// Full-slate Q-learning and DQN: an action is an ordered slate, its features those of its K items in order.
struct FullSlateShape {
  QShape q;
  int num_candidates = 0;
  int num_item_features = 0;
  bool item_features = true;
  int slate_size = 1;

  static constexpr int64_t kMaxSlates = 100000;
  int64_t num_slates() const;  // N (N - 1) ... (N - K + 1)
};

// INVALID_ARGUMENT: settings that do not fit the environment (no click in its responses, affinities of features that
// users do not have, a choice model with several clicks, k out of range, too many slates, slates of more than one for
// DQN); names field, value and bound.
absl::StatusOr<SlateQShape> MakeSlateQShape(const v1::SlateQConfig& config, const EnvironmentSpec& spec);
absl::StatusOr<FullSlateShape> MakeFullSlateShape(const v1::FullSlateQConfig& config, const EnvironmentSpec& spec);
absl::StatusOr<FullSlateShape> MakeDqnShape(const v1::DqnConfig& config, const EnvironmentSpec& spec);

// Tensors in the order of an encoding: "q", then "v" where it is dueling; of SlateQ then "click" and "actor" where
// there are such networks.
std::vector<TensorSpec> QTensors(const QShape& shape);
std::vector<TensorSpec> PolicyTensors(const SlateQShape& shape);

}  // namespace recbots
