// How many rows may wait behind a table's limiter, and each writer's share: what bounds how old rows are when they come
// in.
//
// Rows that the limiter admits at once wait for nothing, so that many may be on their way besides. Those that have to
// wait are bounded by number, for all writers together: adding writers makes shares smaller and nothing older. And by
// age: no more of them than came in during the last `max_age`, because at that rate these have their turn within
// `max_age`; but one row for each writer, so that the rate can rise again.
//
// A writer learns its share with every acknowledgement. What it has beyond a share that became smaller stays, and it
// adds nothing until it is below.
//
// Thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "absl/time/time.h"
#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "replay/table/table.h"

namespace recbots::replay {

class WaitingRows {
 public:
  // No bound; so it is said in messages, too.
  static constexpr int64_t kUnbounded = 0;

  struct Options {
    int64_t max_rows = 2048;                    // kUnbounded: any number.
    absl::Duration max_age = absl::Seconds(1);  // InfiniteDuration: no bound.
  };
  explicit WaitingRows(const Options& options) : options_(options) {}

  // Rows that `writers` writers may have that are not in the table, as it is now; kUnbounded where it admits any
  // number.
  int64_t Bound(const InsertRoom& room, int64_t writers, Instant now) ABSL_LOCKS_EXCLUDED(mu_);
  // The share of one of them, at least 1; or kUnbounded.
  int64_t Share(const InsertRoom& room, int64_t writers, Instant now) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  static constexpr int kSlices = 8;  // Of max_age.

  // Rows that came in during the last max_age, give or take a slice.
  int64_t CameIn(int64_t inserted, Instant now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Options options_;
  Mutex mu_;
  int64_t slice_ ABSL_GUARDED_BY(mu_) = -1;    // Under way, counted from the beginning of the clock; -1: none yet.
  int64_t inserted_ ABSL_GUARDED_BY(mu_) = 0;  // As last told.
  // inserted_ when slice i modulo their number began, of the slice under way and the ones before it.
  std::array<int64_t, kSlices> began_with_ ABSL_GUARDED_BY(mu_) = {};
};

}  // namespace recbots::replay
