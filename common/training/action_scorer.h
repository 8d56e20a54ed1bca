// Values of several actions of each user by a perceptron of one output (packed_mlp.h): the user's part of the first
// layer is computed once for all of them. Part of the update of the Q-learners.
//
// Letters: B users, n actions, U, A inputs of user and action, H1 hidden units; padded: PaddedSize.
#pragma once

#include <cstddef>

#include "common/training/packed_mlp.h"

namespace recbots {

// Not thread-safe (scratch memory). Allocates where B or n grows.
class ActionScorer {
 public:
  // Takes users float32 [B, U], to be asked for by their row.
  void Load(const PackedMlp& mlp, const float* users, int num_users);
  // Fills values [n] for actions float32 [n, A] of one user. Zeros in actions cost little where there are many.
  void Score(const PackedMlp& mlp, size_t user, const float* actions, int num_actions, float* values);

 private:
  AlignedFloats state_;  // [B, padded H1]
  AlignedFloats parts_;  // [n, padded H1]: the actions' parts of the first layer
};

}  // namespace recbots
