// Settings of Wolpertinger's learning side (wolpertinger.h says what they do in an update), and the draws of an update.
#pragma once

#include <cstdint>

#include "common/algorithms/wolpertinger/shape.h"
#include "common/base/device.h"
#include "common/base/random.h"
#include "common/training/optimizer.h"

namespace recbots {

enum class ActorObjective { kClimbCritic, kRegressToBest, kClimbAndRegress };

struct WolpertingerOptions {
  WolpertingerShape shape;
  int random_candidates = 2;  // Per row, drawn with replacement from all items; 0..4096. More: wider search, slower.
  ActorObjective actor_objective = ActorObjective::kRegressToBest;
  double learning_rate = 0.001;  // Of both optimisers, 0..1.
  OptimizerOptions optimizer = {};
  double tau = 0.01;               // Share of the online parameters blended into the targets per update, 0..1.
  bool twin_critics = false;       // Less overestimation for about half as much work again.
  int actor_delay = 1;             // The actor is updated in one of this many updates, 1..1000.
  double target_noise = 0;         // Standard deviation of the noise on target proto-actions (ibid., 5.3), 0..10.
  double target_noise_clip = 0.5;  // Where it is clipped, 0..10.
  uint64_t seed = 1;               // Key of initial parameters and of the draws of updates.
  bool double_precision = false;   // For comparison with references: float64 networks, rewards and discounts.
  bool with_libtorch = false;      // For comparison: LibTorch's operators in single precision, too (fused_update.h).
  Device device = {};              // Where it learns. GPUs always compute by LibTorch's operators.
  MatrixPrecision precision = MatrixPrecision::kFloat32;  // Of LibTorch's operators.
};

// Streams of draws within one update.
enum class Draw : uint32_t { kTargetCandidates = 1, kCandidates = 2, kNoise = 3 };

// The draws of a row in the update that follows `updates` others.
inline Rng RowDraws(uint64_t seed, uint64_t updates, Draw draw, int64_t row) {
  return Rng(seed, Purpose::kAlgorithm,
             {.stream = static_cast<uint32_t>(draw) << 24 | static_cast<uint32_t>(row),
              .episode = static_cast<uint32_t>(updates >> 32),
              .step = static_cast<uint32_t>(updates)});
}

}  // namespace recbots
