// A line that says how far some work is and how long it will still take: for people who wait at a terminal.
#pragma once

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/base/clock.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"

namespace recbots {

// The line, in at most `columns` cells: "train [#####.....]  52 %  0:12, about 0:11 left". `share` is what is done, 0
// to 1; below 0 it is not known, and the line says only how long the work goes on. `left` is the time that the work
// will still take; negative: not known. On narrow screens the bar becomes shorter and is left out, then the time that
// has passed.
std::string ProgressText(absl::string_view what, double share, absl::Duration passed, absl::Duration left, int columns);

// "0:07", "12:30", "3:02:01".
std::string ClockText(absl::Duration duration);

// Writes the line on standard error where that is a terminal, at most ten times a second, over the line before; else
// nothing is ever written, and Update costs nothing. Thread-safe. An Update costs a lock and a look at the clock.
class Progress {
 public:
  // `what` names the work: "train".
  explicit Progress(std::string what, Clock& clock = Clock::Real());
  // For tests: as if standard error were a terminal of `columns` cells, that gets its bytes by `write`.
  Progress(std::string what, int columns, std::function<void(const std::string&)> write, Clock& clock);
  // Removes the line.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Whether anything is shown: callers can leave out work that only serves Update.
  bool shown() const { return write_ != nullptr; }
  // The share of the work that is done, 0 to 1; below 0: not known. The time left is computed from what was done since
  // the first Update, so that work that goes on from a checkpoint is not taken for fast.
  void Update(double share) ABSL_LOCKS_EXCLUDED(mu_);
  // The same, and names what is done now.
  void Update(double share, const std::string& what) ABSL_LOCKS_EXCLUDED(mu_);
  // Removes the line, so that another can be written; the next Update shows it again.
  void Clear() ABSL_LOCKS_EXCLUDED(mu_);

 private:
  void Show(double share) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const std::function<int()> columns_;
  const std::function<void(const std::string&)> write_;  // nullptr: nothing is shown.
  Clock& clock_;
  const Instant start_;
  mutable Mutex mu_;
  std::string what_ ABSL_GUARDED_BY(mu_);
  bool visible_ ABSL_GUARDED_BY(mu_) = false;
  Instant next_ ABSL_GUARDED_BY(mu_);  // When the line may be written again.
  double first_share_ ABSL_GUARDED_BY(mu_) = -1;
  Instant first_at_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots
