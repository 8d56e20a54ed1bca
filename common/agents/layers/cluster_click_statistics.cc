#include "common/agents/layers/cluster_click_statistics.h"

#include <algorithm>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/log.h"

namespace recbots {

absl::StatusOr<std::unique_ptr<ClusterClickStatistics>> ClusterClickStatistics::Create(const EnvironmentSpec& spec) {
  if (spec.num_clusters < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("cluster click statistics need clusters: ", spec.name, " has num_clusters ", spec.num_clusters));
  }
  for (const char* field : {"click", "cluster_id"}) {
    if (spec.FindResponseField(field) >= 0) continue;
    return absl::InvalidArgumentError(absl::StrCat("cluster click statistics need the response field ", field, ": ",
                                                   spec.name, " has ", absl::StrJoin(spec.response_fields, ", ")));
  }
  return absl::WrapUnique(new ClusterClickStatistics(spec));
}

ClusterClickStatistics::ClusterClickStatistics(const EnvironmentSpec& spec)
    : num_clusters_(static_cast<size_t>(spec.num_clusters)),
      num_fields_(spec.response_fields.size()),
      click_field_(static_cast<size_t>(spec.FindResponseField("click"))),
      cluster_field_(static_cast<size_t>(spec.FindResponseField("cluster_id"))) {}

void ClusterClickStatistics::Reserve(size_t num_users) {
  counts_.resize(std::max(counts_.size(), num_users * 2 * num_clusters_));
}

void ClusterClickStatistics::Begin(size_t user, const UserView& /*view*/) {
  std::fill_n(counts_.begin() + static_cast<std::ptrdiff_t>(user * 2 * num_clusters_), 2 * num_clusters_, 0.0f);
}

void ClusterClickStatistics::Add(size_t user, const UserStep& step, const UserView& /*next*/) {
  float* const impressions = counts_.data() + user * 2 * num_clusters_;
  float* const clicks = impressions + num_clusters_;
  for (size_t k = 0; k < step.slate.size() && step.slate[k] != kNoItem; ++k) {
    const float* const fields = step.response.data() + k * num_fields_;
    const auto cluster = static_cast<size_t>(fields[cluster_field_]);
    RECBOTS_CHECK(fields[cluster_field_] >= 0 && cluster < num_clusters_)
        << "cluster_id " << fields[cluster_field_] << ", want 0.." << num_clusters_ - 1;
    impressions[cluster] += 1.0f;
    if (fields[click_field_] != 0.0f) clicks[cluster] += 1.0f;
  }
}

void ClusterClickStatistics::Write(size_t user, absl::Span<float> statistics) const {
  std::copy_n(counts_.data() + user * 2 * num_clusters_, 2 * num_clusters_, statistics.data());
}

}  // namespace recbots
