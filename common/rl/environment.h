// A batch of simulated users.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/random.h"
#include "common/rl/spec.h"

namespace recbots {

// Where one step writes: columns of the caller, [B, ...] each, row i belongs to user i (step_buffer.h owns a set).
struct StepColumns {
  absl::Span<float> response;          // float32 [B, K, R]; zeros beyond the end of a short slate
  absl::Span<float> reward;            // float32 [B]
  absl::Span<uint8_t> terminated;      // [B], 1: the user left
  absl::Span<uint8_t> truncated;       // [B], 1: the step limit cut in; never together with terminated
  absl::Span<float> next_observation;  // float32 [B, U]: what the step led to, also where the episode ended.
                                       // May be empty: then it is not written
  absl::Span<float> observation;       // float32 [B, U]: what the policy sees next; differs from next_observation
                                       // exactly where the episode ended and a new one has begun
  // The same of candidates, float32 [B, N, D]; both empty where D is 0.
  absl::Span<float> next_candidates = {};  // May be empty: then they are not written
  absl::Span<float> candidates = {};
  // [B], 0: the user had left before this step and waits for the others of the session: the row holds no step (response
  // and reward 0, terminated and truncated 0). May be empty where M is 1, when it would always be 1.
  absl::Span<uint8_t> active = {};
};

// B users stepped together. Users whose episode ends start a new one in the same call.
//
// A slate is K candidate positions, all different; where the spec allows shorter ones, kNoItem follows the last.
//
// With M > 1 users i * M .. i * M + M - 1 form a session: they see the same candidates, and a new episode begins for
// all of them once each has left or been cut. M divides B.
//
// Deterministic: user i plays stream `first_stream + i`; its episode e is the same bit for bit whatever B is and
// whichever process simulates the user. Not thread-safe; different environments are independent.
class Environment {
 public:
  virtual ~Environment() = default;

  virtual const EnvironmentSpec& spec() const = 0;
  virtual int num_users() const = 0;

  // Starts every user at its next episode (the first one after construction) and writes the observations [B, U] and the
  // candidates [B, N, D].
  virtual void Reset(absl::Span<float> observation, absl::Span<float> candidates) = 0;

  // Shows user i the slate slates[i * K .. i * K + K - 1] of candidate positions. Allocates nothing.
  //   INVALID_ARGUMENT  a slate with a position outside 0..N-1, with one twice, with kNoItem before an item or with
  //                     fewer than min_slate_size items; or a span of the wrong length. No user was stepped
  virtual absl::Status Step(absl::Span<const int32_t> slates, const StepColumns& out) = 0;

  // Where each user's streams stand [B]: the position at which the next slate is chosen. Policies draw with it, so that
  // behaviour too is independent of the batch.
  virtual absl::Span<const StreamPosition> positions() const = 0;
};

}  // namespace recbots
