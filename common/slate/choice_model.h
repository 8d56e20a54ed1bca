// How a user picks from a slate (RecSim's choice models, and two click models beyond it).
//
// A choice model turns the scores of the n shown items, in slate order, into P(item | slate) and P(none | slate), and
// draws. The simulator and the agents that assume a choice model use this same code.
//
// clang-format off
//   multinomial logit         softmax over (s_1 .. s_n, no_click_mass)
//   multinomial proportional  s_i - min_normalizer against no_click_mass - min_normalizer
//   exponential cascade       the user looks at one item after the other; looks with probability a, then clicks item i
//                             with e_i = c exp(s_i), and stops at the first click: a e_i prod_{j<i} (1 - a e_j)
//   proportional cascade      the same with e_i = c (s_i - min_normalizer)
//   position-based            each position is examined with its own probability gamma_i, independently; an examined
//                             item is clicked with logistic(s_i) (Craswell et al. 2008, section 3.1)
//   dependent click           a cascade that goes on after a click with probability lambda_i, and always after none
//                             (Guo, Liu, Wang 2009); an item is clicked with logistic(s_i)
// clang-format on
//
// In the first four at most one item is clicked and the probabilities sum to one. In the last two several may be:
// P(item i | slate) is then the marginal probability of a click on item i, P(none | slate) that of no click at all.
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

// Each field counts for the models that have it, and is ignored by the others: ChoiceModel::Create knows its bounds.
struct ChoiceModelOptions {
  static constexpr double kNoMass = -std::numeric_limits<double>::infinity();

  RECBOTS_SETTINGS;
  RECBOTS_SETTING(ChoiceKind, kind, AnyValue(), ChoiceKind::kMultinomialLogit);
  // Logit, where kNoMass means that something is always clicked; proportional, where it has to be given (RecSim: 0).
  RECBOTS_SETTING(double, no_click_mass, AnyValue(), kNoMass);
  RECBOTS_SETTING(double, min_normalizer, AnyValue(), 0);  // Proportional and its cascade.
  RECBOTS_SETTING(double, attention_prob, AnyValue(), 1);  // a, 0..1: cascades.
  RECBOTS_SETTING(double, score_scaling, AnyValue(), 1);   // c >= 0: cascades.
  // gamma_i and lambda_i, 0..1, one per position; the last one counts for those behind it.
  RECBOTS_SETTING(std::vector<double>, examination, AnyValue(), {});
  RECBOTS_SETTING(std::vector<double>, continuation, AnyValue(), {});
};

// Immutable value, thread-safe. Costs O(n) and allocates nothing. n >= 0; an empty slate gives "none" for certain, and
// so does one whose weights are all zero.
class ChoiceModel {
 public:
  static constexpr int kNone = -1;
  static constexpr size_t kMaxSlate = 64;

  // INVALID_ARGUMENT: a field out of bounds; the message begins with its name and has value and bound.
  static absl::StatusOr<ChoiceModel> Create(const ChoiceModelOptions& options);

  const ChoiceModelOptions& options() const { return options_; }
  // Whether at most one item can be clicked.
  bool single_click() const { return single_click_; }

  // Whether every score in [lowest, highest] can be chosen from in a slate of any length: what a scenario checks when
  // it is made, so that no step can fail. INVALID_ARGUMENT names the field to change and the value that would do.
  absl::Status CheckScores(double lowest, double highest) const;

  // Whether an item with this score can be chosen from. INVALID_ARGUMENT as Weigh, naming the item by its number.
  absl::Status CheckScore(size_t item, double score) const;

  // RecSim's "scores": weights[i] of item i and `no_click`, the weight of none, not normalised in the proportional
  // model (P = weight / sum of all). Of the models with several clicks, the probabilities themselves. `weights` has the
  // length of `scores` and may be the same memory.
  //   INVALID_ARGUMENT  a score that is not finite, a negative weight (proportional), or an e_i outside 0..1
  //                     (cascades); names the item
  absl::Status Weigh(absl::Span<const double> scores, absl::Span<double> weights, double& no_click) const;

  // P(item i | slate) in probabilities[i]; returns P(none | slate). Same errors.
  absl::StatusOr<double> Probabilities(absl::Span<const double> scores, absl::Span<double> probabilities) const;

  // The click of a single-click model for uniform u: the first index with u < cumulative(i), kNone behind the last.
  // Weights need not be normalised.
  static int Choose(absl::Span<const double> weights, double no_click, double u);

  // Draws the clicks of a slate: bit i of the result is set when item i is clicked. At most kMaxSlate items; scores
  // have passed CheckScores. Uniform numbers are taken in slate order:
  //   single-click models   one, whatever the slate
  //   position-based        one per position
  //   dependent click       one per examined position, and behind each click one that decides whether to go on
  uint64_t Draw(absl::Span<const double> scores, Rng& draws) const {
    return DrawFrom(scores, [&draws] { return draws.Uniform(); });
  }
  // The same with uniform() as the source of the numbers.
  template <typename Uniform>
  uint64_t DrawFrom(absl::Span<const double> scores, Uniform&& uniform) const;

 private:
  explicit ChoiceModel(ChoiceModelOptions options);

  static double Logistic(double x) { return 1 / (1 + std::exp(-x)); }
  // The i-th of numbers per position, the last one for the positions behind.
  static double AtPosition(const std::vector<double>& values, size_t i) {
    return values[i < values.size() ? i : values.size() - 1];
  }
  // Weigh for scores that are known to be good; returns the weight of none.
  double WeighChecked(absl::Span<const double> scores, double* weights) const;
  double WeighSlowly(absl::Span<const double> scores, double* weights) const;
  template <typename Uniform>
  uint64_t DrawSeveral(absl::Span<const double> scores, Uniform& uniform) const;

  ChoiceModelOptions options_;
  bool single_click_;
};

// exp(x - max x) / sum exp(x - max x), safe for large numbers; in place is fine. x is not empty.
void Softmax(absl::Span<const double> x, absl::Span<double> y);

// --- Bodies that the simulator's inner loop wants inline -------------------------------------------------------------

inline double ChoiceModel::WeighChecked(absl::Span<const double> scores, double* weights) const {
  if (options_.kind != ChoiceKind::kMultinomialProportional) return WeighSlowly(scores, weights);
  for (size_t i = 0; i < scores.size(); ++i) weights[i] = scores[i] - options_.min_normalizer;
  return options_.no_click_mass - options_.min_normalizer;
}

inline int ChoiceModel::Choose(absl::Span<const double> weights, double no_click, double u) {
  double total = 0;
  for (const double weight : weights) total += weight;
  const double target = u * (total + no_click);
  // Cumulative weights do not fall, so the number of those that the target has reached is the index. Counting costs no
  // branch on a random number.
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
