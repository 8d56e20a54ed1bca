// Acts as Wolpertinger does (Dulac-Arnold et al. 2015, arXiv:1512.07679, algorithm 1): the actor's proto-action, scaled
// to unit length, retrieves the k nearest items, and the critic picks the best of them.
//
// Exploration: with probability 1 - share a user is shown one of all N items, drawn uniformly. The random candidates of
// WolpertingerConfig widen what the learner looks at and are never added here: a choice would then depend on draws that
// the recorded probability cannot show in closed form.
//
// behaviour_probability is exact: share * [the item is the greedy one] + (1 - share) / N. So the networks are also run
// for users who explore, but the critic only where the item drawn is among the candidates.
//
// A user's item is a function of weights, observation and position alone, whatever the other users in the batch: draws
// are keyed, and each row's sums run in an order of their own. It is the same on all processors with fused multiply-add
// (AVX2, AVX-512); on those without it values differ by rounding (dense.h), so a choice may differ where two values
// agree to about 1e-6.
//
// Equal values go to the nearer item, equal distances to the lower position.
//
// Cost: about 2 H^2 (k + 1) floating-point operations per user; allocates nothing in Act. Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/algorithms/wolpertinger/shape.h"
#include "common/inference/dense.h"
#include "common/inference/dense_mlp.h"
#include "common/inference/network_policy.h"

namespace recbots {

struct WolpertingerPolicyOptions {
  WolpertingerShape shape;
  int max_users = 1024;  // The largest B that Act will see, at least 1.
  uint64_t seed = 1;     // Key of the draws of exploration.
};

class WolpertingerPolicy final : public NetworkPolicy {
 public:
  // INVALID_ARGUMENT: a field out of range.
  static absl::StatusOr<std::unique_ptr<WolpertingerPolicy>> Create(const WolpertingerPolicyOptions& options);

  absl::Status SetWeights(absl::string_view encoded) override;
  void SetPolicyShare(double share) override;
  bool stationary() const override { return has_weights_ && share_ == 1; }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;

  // Why the greedy choice for one user is what it is. Needs weights. Allocates; for tests and inspection.
  struct Explanation {
    std::vector<float> proto_action;  // [E], of unit length
    std::vector<int32_t> candidates;  // [k], nearest first
    std::vector<float> values;        // [k]: the critic's value of each
    int32_t best = 0;
  };
  Explanation Explain(absl::Span<const float> observation);

 private:
  explicit WolpertingerPolicy(const WolpertingerPolicyOptions& options);

  // Everything that follows from one version of the weights.
  struct Networks {
    DenseMlp actor;
    DenseLayer distance;         // Squared distance to each item, less the proto-action's own length: |e|^2 - 2 p . e.
    DenseLayer critic_state;     // The observation's part of the critic's first layer, with the bias.
    AlignedFloats critic_items;  // [I, padded H]: each item's part of the critic's first layer.
    DenseMlpTail critic;
  };
  Networks MakeNetworks(const TensorMap& tensors) const;

  // The steps of one chunk of users, [n, ...] each; results lie in the scratch members of the same order.
  void Draw(absl::Span<const StreamPosition> positions);
  const float* Retrieve(const float* observation, int num_users);  // The proto-actions [n, padded E].
  void SelectRows(int num_users);
  void Score(const float* observation, int num_users);
  int32_t Greedy(int user) const;
  void Answer(int num_users, int32_t* slates, float* behaviour_probability) const;

  // Constant after construction.
  const WolpertingerShape shape_;
  const uint64_t seed_;
  const int chunk_;  // Users at a time: as many as keep the scratch memory in the second-level cache.

  bool has_weights_ = false;
  double share_ = 1;
  Networks networks_;

  std::vector<int32_t> explored_;   // [n]: the item drawn, or -1 where the user follows the policy
  AlignedFloats distances_;         // [n, padded I]
  std::vector<uint64_t> keys_;      // [n, I], of nearest.h: the first k of each row are the candidates, in any order
  std::vector<int32_t> first_row_;  // [n]: first of the user's k rows to score, or -1
  AlignedFloats state_;             // [n, padded H]
  std::vector<float> values_;       // [rows]
};

}  // namespace recbots
