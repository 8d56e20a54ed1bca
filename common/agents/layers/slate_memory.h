// Remembers which documents each user is shown, so that they can be found again among other candidates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/rl/spec.h"

namespace recbots {

// Two documents are the same if all their features agree: |a - b| <= absolute + relative |b|. In a fixed catalogue, or
// without features, they are the same if their positions are.
//
// Keeps for each user a slate of positions, and, if candidates have features, the features that its documents had when
// the slate was set. Not thread-safe; only Reserve allocates.
class SlateMemory {
 public:
  SlateMemory(const EnvironmentSpec& spec, double absolute_tolerance, double relative_tolerance);

  // Whether Find reads the candidates.
  bool finds_by_features() const { return !by_position_; }

  // How many numbers Write fills: K D, or K if D is 0.
  static size_t WidthOf(const EnvironmentSpec& spec);

  void Reserve(size_t num_users);
  // Remembers `slate` [K], positions of candidates float32 [N, D].
  void Set(size_t user, absl::Span<const int32_t> slate, absl::Span<const float> candidates);
  // Remembers the first K candidates.
  void SetFirst(size_t user, absl::Span<const float> candidates);
  // Whether `slate` of these candidates differs from the remembered slate in its documents, their order or their
  // number.
  bool Differs(size_t user, absl::Span<const int32_t> slate, absl::Span<const float> candidates) const;
  // Changes the remembered positions to those that the documents have among these candidates: the old position if the
  // document is still there, otherwise the first match that is not taken yet. Returns false if a document is gone; the
  // positions must not be shown then. The remembered features do not change.
  bool Find(size_t user, absl::Span<const float> candidates);

  absl::Span<const int32_t> slate(size_t user) const {
    return absl::MakeConstSpan(slates_).subspan(user * slate_size_, slate_size_);
  }
  // Writes float32 [K, D] features, with zeros behind the end of the slate; if D is 0, float32 [K] positions, with -1
  // behind the end.
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
