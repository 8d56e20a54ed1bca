// Counts impressions and clicks per cluster of candidates.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/agents/layers/user_statistics.h"
#include "common/rl/spec.h"

namespace recbots {

// S = 2 C: float32 [C] impressions, then float32 [C] clicks of the episode so far. Every item shown is an impression of
// the cluster that its response names, and also a click of that cluster if the field `click` is not 0. Counts are exact
// up to 2^24.
class ClusterClickStatistics final : public UserStatistics {
 public:
  // INVALID_ARGUMENT  the environment has no clusters, or lacks the response field "click" or "cluster_id"
  static absl::StatusOr<std::unique_ptr<ClusterClickStatistics>> Create(const EnvironmentSpec& spec);

  int num_clusters() const { return static_cast<int>(num_clusters_); }

  int width() const override { return static_cast<int>(2 * num_clusters_); }
  FeedbackNeeds feedback_needs() const override { return FeedbackNeeds::None(); }
  void Reserve(size_t num_users) override;
  void Begin(size_t user, const UserView& view) override;
  void Add(size_t user, const UserStep& step, const UserView& next) override;
  void Write(size_t user, absl::Span<float> statistics) const override;
  void TransferState(StateArchive& archive) override { archive.Values("clicks", counts_); }

 private:
  explicit ClusterClickStatistics(const EnvironmentSpec& spec);

  const size_t num_clusters_, num_fields_, click_field_, cluster_field_;
  std::vector<float> counts_;  // [B, 2, C]
};

}  // namespace recbots
