// A batch of simulated users.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "common/base/random.h"
#include "common/base/state_archive.h"
#include "common/rl/spec.h"

namespace recbots {

// The columns that one step writes. The caller owns them; each is [B, ...], and row i belongs to user i (StepBuffer in
// step_buffer.h owns a set).
struct StepColumns {
  absl::Span<float> response;          // float32 [B, K, R]; zeros beyond the end of a short slate
  absl::Span<float> reward;            // float32 [B]
  absl::Span<uint8_t> terminated;      // [B], 1: the user left
  absl::Span<uint8_t> truncated;       // [B], 1: the step limit cut in; never together with terminated
  absl::Span<float> next_observation;  // float32 [B, U]: what the step led to, even at the end of an episode.
                                       // May be empty: then it is not written
  absl::Span<float> observation;       // float32 [B, U]: what the policy sees next; differs from next_observation
                                       // exactly where the episode ended and a new one has begun
  // next_candidates and candidates correspond to next_observation and observation: float32 [B, N, D]; both empty if D
  // is 0.
  absl::Span<float> next_candidates = {};  // May be empty: then they are not written
  absl::Span<float> candidates = {};
  // [B]. 0 means that the user left before this step and waits for the other users of the session: the row holds no
  // step (response and reward 0, terminated and truncated 0). May be empty if M is 1, because every user is active
  // then.
  absl::Span<uint8_t> active = {};
};

// Which users a step leaves alone (Environment::StepSome).
struct StepWaits {
  // [B], 1: the user waits. All users of a session have the same value. Empty: no user waits.
  absl::Span<const uint8_t> hold = {};
  // Whether users whose episode ends start a new one in the same call. Otherwise they wait until ResetSome starts their
  // next episode, and their observation stays what the last step led to.
  bool auto_start = true;
};

// B users stepped together. Users whose episode ends start a new one in the same call.
//
// A slate is K different candidate positions; if the spec allows shorter slates, kNoItem fills the places behind the
// last position.
//
// With M > 1, users i * M .. i * M + M - 1 form a session: they see the same candidates, and a new episode begins for
// all of them once each user has left or was truncated. M divides B.
//
// Deterministic: user i plays stream `first_stream + i`, and its episode e has the same bits for every B and in every
// process. Not thread-safe; different environments are independent.
class Environment {
 public:
  virtual ~Environment() = default;

  virtual const EnvironmentSpec& spec() const = 0;
  virtual int num_users() const = 0;

  // Starts every user at its next episode (the first one after construction) and writes the observations [B, U] and the
  // candidates [B, N, D].
  virtual void Reset(absl::Span<float> observation, absl::Span<float> candidates) = 0;

  // Shows user i the slate slates[i * K .. i * K + K - 1] of candidate positions. Allocates nothing.
  //   INVALID_ARGUMENT  a slate has a position outside 0..N-1, a position twice, kNoItem before an item, or fewer than
  //                     min_slate_size items; or a span has the wrong length. No user was stepped
  //   ABORTED           the users were lost, and others have taken their places: the step was not made, and every
  //                     user has begun a new episode on a new stream (positions). Only `observation` and
  //                     `candidates` have been written. The caller drops what it keeps of the episodes, and goes
  //                     on. Only environments outside of this process do so
  //   any other         the environment has failed for good
  virtual absl::Status Step(absl::Span<const int32_t> slates, const StepColumns& out) = 0;

  // As Step, for the users who do not wait. For a user who waits nothing is drawn and time stands still: response,
  // reward, terminated, truncated and active are 0, and observations and candidates are written as they were. The slate
  // of a user who waits must be valid too, and is not shown. May allocate in its first call. Errors are those of Step,
  // and
  //   INVALID_ARGUMENT  `hold` has the wrong length, or differs within a session
  //   UNIMPLEMENTED     this environment steps all of its users only, and was asked to let some wait
  // No user was stepped then. Once users wait because of auto_start, Step lets them wait, too.
  virtual absl::Status StepSome(absl::Span<const int32_t> slates, const StepWaits& waits, const StepColumns& out) {
    if (waits.hold.empty() && waits.auto_start) return Step(slates, out);
    return absl::UnimplementedError(spec().name + ": users of this environment cannot wait while others step");
  }

  // As Reset, for the users whose mask is 1; [B], the same for all users of a session. The rows of the other users are
  // not written.
  //   INVALID_ARGUMENT     a span has the wrong length, or `mask` differs within a session
  //   FAILED_PRECONDITION  no episode has begun yet, and `mask` leaves users out
  //   UNIMPLEMENTED        this environment resets all of its users only
  virtual absl::Status ResetSome(absl::Span<const uint8_t> mask, absl::Span<float> observation,
                                 absl::Span<float> candidates) {
    static_cast<void>(mask), static_cast<void>(observation), static_cast<void>(candidates);
    return absl::UnimplementedError(spec().name + ": users of this environment cannot be reset one by one");
  }

  // For each user, [B], the position of its streams at which the next slate is chosen. Policies draw at this position,
  // so that their behaviour, too, is independent of the batch.
  virtual absl::Span<const StreamPosition> positions() const = 0;

  // Transfers everything that later steps depend on (state_archive.h): an environment of the same scenario, seed and
  // users that has loaded it goes on with the same bits as the one that saved it. The columns of the newest step belong
  // to the caller, who keeps them too. Without it, runs of this environment cannot be resumed: the archive fails with
  // UNIMPLEMENTED.
  virtual void TransferState(StateArchive& archive) {
    archive.Fail(absl::UnimplementedError("this environment cannot save its users"));
  }
};

}  // namespace recbots
