#include "common/rl/transition.h"

#include <utility>
#include <vector>

namespace recbots {

absl::StatusOr<RowSchema> TransitionSchema(const EnvironmentSpec& spec, const TransitionOptions& options) {
  const auto num_fields = static_cast<int32_t>(spec.response_fields.size());
  std::vector<Column> columns;
  if (spec.num_user_features > 0) {
    columns.push_back({transition::kObservation, DType::kFloat32, {spec.num_user_features}});
    columns.push_back({transition::kNextObservation, DType::kFloat32, {spec.num_user_features}});
  }
  if (spec.num_candidate_features > 0 && !HoldsCatalogue(spec)) {
    const std::vector<int32_t> shape = {spec.num_candidates, spec.num_candidate_features};
    columns.push_back({transition::kCandidates, DType::kFloat32, shape});
    columns.push_back({transition::kNextCandidates, DType::kFloat32, shape});
  }
  columns.push_back({transition::kSlate, DType::kInt32, {spec.slate_size}});
  if (options.next_slate) columns.push_back({transition::kNextSlate, DType::kInt32, {spec.slate_size}});
  columns.push_back({transition::kResponse, DType::kFloat32, {spec.slate_size, num_fields}});
  columns.push_back({transition::kReward, DType::kFloat32, {}});
  columns.push_back({transition::kDiscount, DType::kFloat32, {}});
  columns.push_back({transition::kBehaviourProbability, DType::kFloat32, {}});
  columns.push_back({transition::kWeightsVersion, DType::kInt64, {}});
  columns.push_back({transition::kWeightsUpdates, DType::kInt64, {}});
  columns.push_back({transition::kCollectedMicros, DType::kInt64, {}});
  return RowSchema::Create(std::move(columns));
}

}  // namespace recbots
