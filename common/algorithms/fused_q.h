// What the Q-learners compute of their networks of two hidden layers with ReLU in an update, on one core, in single
// precision and without LibTorch, whose operators cost several times the arithmetic of networks of this size. The
// formulas are those of q_network.h, which tests hold it to; results differ by rounding.
//
// The same bits on all processors with fused multiply-add (common/inference/dense.h).
//
// Letters: B rows, U user features, A features of an action.
#pragma once

#include <vector>

#include "absl/types/span.h"
#include "common/inference/dense.h"
#include "common/inference/q_shape.h"
#include "common/training/action_scorer.h"
#include "common/training/packed_mlp.h"

namespace recbots {

// Where a network of Q-values lies, or its gradients; `value` only where it is dueling.
struct QMemory {
  MlpMemory action, value;
};

enum class QSide { kOnline, kTarget };

// Not thread-safe. Allocates where sizes grow.
class FusedQ {
 public:
  // The memory outlives it.
  FusedQ(const QShape& shape, const QMemory& online, const QMemory& target, const QMemory& gradients);

  // Takes users float32 [B, U] and the network as it is now. Without `user_value` values lack V(user), the same for all
  // actions of a user, where the network is dueling.
  void Load(QSide side, const float* users, int num_users, bool user_value);
  // Q, in units of rewards, of actions float32 [n, A] of a loaded user.
  void Score(QSide side, size_t user, const float* actions, int num_actions, float* values);

  // What the online network says of one action [B, A] of each user: Q / value_scale [B], until the next call.
  absl::Span<const float> Forward(const float* users, const float* actions, int rows);
  // After Forward: overwrites the gradients from d_q [B].
  void Backward(absl::Span<const float> d_q);

 private:
  struct Network {
    PackedMlp action, value;
    ActionScorer scorer;
    std::vector<float> user_values;  // [B]
  };
  void Pack(Network& network, const QMemory& memory) const;
  void RunValue(const PackedMlp& mlp, const DenseRows& users, MlpRows& pass, float* values) const;

  const QShape shape_;
  const QMemory memory_[2], gradients_;
  Network networks_[2];
  MlpRows action_pass_, value_pass_;
  AlignedFloats inputs_;  // [B, padded U + A]
  AlignedFloats state_;   // [B, padded H1]
  std::vector<float> q_, values_;
};

}  // namespace recbots
