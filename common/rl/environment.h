// A batch of simulated users.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/random.h"
#include "common/rl/spec.h"

namespace recbots {

// Where one step writes: columns of the caller, [B, ...] each, row i belongs to user i.
struct StepColumns {
  absl::Span<float> response;          // float32 [B, K, R]
  absl::Span<float> reward;            // float32 [B]
  absl::Span<uint8_t> terminated;      // [B], 1: the user left
  absl::Span<uint8_t> truncated;       // [B], 1: the step limit cut in; never together with terminated
  absl::Span<float> next_observation;  // float32 [B, U]: what the step led to, also where the episode ended
  absl::Span<float> observation;       // float32 [B, U]: what the policy sees next; differs from next_observation
                                       // exactly where the episode ended and a new one has begun
};

// B users stepped together. Users whose episode ends start a new one in the same call.
//
// Deterministic: user i plays stream `first_stream + i`; its episode e is the same bit for bit whatever B is and whoever
// simulates it. Not thread-safe; different environments are independent.
class Environment {
 public:
  virtual ~Environment() = default;

  virtual const EnvironmentSpec& spec() const = 0;
  virtual int num_users() const = 0;

  // Starts every user at its next episode (the first one after construction) and writes the observations [B, U].
  virtual void Reset(absl::Span<float> observation) = 0;

  // Shows user i the slate slates[i * K .. i * K + K - 1] of candidate positions. Allocates nothing.
  //   INVALID_ARGUMENT  a position outside 0..N-1, or a span of the wrong length; nobody was stepped
  virtual absl::Status Step(absl::Span<const int32_t> slates, const StepColumns& out) = 0;

  // Where each user's streams stand [B]: the position at which the next slate is chosen. Policies draw with it, so that
  // behaviour too is independent of the batch.
  virtual absl::Span<const StreamPosition> positions() const = 0;
};

}  // namespace recbots
