#include "common/agents/greedy_cluster_agent.h"

#include <algorithm>

#include "common/base/log.h"
#include "common/policies/greedy_slate.h"

namespace recbots {

GreedyClusterAgent::GreedyClusterAgent(const EnvironmentSpec& spec, int cluster)
    : cluster_(static_cast<size_t>(cluster)),
      num_candidates_(static_cast<size_t>(spec.num_candidates)),
      num_features_(static_cast<size_t>(spec.num_candidate_features)),
      slate_size_(static_cast<size_t>(spec.slate_size)),
      quality_feature_(spec.quality_feature) {
  RECBOTS_CHECK(cluster >= 0 && cluster < spec.num_clusters)
      << "cluster " << cluster << ", want 0.." << spec.num_clusters - 1;
  RECBOTS_CHECK(spec.num_clusters <= spec.num_candidate_features && quality_feature_ < spec.num_candidate_features)
      << "num_clusters " << spec.num_clusters << ", quality_feature " << quality_feature_ << ", features "
      << spec.num_candidate_features;
}

void GreedyClusterAgent::Act(const PolicyInput& input, const PolicyOutput& output) {
  const size_t num_users = input.positions.size(), row = num_candidates_ * num_features_;
  RECBOTS_CHECK(input.candidates.size() == num_users * row && output.slates.size() == num_users * slate_size_)
      << "candidates " << input.candidates.size() << ", slates " << output.slates.size() << ", users " << num_users;
  for (size_t user = 0; user < num_users; ++user) {
    const float* const candidates = input.candidates.data() + user * row;
    const auto quality = [&](int32_t position) {
      const float* const features = candidates + static_cast<size_t>(position) * num_features_;
      return quality_feature_ < 0 ? 0.0f : features[quality_feature_];
    };
    const absl::Span<int32_t> slate = output.slates.subspan(user * slate_size_, slate_size_);
    size_t size = 0;
    for (size_t i = 0; i < num_candidates_; ++i) {
      if (candidates[i * num_features_ + cluster_] == 0.0f) continue;
      size = InsertByScore(static_cast<int32_t>(i), quality, size, slate);
    }
    std::fill(slate.begin() + static_cast<std::ptrdiff_t>(size), slate.end(), kNoItem);
    for (size_t k = 0; !output.position_probability.empty() && k < slate_size_; ++k) {
      output.position_probability[user * slate_size_ + k] = k < size ? 1.0f : 0.0f;
    }
  }
  std::fill(output.behaviour_probability.begin(), output.behaviour_probability.end(), 1.0f);
}

}  // namespace recbots
