// Chooses slates for a batch of users.
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots {

// What a policy sees of B users.
struct PolicyInput {
  absl::Span<const float> observation;         // float32 [B, U]
  absl::Span<const StreamPosition> positions;  // [B]: keys of each user's draws (Environment::positions)
};

// What it answers.
struct PolicyOutput {
  absl::Span<int32_t> slates;               // int32 [B, K] candidate positions
  absl::Span<float> behaviour_probability;  // float32 [B]: probability with which this policy shows this slate
};

// Not thread-safe (policies keep scratch memory); use one per thread.
class Policy {
 public:
  virtual ~Policy() = default;
  virtual void Act(const PolicyInput& input, const PolicyOutput& output) = 0;
};

}  // namespace recbots
