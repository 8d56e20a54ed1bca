// What the acting and the learning side of full-slate Q-learning agree on, and of DQN, which is the same with slates of
// one. An action is an ordered slate, its features those of its K items in order; tensors are QTensors.
#pragma once

#include <cstdint>

#include "common/inference/q_shape.h"

namespace recbots {

struct FullSlateShape {
  QShape q;
  int num_candidates = 0;     // N
  int num_item_features = 0;  // D where candidates have features, else N (one-hot position).
  bool item_features = true;
  int slate_size = 1;  // K

  static constexpr int64_t kMaxSlates = 100000;
  int64_t num_slates() const;  // N (N - 1) ... (N - K + 1)
};

}  // namespace recbots
