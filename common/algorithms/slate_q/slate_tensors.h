// Slates of a whole batch of users, composed and valued by LibTorch's operators: what common/slate/slate_optimizer.h
// does for one user after the other, for tensor programs (common/networks/tensor_program.h) on any device. The slates
// are those of SlateOptimizer, but for slates that are worth the same; all arithmetic is in double precision.
//
// clang-format off
//   kShared, kOptimal   fractional programming with a fixed number of passes: one, then one that looks at eight levels
//                       between the value so far and the largest gain at once, then three. SlateOptimizer goes on until
//                       nothing is gained. On random problems of up to 1,000 candidates, with weights e^(3 N(0, 1)) among
//                       them, all slates were optimal; without the eight levels some took ten passes.
//   kCascade, kOptimal  with items by descending value, v(j, k) is the largest of a_i = w_i Q_i + (1 - w_i) v(i + 1, k - 1)
//                       over i >= j: one maximum over all that is behind, for each of K positions.
//   kGreedy             K passes over all items.
//   kTopK               one sort.
// clang-format on
//
// Letters: B users, C candidates, K slate positions, 1 <= K <= C. Functions throw c10::Error
// (common/networks/torch_status.h). Pure and deterministic: a slate depends on its own row alone.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "common/slate/slate_optimizer.h"

namespace recbots {

// Of B users; floating point, any type. The same meanings and bounds as in SlateProblem.
struct SlateProblems {
  at::Tensor weights;          // [B, C]
  at::Tensor no_click_weight;  // [B, 1]
  at::Tensor values;           // [B, C]
  at::Tensor no_click_value;   // [B, 1]
};

// int64 [B, K]: different positions. On a GPU by operators; on the CPU by SlateOptimizer, because hundreds of operators
// on a few numbers cost ten times what it takes: a third of an update of small networks.
at::Tensor ComposeSlates(ClickRule click_rule, SlateRule rule, const SlateProblems& problems, int64_t slate_size);

// By operators on any device.
at::Tensor ComposeSlatesByOperators(ClickRule click_rule, SlateRule rule, const SlateProblems& problems,
                                    int64_t slate_size);

// How likely each item of the slates int64 [B, K] is clicked, float64 [B, K]. Positions that are not `shown` [B, K]
// (bool; undefined: all are) do not count, whatever candidate they name, and have 0.
at::Tensor ClickProbabilities(ClickRule click_rule, const SlateProblems& problems, const at::Tensor& slates,
                              const at::Tensor& shown = {});

// SlateValue of each, float64 [B].
at::Tensor SlateValues(ClickRule click_rule, const SlateProblems& problems, const at::Tensor& slates,
                       const at::Tensor& shown = {});

}  // namespace recbots
