// Composes the slate of largest expected value from what each item would be worth if it were clicked:
//
//   value(A) = sum over i in A of P(i | A) Q(i) + P(none | A) Q(none)
//
// (Ie et al. 2019, arXiv:1905.12767, section 4; the value of no click, which RecSim's SlateQ leaves out, is ours). The
// weights that make P come from ItemWeights (item_weights.h), the values from a network, a table or a formula.
//
// A slate has exactly K items, K <= N, also where fewer would be worth more.
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
  // One item after the other, each the one that makes the slate so far worth most; the lower position among equals.
  kGreedy = 2,
  // A slate that none is worth more than.
  kOptimal = 3,
};

// The N candidates of one user. Values are finite numbers; those of a network that diverges, NaN or infinite, still
// give a slate of K different positions, the same at every call, but any.
template <typename Number>
struct BasicSlateProblem {
  absl::Span<const Number> weights;  // [N], finite, >= 0; kCascade: 0..1
  absl::Span<const Number> values;   // [N]: Q(i)
  double no_click_weight = 0;        // w_none >= 0; ignored by kCascade
  double no_click_value = 0;         // Q(none)
};
using SlateProblem = BasicSlateProblem<float>;
using SlateProblemF64 = BasicSlateProblem<double>;  // For references that float32 is too coarse for.

// value(A) for different positions of the N candidates, of any number: an empty slate is worth Q(none). Of kShared it
// does not depend on their order, nor on a common factor of the weights. Thread-safe, O(K).
double SlateValue(ClickRule click_rule, const SlateProblem& problem, absl::Span<const int32_t> slate);
double SlateValue(ClickRule click_rule, const SlateProblemF64& problem, absl::Span<const int32_t> slate);

// Problems of B users, one row each.
struct SlateBatch {
  absl::Span<const float> weights;               // float32 [B, N]
  absl::Span<const float> values;                // float32 [B, N]
  absl::Span<const float> no_click_weight = {};  // float32 [B]; empty: 0 for all, and so it may be with kCascade
  absl::Span<const float> no_click_value = {};   // float32 [B]; empty: 0 for all, as in RecSim
};

// Deterministic: a slate depends on its own problem alone. Sums are in double. Not thread-safe, for it keeps scratch
// (about 32 N bytes, 8 N K more of kCascade), which the constructor allocates; nothing else allocates.
//
// Exact how, and at what cost (figures: docs/results.md):
//
//   kShared, kOptimal   fractional programming (Dinkelbach 1967), which solves the linear program of Ie et al. 2019,
//                       section 5.4, by itself: the slate of the K largest w_i (Q(i) - v), where v is the value of the
//                       slate before, is worth more than v until v is the largest there is. In descending order of that
//                       product. Two to five passes over N items.
//   kShared, kGreedy    section 5.3 there: K passes with a division per item. Positions in ascending order, as RecSim
//                       returns them.
//   kShared, kTopK      section 5.2: one pass.
//   kCascade, kOptimal  some best slate shows its items in descending order of Q (neighbours gain by being swapped into
//                       it), so with items sorted, and v(j, k) the value of k items from the j-th on:
//                       v(j, k) = max(v(j + 1, k), w_j Q_j + (1 - w_j) v(j + 1, k - 1)). O(N log N + N K).
//   kCascade, kGreedy   inserts the item that adds most where it adds most, which is by descending Q. O(N K^2).
//   kCascade, kTopK     as above, shown in that order.
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
    double gain;  // Q(i) - Q(none): so measured, no click is worth 0.
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
  // The same for few candidates: counts how many come before each, without a branch that depends on the numbers. False
  // where it does not tell, because there are equals (or NaN).
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
  // The first position that is not taken: what to pick where all that is left is NaN or infinitely bad.
  static size_t FirstLeft(absl::Span<const int32_t> taken);

  const ClickRule click_rule_;
  const size_t num_candidates_;
  const size_t slate_size_;
  std::vector<double> weights_, gains_;  // [N]; zeros up to kFewCandidates
  std::vector<Ranked> best_;             // [N], of which the first K count
  // Of kCascade alone.
  std::vector<Item> items_;             // [K]: the slate so far
  std::vector<double> values_, reach_;  // [K + 1]
  std::vector<double> table_;           // [N + 1, K + 1]
};

}  // namespace recbots
