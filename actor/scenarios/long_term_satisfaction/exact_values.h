// Exact values and the optimum of long-term satisfaction, by backward induction over (step, exposure).
//
// Given the clickbait shown, reward and next exposure do not depend on anything else of the past, and the candidates of
// every step are m independent uniform numbers. So with W_t(y) the value of what follows step t when exposure moves to
// y but for the innovation,
//
//   Q_t(x, c) = E[engagement | x, c] + W_t(memory_discount x + 1 - 2 c)
//   V_t(x)    = E[Q_t(x, c)] over the clickbait c that a rule picks from m uniform candidates
//   W_t(y)    = E[V_{t+1}(y + innovation_stddev z)],  W of the last step = 0
//
// and the optimum picks the candidate with the largest Q, whose expectation follows from the distribution of the
// maximum of m independent draws. All rules know the exposure, which users do not show: the optimum is an upper bound
// for policies that have to guess it.
//
// Inside, clickbait is measured by its place c in the range of the documents: 0 is min_clickbait, 1 max_clickbait.
//
// Numerics: V on an even grid of exposures with cubic interpolation, Q as a piecewise linear function of c (its
// expectations are then exact), the innovation by the trapezoidal rule. Relative error below 1e-4 where Solvable;
// `refinement` divides all steps and is there to show that.
//
// What takes a question asks it many times a second, and returns CANCELLED when it says so.
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

  // Cubic interpolation (Lagrange, four points); beyond the ends the value at the end.
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
// spaced c, n >= 2. m 0: the largest value. Takes n^2 operations; when `stop` says so it returns any number.
double ExpectedBest(absl::Span<const double> q, int m, const StopQuestion& stop = {});

// Immutable and thread-safe.
class LtsMdp {
 public:
  static constexpr int kAnyClickbait = 0;

  // `options` have passed Validate and are Solvable. num_candidates (m) kAnyClickbait: whatever clickbait a rule wants
  // is among the candidates. Costs a table of rewards; where `stop` cut that short, all that follows is CANCELLED.
  LtsMdp(const LongTermSatisfactionOptions& options, int num_candidates, int refinement = 1,
         const StopQuestion& stop = {});

  // Whether values can be computed: candidates are drawn again at every step, and the grids that the accuracy takes are
  // small enough for about a second. Holds for all but extreme parameters.
  static bool Solvable(const LongTermSatisfactionOptions& options);

  // A rule that ignores exposure: how often it shows a document around each point of the grid of clickbait; sums to 1.
  std::vector<double> RandomRule() const;
  // Shows the candidate whose clickbait is nearest to `target`, a place in the range.
  std::vector<double> NearestRule(double target) const;
  // Mean return of an episode.
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

  // V_0 averaged over first exposures; `pick` turns the values Q at the grid of clickbait into one. `following` [steps,
  // exposures], where it is not null, keeps W.
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
  bool complete_ = true;        // Of reward_.
};

}  // namespace recbots
