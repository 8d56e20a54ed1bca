// A program that plays users, as the environment sees it: whatever carries the messages (actor/external).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "actor/scenarios/external/options.h"
#include "common/base/instant.h"
#include "common/base/stop.h"
#include "common/base/wait_board.h"

namespace recbots {

// What a program is told to play: B users on the random streams first_stream .. first_stream + B - 1.
struct UsersToPlay {
  ExternalSpecOptions spec;
  int num_users = 1;
  uint32_t first_stream = 0;
  uint64_t seed = 0;
};

// The columns of a step as they came, not checked; E of the rows ended their episode. The memory is the program's and
// keeps its content until the next call.
struct ProgramColumns {
  absl::Span<const float> response;          // float32 [B, K, R]
  absl::Span<const float> reward;            // float32 [B]
  absl::Span<const uint8_t> terminated;      // [B]
  absl::Span<const uint8_t> truncated;       // [B]
  absl::Span<const float> observation;       // float32 [B, U]
  absl::Span<const float> candidates;        // float32 [B, N, D]
  absl::Span<const float> next_observation;  // float32 [E, U], or more, of which the first count
  absl::Span<const float> next_candidates;   // float32 [E, N, D], or more
};

// How long a call may wait, and whom it asks meanwhile whether to go on.
struct ProgramWait {
  Instant deadline;
  StopQuestion stop;           // Asked ten times a second.
  WaitBoard* waits = nullptr;  // Shows waits that last.
};

// One running program. Every error is final: the program is then of no use, and must be destroyed.
//   DEADLINE_EXCEEDED    no answer until the deadline: it hangs, or it starts slowly
//   UNAVAILABLE          it ended, or the connection did
//   INTERNAL             it reports an error of its own: an exception
//   DATA_LOSS            it sent what means nothing
//   FAILED_PRECONDITION  it plays another environment, or speaks another protocol: another try would be of no use
//   CANCELLED            told to stop
// Not thread-safe. The destructor ends the program, and waits for its end.
class UserProgram {
 public:
  virtual ~UserProgram() = default;

  // Makes it play these users. May be called again, for others.
  virtual absl::Status Begin(const UsersToPlay& users, const ProgramWait& wait) = 0;
  // What it says it plays, once it is ready.
  virtual absl::StatusOr<ExternalSpecOptions> Describe(const ProgramWait& wait) = 0;
  // Sequence 0 starts every user at its next episode, and `slates` is empty; then 1, 2, ... with int32 [B, K].
  virtual absl::StatusOr<ProgramColumns> Step(uint64_t sequence, absl::Span<const int32_t> slates,
                                              const ProgramWait& wait) = 0;
  // Its last lines of output, as far as this process sees them; "": none. For messages about its end, so that it may
  // wait for a moment until they are all there.
  virtual std::string LastLines() = 0;
};

// Starts programs, or connects to one. Thread-safe.
class ProgramLauncher {
 public:
  virtual ~ProgramLauncher() = default;

  // For messages: "the program 'python3 -m my_world'".
  virtual const std::string& name() const = 0;
  // NOT_FOUND: there is no such program, or it may not be run: another try would be of no use. Other errors as above.
  virtual absl::StatusOr<std::unique_ptr<UserProgram>> Launch(const ProgramWait& wait) = 0;
};

}  // namespace recbots
