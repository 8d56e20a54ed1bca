// Remembers which documents each user is shown, so that they can be found again among other candidates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/rl/spec.h"

namespace recbots {

// Two documents are the same where all features are: |a - b| <= absolute + relative |b|. Those of a fixed catalogue,
// and those without features, are the same where their positions are.
//
// Keeps, per user, a slate as positions and (where the environment has features) the features of its documents as they
// were when it was set. Not thread-safe; only Reserve allocates.
class SlateMemory {
 public:
  SlateMemory(const EnvironmentSpec& spec, double absolute_tolerance, double relative_tolerance);

  // Whether Find looks at the candidates.
  bool finds_by_features() const { return !by_position_; }

  // How many numbers Write fills: K D, or K where D is 0.
  static size_t WidthOf(const EnvironmentSpec& spec);

  void Reserve(size_t num_users);
  // Remembers `slate` [K] of candidates float32 [N, D].
  void Set(size_t user, absl::Span<const int32_t> slate, absl::Span<const float> candidates);
  // Remembers the first K candidates.
  void SetFirst(size_t user, absl::Span<const float> candidates);
  // Whether `slate` of these candidates shows other documents than those remembered, in another order or another
  // number.
  bool Differs(size_t user, absl::Span<const int32_t> slate, absl::Span<const float> candidates) const;
  // Moves the remembered positions to where the documents are among these candidates: where they were, else the first
  // place not yet taken. False where one is gone; the positions are not to be shown then. Features stay as they were.
  bool Find(size_t user, absl::Span<const float> candidates);

  absl::Span<const int32_t> slate(size_t user) const {
    return absl::MakeConstSpan(slates_).subspan(user * slate_size_, slate_size_);
  }
  // float32 [K, D] features, zeros behind the end of the slate; or float32 [K] positions, -1 there, where D is 0.
  void Write(size_t user, float* out) const;

 private:
  bool Same(const float* remembered, const float* candidate) const;

  const size_t slate_size_, num_candidates_, num_features_;
  const bool by_position_;
  const double absolute_tolerance_, relative_tolerance_;
  std::vector<int32_t> slates_;  // [B, K]
  std::vector<float> features_;  // [B, K, D]
};

}  // namespace recbots
