// Whether a role gets on with its work, and if not, since when and why.
//
// What counts as progress, and what as a pause that the configuration wants, differs by role:
//   actor      a step of its users whose rows replay has taken: an actor that only drops rows makes none. Idle: its
//   pace
//              (actor.max_steps_per_second). While the limiter holds its rows up, newer weights count as progress, too:
//              the learner is slower than the actors, and trains.
//   learner    an update. While it waits for a batch, rows that come into replay count as progress, too: the actors are
//              slower, or fill min_size. Idle: the last evaluation, whose wait has a limit of its own.
//   evaluator  an evaluation, or a part of one. Idle: it waits for newer weights of a learner that is there.
//   replay     a row inserted or sampled, and everything but rows that its own disk holds up: what the limiter holds up
//              is the matter of the other side.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/instant.h"
#include "common/base/wait_board.h"

namespace recbots {

struct StallWatchOptions {
  absl::Duration after = absl::Seconds(30);  // Zero: nothing counts as a stall.
  // What the role does now, for the reason where it waits for nothing. Must be thread-safe.
  std::function<std::string()> doing = nullptr;
};

struct Stall {
  absl::Duration lasted;
  std::string reason;  // "no step for 42 s: waiting for room in table transitions at 127.0.0.1:8000"
};

// Thread-safe. Costs a reading of the clock and a store for each progress.
class StallWatch {
 public:
  // `board` and `clock` must outlive the watch; both have the same clock.
  StallWatch(const StallWatchOptions& options, const WaitBoard& board, Clock& clock = Clock::Real());

  // From now on progress is expected; `unit` names a piece of it and must be a string literal ("step").
  void Begin(const char* unit);
  // From now on no progress is expected.
  void End() { unit_.store(nullptr); }

  // `amount` pieces of work were done; 0: something else shows that all is well.
  void Progressed(int64_t amount = 1);
  // `amount` pieces of work were done, of which it is not known yet whether they are of use.
  void Count(int64_t amount) { progress_.fetch_add(amount, std::memory_order_relaxed); }

  // The pieces of work so far.
  int64_t progress() const { return progress_.load(std::memory_order_relaxed); }
  // "step"; "" outside of Begin and End.
  std::string unit() const;
  // nullopt: not stalled.
  std::optional<Stall> stall() const;

 private:
  std::string Reason(absl::Duration lasted, const char* unit) const;

  const StallWatchOptions options_;
  const WaitBoard& board_;
  Clock& clock_;
  std::atomic<const char*> unit_{nullptr};
  std::atomic<int64_t> progress_{0};
  // Of the clock, when progress was made last, and the board's past_idle_time then. They are written in this order and
  // read in the other one: a reader that sees the second sees the first.
  std::atomic<int64_t> last_nanos_{0};
  std::atomic<int64_t> idle_nanos_{0};
};

}  // namespace recbots
