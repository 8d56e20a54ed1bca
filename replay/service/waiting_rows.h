// Decides how many rows may wait behind a table's limiter, and each writer's share of them. This bounds the age of rows
// when they are inserted.
//
// Rows that the limiter admits at once need not wait, and may be under way in addition. Rows that have to wait are
// bounded by number, for all writers together: more writers get smaller shares, and rows get no older. They are also
// bounded by age: at most as many may wait as were inserted during the last `max_age`, because at this rate they are
// inserted within `max_age`. Each writer may always have one row waiting, so that the rate can rise again.
//
// Every acknowledgement tells a writer its share. If the share becomes smaller, rows beyond it stay, and the writer
// adds none until it has fewer rows than its share.
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
  // No bound; messages use this value, too.
  static constexpr int64_t kUnbounded = 0;

  struct Options {
    int64_t max_rows = 2048;                    // kUnbounded: any number.
    absl::Duration max_age = absl::Seconds(1);  // InfiniteDuration: no bound.
  };
  explicit WaitingRows(const Options& options) : options_(options) {}

  // How many rows outside of the table `writers` writers may have together at present; kUnbounded if the table admits
  // any number.
  int64_t Bound(const InsertRoom& room, int64_t writers, Instant now) ABSL_LOCKS_EXCLUDED(mu_);
  // The share of one writer, at least 1, or kUnbounded.
  int64_t Share(const InsertRoom& room, int64_t writers, Instant now) ABSL_LOCKS_EXCLUDED(mu_);

 private:
  static constexpr int kSlices = 8;  // max_age is divided into this many slices.

  // Rows inserted during the last max_age, up to one slice more or less.
  int64_t CameIn(int64_t inserted, Instant now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Options options_;
  Mutex mu_;
  int64_t slice_ ABSL_GUARDED_BY(mu_) = -1;    // Current slice since the clock's beginning; -1: none.
  int64_t inserted_ ABSL_GUARDED_BY(mu_) = 0;  // The last value given.
  // The value of inserted_ at the beginning of the current slice and of those before it; slice s has index s % kSlices.
  std::array<int64_t, kSlices> began_with_ ABSL_GUARDED_BY(mu_) = {};
};

}  // namespace recbots::replay
