// The gradients of an update of Wolpertinger (wolpertinger.h) of two equal hidden layers with ReLU, on one core, in
// single precision and without LibTorch: at 32 rows and 64 hidden units its operators cost several times the arithmetic
// that they do. The formulas are those of tensor_update.h, which tests hold it to; results differ by rounding.
//
// What need not be computed is left out: the value of what follows where a row's discount is 0, the actor's point where
// all items are candidates.
//
// The same bits on all processors with fused multiply-add (common/inference/dense.h), unless target_noise is above 0.
//
// Letters: B rows, U user features, I items, E embedding size, H hidden units; padded: PaddedSize.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/algorithms/wolpertinger/item_scorer.h"
#include "common/algorithms/wolpertinger/options.h"
#include "common/inference/dense.h"
#include "common/training/packed_mlp.h"

namespace recbots {

// Where a set of networks lies, or its gradients.
struct WolpertingerMemory {
  MlpMemory actor, critics[2];
  float* embeddings;  // [I, E]
};

// Not thread-safe. Allocates where B grows.
class FusedUpdate {
 public:
  // The memory outlives it.
  FusedUpdate(const WolpertingerOptions& options, const WolpertingerMemory& online, const WolpertingerMemory& target,
              const WolpertingerMemory& gradients);

  struct Batch {
    int rows;
    const float *observation, *next_observation;  // [B, U]
    const int32_t* items;                         // [B]: those shown, 0..I - 1
    const float *reward, *discount;               // [B]
    const float* weights;                         // [B]: importance weights; nullptr: all are 1
    int64_t first_row = 0;                        // The number of the first row, for the draws of rows.
  };
  // Overwrites all gradients; the actor's only if it is due. `updates` are those done.
  void Run(const Batch& batch, uint64_t updates, bool actor_is_due);

  // Of the newest update.
  absl::Span<float> target_values() { return absl::MakeSpan(target_values_); }
  absl::Span<const float> td_errors(size_t critic) const { return td_errors_[critic]; }
  double critic_loss() const { return critic_loss_; }
  double actor_loss() const { return actor_loss_; }
  double* mutable_critic_loss() { return &critic_loss_; }
  double* mutable_actor_loss() { return &actor_loss_; }

 private:
  int num_critics() const { return options_.twin_critics ? 2 : 1; }
  void Resize(const Batch& batch);
  void Pack(bool actor_is_due);
  void ComputeTargets(const Batch& batch);
  void AddTargetNoise(const Batch& batch);
  void LowerTargets(const Batch& batch);
  void ComputeCritics(const Batch& batch);
  void AddCritic(const Batch& batch, size_t c);
  void ComputeActor(const Batch& batch);
  void AddClimb();
  void AddRegression(const Batch& batch);

  const WolpertingerOptions options_;
  const size_t embedding_size_;
  const WolpertingerMemory online_memory_, target_memory_, gradients_;
  struct Networks {
    PackedMlp actor, critics[2];
    std::vector<float> lengths, unit;  // [I], [I, E]: embeddings scaled to unit length
  };
  Networks online_, target_;
  ItemScorer scorer_;

  uint64_t updates_ = 0;
  size_t rows_ = 0;
  MlpRows actor_, critic_, climb_;
  AlignedFloats state_[2];             // [B, padded H]: users' parts of the critics' first layers
  AlignedFloats inputs_;               // [B, padded U + E]: what the critics are shown
  AlignedFloats outputs_, d_outputs_;  // [B, padded E]: of the actor, before its points are scaled
  AlignedFloats d_action_;             // [B, padded E]
  std::vector<float> proto_, proto_lengths_, actions_, d_proto_;         // [B, E], [B], [B, E], [B, E]
  std::vector<float> d_unit_;                                            // [I, E]
  std::vector<int32_t> best_;                                            // [B]
  std::vector<float> values_, target_values_, d_values_, td_errors_[2];  // [B]
  double critic_loss_ = 0, actor_loss_ = 0;
};

}  // namespace recbots
