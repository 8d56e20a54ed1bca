// The history of a run's numbers in bounded memory: the newest rows as they were, older ones summarised.
//
// A row has the three clocks of the run and values by name. Rows are kept in tiers: tier 0 has the newest rows, one by
// one; tier k has summaries of 4^k rows each (mean, minimum and maximum of every name, and the clocks at their end).
// Every tier keeps a bounded number of entries; a reader gets each stretch of time from the finest tier that still has
// it. With the defaults and a row a second, the last 34 minutes are kept in full, the last 9 hours by 16 s, and the
// last 24 days in all; memory is at most num_tiers x rows_per_tier x (24 + 12 x max_names) bytes, 10 MB with 64 names.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "common/base/mutex.h"
#include "learner/run/goal_tracker.h"

namespace recbots {

// The clock over which a series is read.
enum class SeriesAxis { kEnvSteps, kUpdates, kSeconds };

struct SeriesRecorderOptions {
  size_t rows_per_tier = 2048;
  size_t num_tiers = 6;  // Rows older than what the last tier keeps are forgotten.
  size_t max_names = 64;
};

// One point of a series that was read: of all rows that it stands for.
struct SeriesPoint {
  double x = 0;  // Where the last of these rows is.
  double mean = 0;
  double min = 0;
  double max = 0;
};

// Which part of a series to read: rows with since < x <= until.
struct SeriesRange {
  SeriesAxis axis = SeriesAxis::kSeconds;
  double since = -std::numeric_limits<double>::infinity();
  double until = std::numeric_limits<double>::infinity();
  size_t max_points = 600;  // At least 1. Equal parts of the range of x that has rows.
};

// Thread-safe.
class SeriesRecorder {
 public:
  using Values = std::vector<std::pair<std::string, double>>;

  explicit SeriesRecorder(const SeriesRecorderOptions& options = {}) : options_(options), tiers_(options.num_tiers) {}

  // Clocks must not run backwards. Values that are not finite count as missing. Names beyond max_names are ignored. A
  // name that comes twice counts once.
  void Add(const RunCounters& clocks, const Values& values) ABSL_LOCKS_EXCLUDED(mu_);

  // In the order in which they first came.
  std::vector<std::string> names() const ABSL_LOCKS_EXCLUDED(mu_);
  // The points of `name` in ascending order of x; empty if there is no such name.
  std::vector<SeriesPoint> Read(absl::string_view name, const SeriesRange& range) const ABSL_LOCKS_EXCLUDED(mu_);

 private:
  // A value over the rows of an entry; a mean that is NaN: none of them has it.
  struct Summary {
    float mean = std::numeric_limits<float>::quiet_NaN();
    float min = 0;
    float max = 0;
  };
  struct Entry {
    int64_t begin = 0;               // The number of its first row,
    int64_t rows = 1;                // and how many rows it stands for.
    RunCounters clocks;              // Of its last row.
    std::vector<Summary> summaries;  // By name; may be shorter than the list of names.
  };

  static double XOf(const Entry& entry, SeriesAxis axis);
  static Summary Merge(absl::Span<const Entry> entries, size_t name);
  size_t NumberOf(absl::string_view name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Summarises the newest four entries of a tier in the next one, where they are complete.
  void Raise(size_t tier) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // The entries of all tiers, each row once, oldest first.
  std::vector<const Entry*> Entries() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const SeriesRecorderOptions options_;

  mutable Mutex mu_;
  std::vector<std::string> names_ ABSL_GUARDED_BY(mu_);
  int64_t num_rows_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::deque<Entry>> tiers_ ABSL_GUARDED_BY(mu_);
};

}  // namespace recbots
