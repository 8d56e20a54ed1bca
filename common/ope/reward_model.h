// A simple model of rewards, for the direct method and as a control variate of doubly robust estimates.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace recbots {

// What the model learns from: row by row.
struct ModelRows {
  absl::Span<const int32_t> item;      // [R], 0..items - 1; negative: none
  absl::Span<const int32_t> position;  // [R], >= 0
  absl::Span<const double> target;     // [R]
  absl::Span<const uint8_t> half;      // [R], 0 or 1: the half of the log that the row's session belongs to
};

// The value of an item at a position: the mean of the position, plus the item's mean deviation from it, shrunk by
// empirical Bayes (the variance between items is estimated by the method of moments), so that an item that was shown
// twice is hardly believed. The model is fitted twice, and each half of the log is predicted by what was learnt from
// the other half: no row helps to predict itself (cross-fitting).
class RewardModel {
 public:
  // With num_items 0, all items are alike.
  static RewardModel Fit(const ModelRows& rows, int32_t num_items);

  // For rows of this half.
  double Predict(uint8_t half, int32_t item, int32_t position) const;
  // The mean over all items of the catalogue, at a position.
  double MeanOverItems(uint8_t half, int32_t position) const;
  // The sum over all items of their deviations from the position's mean.
  double SumOfItems(uint8_t half) const { return halves_[half].item_sum; }
  double PositionMean(uint8_t half, int32_t position) const;

 private:
  struct Half {
    std::vector<double> position;  // Means.
    double all = 0;                // The mean of all rows, for positions that were not seen.
    std::vector<double> item;      // Deviations.
    double item_sum = 0;
  };
  static Half FitHalf(const ModelRows& rows, int32_t num_items, uint8_t learn_from);
  static void FitItems(const ModelRows& rows, int32_t num_items, uint8_t learn_from, Half& half);

  Half halves_[2];  // halves_[h] predicts half h.
};

// The half of each session: a coin thrown with (seed, session).
uint8_t HalfOfSession(uint64_t seed, int64_t session);

}  // namespace recbots
