#include "common/rl/transition.h"

namespace recbots {

absl::StatusOr<RowSchema> TransitionSchema(const EnvironmentSpec& spec) {
  const auto num_fields = static_cast<int32_t>(spec.response_fields.size());
  return RowSchema::Create({
      {transition::kObservation, DType::kFloat32, {spec.num_user_features}},
      {transition::kNextObservation, DType::kFloat32, {spec.num_user_features}},
      {transition::kSlate, DType::kInt32, {spec.slate_size}},
      {transition::kResponse, DType::kFloat32, {spec.slate_size, num_fields}},
      {transition::kReward, DType::kFloat32, {}},
      {transition::kDiscount, DType::kFloat32, {}},
      {transition::kBehaviourProbability, DType::kFloat32, {}},
      {transition::kWeightsVersion, DType::kInt64, {}},
      {transition::kWeightsUpdates, DType::kInt64, {}},
      {transition::kCollectedMicros, DType::kInt64, {}},
  });
}

}  // namespace recbots
