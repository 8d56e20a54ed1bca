#include "actor/recsim/check_spec.h"

#include "absl/strings/str_cat.h"
#include "common/base/check_range.h"
#include "common/base/status_macros.h"

namespace recbots {
absl::Status CheckSpec(const EnvironmentSpec& spec) {
  RECBOTS_RETURN_IF_ERROR(CheckRange("num_candidates", spec.num_candidates, 1, 1 << 20));
  RECBOTS_RETURN_IF_ERROR(CheckRange("slate_size", spec.slate_size, 1, spec.num_candidates, " (num_candidates)"));
  RECBOTS_RETURN_IF_ERROR(CheckRange("min_slate_size", spec.min_slate_size, 0, spec.slate_size, " (slate_size)"));
  RECBOTS_RETURN_IF_ERROR(CheckRange("num_user_features", spec.num_user_features, 0, 1 << 16));
  RECBOTS_RETURN_IF_ERROR(CheckRange("num_candidate_features", spec.num_candidate_features, 0, 1 << 16));
  RECBOTS_RETURN_IF_ERROR(CheckRange("num_clusters", spec.num_clusters, 0, spec.num_candidate_features));
  RECBOTS_RETURN_IF_ERROR(CheckRange("quality_feature", spec.quality_feature, -1, spec.num_candidate_features - 1));
  return CheckRange("users_per_session", spec.users_per_session, 1, kMaxUsersPerSession);
}

}  // namespace recbots
