// Composes the slate of largest expected value from Q(i), the value of item i if it is clicked:
//
//   value(A) = sum over i in A of P(i | A) Q(i) + P(none | A) Q(none)
//
// (Ie et al. 2019, arXiv:1905.12767, section 4; the value of no click is our addition, RecSim's SlateQ leaves it out).
// The weights that determine P come from ItemWeights (item_weights.h), the values from a network, a table or a formula.
//
// A slate has exactly K items, K <= N, even if fewer items would be worth more.
//
// Letters: B users, N candidates, K slate positions.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "common/slate/item_weights.h"

namespace recbots {

// Numbers as in config.proto (SlateRule).
enum class SlateRule {
  // The K largest of w_i (Q(i) - Q(none)), in descending order, the lower position first among equals.
  kTopK = 1,
  // Adds one item after the other, each time the item with which the slate so far is worth most; the lower position
  // among equals.
  kGreedy = 2,
  // A slate of largest value.
  kOptimal = 3,
};

// The N candidates of one user. Values should be finite. If a diverging network makes them NaN or infinite, the result
// is still some slate of K different positions, the same one at every call.
template <typename Number>
struct BasicSlateProblem {
  absl::Span<const Number> weights;  // [N], finite, >= 0; kCascade: 0..1
  absl::Span<const Number> values;   // [N]: Q(i)
  double no_click_weight = 0;        // w_none >= 0; ignored by kCascade
  double no_click_value = 0;         // Q(none)
};
using SlateProblem = BasicSlateProblem<float>;
using SlateProblemF64 = BasicSlateProblem<double>;  // For references for which float32 is too coarse.

// value(A) of a slate of any number of different positions; an empty slate is worth Q(none). With kShared the value
// does not depend on the order of the positions, nor on a common factor of the weights. Thread-safe, O(K).
double SlateValue(ClickRule click_rule, const SlateProblem& problem, absl::Span<const int32_t> slate);
double SlateValue(ClickRule click_rule, const SlateProblemF64& problem, absl::Span<const int32_t> slate);

// The problems of B users, one row for each.
struct SlateBatch {
  absl::Span<const float> weights;               // float32 [B, N]
  absl::Span<const float> values;                // float32 [B, N]
  absl::Span<const float> no_click_weight = {};  // float32 [B]; empty: 0 for all; kCascade ignores it
  absl::Span<const float> no_click_value = {};   // float32 [B]; empty: 0 for all, as in RecSim
};

// Deterministic: a slate depends on its own problem alone. Sums are in double. Not thread-safe, because it keeps
// scratch memory (about 32 N bytes, with kCascade 8 N K more). Only the constructor allocates.
//
// The methods and their cost (docs/results.md has figures):
//
// clang-format off
//   kShared, kOptimal   fractional programming (Dinkelbach 1967), which solves the linear program of Ie et al. 2019,
//                       section 5.4, without a solver: each pass takes the slate of the K largest w_i (Q(i) - v), where
//                       v is the value of the previous slate. This slate is worth more than v until v is the optimum.
//                       Items in descending order of that product. Two to five passes over N items.
//   kShared, kGreedy    section 5.3 of that paper: K passes with a division per item. Positions in ascending order, as
//                       RecSim returns them.
//   kShared, kTopK      section 5.2 of that paper: one pass.
//   kCascade, kOptimal  some optimal slate has its items in descending order of Q (swapping two neighbours into this
//                       order never loses). With items sorted by Q, and v(j, k) the value of k items from the j-th on:
//                       v(j, k) = max(v(j + 1, k), w_j Q_j + (1 - w_j) v(j + 1, k - 1)). O(N log N + N K).
//   kCascade, kGreedy   inserts the item that adds most at the place where it adds most, which keeps the order of
//                       descending Q. O(N K^2).
//   kCascade, kTopK     as with kShared; items in descending order of w_i (Q(i) - Q(none)).
// clang-format on
class SlateOptimizer {
 public:
  // 1 <= slate_size <= num_candidates.
  SlateOptimizer(ClickRule click_rule, int num_candidates, int slate_size);

  // Fills slate [K] with K different positions and returns what it is worth (SlateValue).
  double Select(SlateRule rule, const SlateProblem& problem, absl::Span<int32_t> slate);
  double Select(SlateRule rule, const SlateProblemF64& problem, absl::Span<int32_t> slate);

  // Fills slates [B, K] and, unless it is empty, slate_values [B].
  void SelectBatch(SlateRule rule, const SlateBatch& batch, absl::Span<int32_t> slates,
                   absl::Span<float> slate_values = {});

 private:
  struct Item {
    double weight;
    double gain;  // Q(i) - Q(none): on this scale no click is worth 0.
    int32_t position;
  };
  struct Ranked {
    double key;
    int32_t position;
  };

  template <typename Number>
  double SelectFrom(SlateRule rule, const BasicSlateProblem<Number>& problem, absl::Span<int32_t> slate);

  // Fills the first K of best_ with the largest weight x (gain - level), in descending order, the lower position first
  // among equals. At least K items reach `floor`; others are not looked at.
  void FindBest(double level, double floor);
  // FindBest for few candidates: counts for each candidate how many come before it, without a branch that depends on
  // the numbers. Returns false if the counts give no order, because numbers are equal (or NaN).
  static constexpr size_t kFewCandidates = 16;
  bool SortFew(double level);
  void ShowBest(absl::Span<int32_t> slate) const;
  // Value of the items in best_, for kShared.
  double BestRatio(double no_click_weight) const;

  void SelectSharedGreedy(double no_click_weight, absl::Span<int32_t> slate);
  void SelectSharedOptimal(double no_click_weight, absl::Span<int32_t> slate);
  void SelectCascadeGreedy(absl::Span<int32_t> slate);
  void SelectCascadeOptimal(absl::Span<int32_t> slate);

  // Keeps an item from being picked again.
  void Take(size_t i);
  // The first position that is not taken: the choice when all remaining items are NaN or infinitely bad.
  static size_t FirstLeft(absl::Span<const int32_t> taken);

  const ClickRule click_rule_;
  const size_t num_candidates_;
  const size_t slate_size_;
  std::vector<double> weights_, gains_;  // [N]; zeros up to kFewCandidates
  std::vector<Ranked> best_;             // [N], of which the first K count
  // Used by kCascade only.
  std::vector<Item> items_;             // [K]: the slate so far
  std::vector<double> values_, reach_;  // [K + 1]
  std::vector<double> table_;           // [N + 1, K + 1]
};

}  // namespace recbots
