// One self-contained row of experience (design: transition).
#pragma once

#include "absl/status/statusor.h"
#include "common/base/row_schema.h"
#include "common/rl/spec.h"

namespace recbots {

// Names of the columns of a transition, in row order.
namespace transition {
inline constexpr char kObservation[] = "observation";           // float32 [U]; only where U > 0
inline constexpr char kNextObservation[] = "next_observation";  // float32 [U]; only where U > 0
inline constexpr char kCandidates[] = "candidates";             // float32 [N, D]; only where D > 0 and they change
inline constexpr char kNextCandidates[] = "next_candidates";    // float32 [N, D]; as candidates
inline constexpr char kSlate[] = "slate";                       // int32 [K] positions
inline constexpr char kNextSlate[] = "next_slate";              // int32 [K]; only where options ask for it
inline constexpr char kResponse[] = "response";                 // float32 [K, R]
inline constexpr char kReward[] = "reward";                     // float32: of all steps of the row
inline constexpr char kDiscount[] = "discount";                 // float32: 0 exactly when terminated
inline constexpr char kBehaviourProbability[] = "behaviour_probability";  // float32
inline constexpr char kWeightsVersion[] = "weights_version";              // int64: of the policy that chose the slate
inline constexpr char kWeightsUpdates[] = "weights_updates";              // int64: updates behind that version
inline constexpr char kCollectedMicros[] = "collected_micros";            // int64: date since the Unix epoch
}  // namespace transition

// What a row holds about the steps after its first one. Algorithms differ in this
// (common/algorithms/transition_options.h), so every role takes the options from the configuration.
struct TransitionOptions {
  double discount = 0.99;  // Of one step, 0..1.
  // A row holds the rewards of m steps, m = min(n_step, steps until the episode ends): sum over i < m of discount^i
  // r_i. The discount column is discount^m, and the next_ columns are those after m steps. At least 1.
  int n_step = 1;
  // Whether rows have the column kNextSlate: the slate that was shown at the step to bootstrap from (SARSA). It is all
  // kNoItem if no slate was shown there, because the episode was terminated, or truncated by the step limit.
  bool next_slate = false;
};

// The schema of the transitions of an environment. It depends on only one of the options, next_slate. If the candidates
// are a fixed catalogue, rows name items by position, and the features of the items lie in the catalogue (catalogue.h).
// Errors are those of RowSchema::Create.
absl::StatusOr<RowSchema> TransitionSchema(const EnvironmentSpec& spec, const TransitionOptions& options = {});

}  // namespace recbots
