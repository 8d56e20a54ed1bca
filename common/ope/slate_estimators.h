// Estimates of the mean reward of a slate from weights of its positions.
//
// Weights of items at their positions are right if the reward of a position depends on the item there alone (IIPS: Li
// et al. 2018, arXiv:1804.10488); weights of prefixes, if it depends on the items down to the position (RIPS: McInerney
// et al. 2020, arXiv:2007.12986). Where users click at most once, neither holds, and both are biased by some per cent
// whatever the amount of data (docs/evaluate.md); the weight of the whole slate (step_estimators.h) is right always.
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "common/ope/estimate.h"

namespace recbots {

// R rows, S slates, E sessions. Rows of a slate are in the order of positions.
struct WeightedRows {
  absl::Span<const double> weight, reward;  // [R]: of the row's item or prefix; of the position
  absl::Span<const double> q = {}, v = {};  // [R]: a model's value of the slate from this position on: of the item
                                            // shown, and the mean over the policy's next item; empty: there is no model
  absl::Span<const int64_t> slate_begin;    // [S + 1]: rows
  absl::Span<const int64_t> session_begin;  // [E + 1]: slates
};

// Mean over slates of the sum of w r: IIPS or RIPS, by the weights.
EstimateParts PositionIps(const WeightedRows& rows);
// The same with w / mean(w), the mean taken at each position, which is what weights of different positions have in
// common: nothing.
EstimateParts SelfNormalisedPositionIps(const WeightedRows& rows);
// Mean over slates of the sum of w (r - q) + w_before v, with the weights of prefixes, w_before that of the position
// before, 1 at the first (Kiyohara et al. 2022, arXiv:2202.01562). Needs a model.
EstimateParts CascadeDoublyRobust(const WeightedRows& rows);

}  // namespace recbots
