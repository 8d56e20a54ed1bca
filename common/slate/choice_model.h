// How a user picks from a slate (RecSim's choice models, and two click models beyond it).
//
// A choice model turns the scores of the n shown items, in slate order, into P(item | slate) and P(none | slate), and
// draws. The simulator and the agents that assume a choice model use this same code.
//
// clang-format off
//   multinomial logit         softmax over (s_1 .. s_n, no_click_mass)
//   multinomial proportional  s_i - min_normalizer against no_click_mass - min_normalizer
//   exponential cascade       the user looks at the items one after the other: looks with probability a, then clicks
//                             item i with probability e_i = c exp(s_i), and stops at the first click. The
//                             probability of a click on item i is thus a e_i prod_{j<i} (1 - a e_j)
//   proportional cascade      an exponential cascade with e_i = c (s_i - min_normalizer) instead
//   position-based            each position is examined with its own probability gamma_i, independently; an item that is
//                             examined is clicked with probability logistic(s_i) (Craswell et al. 2008, section 3.1)
//   dependent click           a cascade that continues after a click with probability lambda_i, and always after an
//                             item without a click (Guo, Liu, Wang 2009); an item is clicked with logistic(s_i)
// clang-format on
//
// In the first four at most one item is clicked and the probabilities sum to one. In the last two several items may be
// clicked: P(item i | slate) is then the marginal probability of a click on item i, and P(none | slate) the probability
// of no click at all.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/log.h"
#include "common/base/random.h"
#include "common/base/settings.h"

namespace recbots {

// Numbers as in config.proto (ChoiceModelConfig.Kind).
enum class ChoiceKind {
  kMultinomialLogit = 1,
  kMultinomialProportional = 2,
  kExponentialCascade = 3,
  kProportionalCascade = 4,
  kPositionBased = 5,
  kDependentClick = 6,
};

// Each field is used by the models named beside it, and ignored by the others; ChoiceModel::Create checks the bounds.
struct ChoiceModelOptions {
  static constexpr double kNoMass = -std::numeric_limits<double>::infinity();

  RECBOTS_SETTINGS;
  RECBOTS_SETTING(ChoiceKind, kind, AnyValue(), ChoiceKind::kMultinomialLogit);
  // Logit, where kNoMass means that an item is always clicked; proportional, where it must be given (RecSim: 0).
  RECBOTS_SETTING(double, no_click_mass, AnyValue(), kNoMass);
  RECBOTS_SETTING(double, min_normalizer, AnyValue(), 0);  // Proportional and its cascade.
  RECBOTS_SETTING(double, attention_prob, AnyValue(), 1);  // a, 0..1: cascades.
  RECBOTS_SETTING(double, score_scaling, AnyValue(), 1);   // c >= 0: cascades.
  // gamma_i and lambda_i, 0..1, one per position; positions beyond use the last.
  RECBOTS_SETTING(std::vector<double>, examination, AnyValue(), {});
  RECBOTS_SETTING(std::vector<double>, continuation, AnyValue(), {});
};

// Immutable value, thread-safe. Every method costs O(n) and allocates nothing. n >= 0; with an empty slate "none" is
// certain, and also with a slate whose weights are all zero.
class ChoiceModel {
 public:
  static constexpr int kNone = -1;
  static constexpr size_t kMaxSlate = 64;

  // INVALID_ARGUMENT: a field is out of bounds; the message begins with its name and has value and bound.
  static absl::StatusOr<ChoiceModel> Create(const ChoiceModelOptions& options);

  const ChoiceModelOptions& options() const { return options_; }
  // Whether at most one item can be clicked.
  bool single_click() const { return single_click_; }

  // OK if the model accepts every score in [lowest, highest] in a slate of any length. A scenario checks this when it
  // is made, so that no step can fail. INVALID_ARGUMENT names the field to change and a value that is accepted.
  absl::Status CheckScores(double lowest, double highest) const;

  // OK if the model accepts `score`. INVALID_ARGUMENT as in Weigh; the message names the item by its number `item`.
  absl::Status CheckScore(size_t item, double score) const;

  // Computes RecSim's "scores": weights[i] of item i, and `no_click`, the weight of no click. In the proportional model
  // they are not normalised (P = weight / sum of all). In the models with several clicks they are the probabilities
  // themselves. `weights` has the length of `scores` and may be the same memory.
  //   INVALID_ARGUMENT  a score is not finite, a weight negative (proportional), or an e_i outside 0..1 (cascades);
  //                     the message names the item
  absl::Status Weigh(absl::Span<const double> scores, absl::Span<double> weights, double& no_click) const;

  // Writes P(item i | slate) to probabilities[i]; returns P(none | slate). Errors are those of Weigh.
  absl::StatusOr<double> Probabilities(absl::Span<const double> scores, absl::Span<double> probabilities) const;

  // The click of a single-click model for a uniform number u: the first index i with u < cumulative(i), or kNone if
  // there is none. Weights need not be normalised.
  static int Choose(absl::Span<const double> weights, double no_click, double u);

  // Draws the clicks of a slate: bit i of the result is set if item i is clicked. There are at most kMaxSlate items,
  // and the scores have passed CheckScores. Uniform numbers are drawn in slate order:
  //   single-click models   one, whatever the slate
  //   position-based        one per position
  //   dependent click       one per examined position, and behind each click one that decides whether to go on
  uint64_t Draw(absl::Span<const double> scores, Rng& draws) const {
    return DrawFrom(scores, [&draws] { return draws.Uniform(); });
  }
  // Draw with uniform() as the source of the numbers.
  template <typename Uniform>
  uint64_t DrawFrom(absl::Span<const double> scores, Uniform&& uniform) const;

 private:
  explicit ChoiceModel(ChoiceModelOptions options);

  static double Logistic(double x) { return 1 / (1 + std::exp(-x)); }
  // The value for position i; positions beyond the end of `values` use its last element.
  static double AtPosition(const std::vector<double>& values, size_t i) {
    return values[i < values.size() ? i : values.size() - 1];
  }
  // Weigh for scores that have passed the checks; returns the weight of no click.
  double WeighChecked(absl::Span<const double> scores, double* weights) const;
  double WeighSlowly(absl::Span<const double> scores, double* weights) const;
  template <typename Uniform>
  uint64_t DrawSeveral(absl::Span<const double> scores, Uniform& uniform) const;

  ChoiceModelOptions options_;
  bool single_click_;
};

// y = exp(x - max x) / sum exp(x - max x), which does not overflow for large numbers. y may be x; x is not empty.
void Softmax(absl::Span<const double> x, absl::Span<double> y);

// The bodies below are inline because the simulator's inner loop calls them.

inline double ChoiceModel::WeighChecked(absl::Span<const double> scores, double* weights) const {
  if (options_.kind != ChoiceKind::kMultinomialProportional) return WeighSlowly(scores, weights);
  for (size_t i = 0; i < scores.size(); ++i) weights[i] = scores[i] - options_.min_normalizer;
  return options_.no_click_mass - options_.min_normalizer;
}

inline int ChoiceModel::Choose(absl::Span<const double> weights, double no_click, double u) {
  double total = 0;
  for (const double weight : weights) total += weight;
  const double target = u * (total + no_click);
  // Cumulative weights never decrease, so the index is the number of cumulative weights that the target has reached.
  // Counting them needs no branch on a random number.
  double cumulative = 0;
  int index = 0;
  for (const double weight : weights) {
    cumulative += weight;
    index += target >= cumulative ? 1 : 0;
  }
  return index == static_cast<int>(weights.size()) ? kNone : index;
}

template <typename Uniform>
uint64_t ChoiceModel::DrawFrom(absl::Span<const double> scores, Uniform&& uniform) const {
  RECBOTS_CHECK(scores.size() <= kMaxSlate) << "slate of " << scores.size() << " items, want at most " << kMaxSlate;
  if (!single_click_) return DrawSeveral(scores, uniform);
  double weights[kMaxSlate];
  const double no_click = WeighChecked(scores, weights);
  const int chosen = Choose({weights, scores.size()}, no_click, uniform());
  return chosen == kNone ? 0 : uint64_t{1} << chosen;
}

template <typename Uniform>
uint64_t ChoiceModel::DrawSeveral(absl::Span<const double> scores, Uniform& uniform) const {
  uint64_t clicks = 0;
  const bool cascade = options_.kind == ChoiceKind::kDependentClick;
  for (size_t i = 0; i < scores.size(); ++i) {
    const double examined = cascade ? 1.0 : AtPosition(options_.examination, i);
    if (uniform() >= examined * Logistic(scores[i])) continue;
    clicks |= uint64_t{1} << i;
    if (cascade && uniform() >= AtPosition(options_.continuation, i)) break;
  }
  return clicks;
}

}  // namespace recbots
