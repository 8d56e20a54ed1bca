// One self-contained row of experience (design: transition).
#pragma once

#include "absl/status/statusor.h"
#include "common/base/row_schema.h"
#include "common/rl/spec.h"

namespace recbots {

// Names of the columns of a transition, in row order.
namespace transition {
inline constexpr char kObservation[] = "observation";                     // float32 [U]; only where U > 0
inline constexpr char kNextObservation[] = "next_observation";            // float32 [U]; only where U > 0
inline constexpr char kCandidates[] = "candidates";                       // float32 [N, D]; only where D > 0
inline constexpr char kNextCandidates[] = "next_candidates";              // float32 [N, D]; only where D > 0
inline constexpr char kSlate[] = "slate";                                 // int32 [K] positions
inline constexpr char kResponse[] = "response";                           // float32 [K, R]
inline constexpr char kReward[] = "reward";                               // float32
inline constexpr char kDiscount[] = "discount";                           // float32: 0 exactly when terminated
inline constexpr char kBehaviourProbability[] = "behaviour_probability";  // float32
inline constexpr char kWeightsVersion[] = "weights_version";              // int64: of the policy that chose the slate
inline constexpr char kWeightsUpdates[] = "weights_updates";              // int64: updates behind that version
inline constexpr char kCollectedMicros[] = "collected_micros";            // int64: time since the Unix epoch
}  // namespace transition

// The schema of the transitions of an environment.
absl::StatusOr<RowSchema> TransitionSchema(const EnvironmentSpec& spec);

}  // namespace recbots
