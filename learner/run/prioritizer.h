// The learner's part of prioritized replay (Schaul et al. 2016, arXiv:1511.05952, sections 3.3 and 3.4): the weights of
// the rows of a batch, and the priorities that the rows get after the update.
//
// The table draws and stores rows; replay::ImportanceWeights computes the weights.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

struct PrioritizerOptions {
  bool enabled = false;                // False: all rows count equally, and no priorities are sent.
  double priority_offset = 0.0001;     // Added to |TD error|, so that every row may be drawn again.
  double importance_exponent = 0.4;    // beta of the first update, 0..1.
  int64_t annealing_updates = 20'000;  // Updates until beta is 1; with 0 it is always 1.
};
// Enabled if the learner's table is sampled by priority.
PrioritizerOptions MakePrioritizerOptions(const v1::ExperimentConfig& config);

// beta of the update that follows after `updates` others: it rises linearly from importance_exponent to 1. Bias matters
// most near the end of training, when updates should be those of the true distribution of rows.
double ImportanceExponent(const PrioritizerOptions& options, int64_t updates);

// |td_error| + offset, at most the largest float. `td_error` is finite.
float PriorityOf(float td_error, double offset);

// Handles one batch after the other:
//   1. Begin(rows); write ImportanceWeights with exponent(updates) to weights(); give both spans to Algorithm::Update
//   2. Prioritize(the batch's keys); send keys() with priorities()
// If it is not enabled, the spans are empty. Not thread-safe.
class Prioritizer {
 public:
  explicit Prioritizer(const PrioritizerOptions& options) : options_(options) {}

  bool enabled() const { return options_.enabled; }
  double exponent(int64_t updates) const { return ImportanceExponent(options_, updates); }

  // Valid until the next Begin.
  void Begin(size_t rows);
  absl::Span<float> weights() { return absl::MakeSpan(weights_); }
  absl::Span<float> td_errors() { return absl::MakeSpan(td_errors_); }

  // Fills keys() and priorities() for the rows whose TD error is finite. Counts the other rows, and logs the 1st, 2nd,
  // 4th, 8th... batch that has any. `keys` has one key per row.
  //   FAILED_PRECONDITION  no TD error is finite: training has diverged
  absl::Status Prioritize(absl::Span<const uint64_t> keys);
  absl::Span<const uint64_t> keys() const { return keys_; }
  absl::Span<const float> priorities() const { return priorities_; }

  // Means since the last call; 0 if there were no rows.
  struct Means {
    double weight = 0;
    double priority = 0;
  };
  Means TakeMeans();
  // The number of TD errors so far that were NaN or infinite; their rows keep their old priority.
  int64_t not_finite() const { return not_finite_; }

 private:
  const PrioritizerOptions options_;
  std::vector<float> weights_, td_errors_;
  std::vector<uint64_t> keys_;
  std::vector<float> priorities_;

  int64_t not_finite_ = 0;
  uint64_t bad_batches_ = 0;
  double weight_sum_ = 0, priority_sum_ = 0;
  int64_t num_weights_ = 0, num_priorities_ = 0;
};

}  // namespace recbots
