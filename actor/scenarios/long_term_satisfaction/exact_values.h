// Exact values and the optimum of long-term satisfaction, by backward induction over (step, exposure).
//
// Given exposure and the clickbait shown, reward and next exposure do not depend on the past, and the candidates of
// every step are m independent uniform numbers. So if W_t(y) is the value of the steps after step t when the next
// exposure is y without the innovation,
//
//   Q_t(x, c) = E[engagement | x, c] + W_t(memory_discount x + 1 - 2 c)
//   V_t(x)    = E[Q_t(x, c)] over the clickbait c that a rule picks from m uniform candidates
//   W_t(y)    = E[V_{t+1}(y + innovation_stddev z)],  W of the last step = 0
//
// and the optimum picks the candidate with the largest Q, whose expectation follows from the distribution of the
// maximum of m independent draws. The optimal rule knows the exposure, which is hidden: for policies that have to guess
// it, the optimum is an upper bound.
//
// Internally, clickbait is scaled to the range of the documents: c = 0 is min_clickbait, c = 1 is max_clickbait.
//
// Numerics: V on an even grid of exposures with cubic interpolation, Q as a piecewise linear function of c (its
// expectations are then exact), the innovation by the trapezoidal rule. The relative error is below 1e-4 if Solvable;
// tests verify it with `refinement`, which divides all steps.
//
// Functions with a StopQuestion ask it many times a second, and return CANCELLED when it returns true.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "actor/scenarios/long_term_satisfaction/dynamics.h"
#include "common/base/stop.h"

namespace recbots {

// Values at evenly spaced points, at least 4.
struct EvenGrid {
  double low = 0;
  double step = 1;
  size_t size = 4;

  double point(size_t i) const { return low + step * static_cast<double>(i); }

  // Cubic interpolation (Lagrange, four points); beyond an end, the value at that end.
  double At(const double* values, double x) const {
    const auto last = static_cast<double>(size - 1);
    double place = (x - low) / step;
    place = place < 0 ? 0 : (place > last ? last : place);
    const double start =
        place < 1 ? 0 : (place > last - 2 ? last - 3 : static_cast<double>(static_cast<int>(place)) - 1);
    const double f = place - start;
    const double* v = values + static_cast<size_t>(start);
    const double f1 = f - 1, f2 = f - 2, f3 = f - 3;
    return f1 * f2 * (f * v[3] - f3 * v[0]) / 6 + f * f3 * (f2 * v[1] - f1 * v[2]) / 2;
  }
};

// E[max] of m independent draws of q(c), c uniform on [0, 1]; q is linear between its values q[0 .. n-1] at evenly
// spaced c, n >= 2. If m is 0: the largest value. Takes n^2 operations; if `stop` returns true, the result is
// meaningless.
double ExpectedBest(absl::Span<const double> q, int m, const StopQuestion& stop = {});

// Immutable and thread-safe.
class LtsMdp {
 public:
  static constexpr int kAnyClickbait = 0;

  // `options` have passed Validate and are Solvable. If num_candidates (m) is kAnyClickbait, the clickbait that a rule
  // wants is always among the candidates. Computes a table of rewards; if `stop` ends that early, all functions below
  // return CANCELLED.
  LtsMdp(const LongTermSatisfactionOptions& options, int num_candidates, int refinement = 1,
         const StopQuestion& stop = {});

  // Whether values can be computed: candidates are drawn again at every step, and the grids that the accuracy needs are
  // small enough for about a second. True for all but extreme parameters.
  static bool Solvable(const LongTermSatisfactionOptions& options);

  // A rule that ignores exposure: how often it shows a document around each point of the grid of clickbait; sums to 1.
  std::vector<double> RandomRule() const;
  // The rule that shows the candidate whose clickbait is nearest to `target` (0..1, scaled).
  std::vector<double> NearestRule(double target) const;
  // The mean return of an episode under the rule.
  absl::StatusOr<double> ValueOf(const std::vector<double>& rule, const StopQuestion& stop = {}) const;

  struct Constant {
    double target = 0;
    double value = 0;
  };
  // The best NearestRule.
  absl::StatusOr<Constant> BestConstant(const StopQuestion& stop = {}) const;

  struct Optimum {
    double value = 0;
    std::vector<double> following;  // W [steps, exposures]
  };
  absl::StatusOr<Optimum> Solve(const StopQuestion& stop = {}) const;

  // Q_t(x, c) under the optimum; `clickbait` as documents have it.
  double Score(const Optimum& optimum, int step, double exposure, double clickbait) const;

 private:
  struct Resolution {
    double exposure_step = 0;
    double max_exposure = 0;
    size_t num_exposures = 0;
    size_t num_segments = 0;  // Of the grid of clickbait.
  };
  static Resolution ResolutionOf(const LongTermSatisfactionOptions& options, int refinement);

  // V_0 averaged over first exposures; `pick` turns the values Q at the grid of clickbait into one value. If
  // `following` [steps, exposures] is not null, it gets W.
  template <typename Pick>
  absl::StatusOr<double> InductBackward(const Pick& pick, std::vector<double>* following,
                                        const StopQuestion& stop) const;
  void Smooth(const std::vector<double>& values, double* smoothed) const;
  double MeanOverFirstExposures(const std::vector<double>& values) const;

  const LongTermSatisfactionOptions options_;
  const int num_candidates_;
  size_t num_nodes_ = 0;  // Points of the grid of clickbait.
  EvenGrid grid_;
  std::vector<double> reward_;  // [exposures, nodes]
  bool complete_ = true;        // Whether reward_ is complete.
};

}  // namespace recbots
