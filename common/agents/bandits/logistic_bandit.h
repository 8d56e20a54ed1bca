// Logistic regression as a contextual bandit: clicks as a logistic function of an arm's features.
//
// Letters: d features of an arm, n observations.
#pragma once

#include <vector>

#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots {

// This many observations, or fewer, say nothing about the weights (RecSim's rule).
inline constexpr size_t kMinLogisticObservations = 10;

// Maximum a posteriori weights of P(1 | x) = logistic(x . w) under the prior w ~ N(0, sigma0^2 I), by iteratively
// reweighted least squares (Bishop 2006, "Pattern recognition and machine learning", section 4.3.3) from w = 0: at most
// 20 steps, until one is shorter than 1e-3. Up to kMinLogisticObservations observations: w = 0.
//   arms     [n, d]
//   rewards  [n], each in [0, 1]
//   weights  [d]: w
//   gram     [d, d]: X^T R X + I / sigma0^2, the curvature where the last step started; without one I / sigma0^2
//   factor   [d, d]: its Cholesky factor (cholesky.h)
// False, with the results of no observations, where features so large that doubles lose the prior beside them (above
// about 1e7 / sigma0) leave the equations singular.
// Costs at most 20 (n d^2 / 2 + d^3 / 6) multiplications; allocates d doubles.
bool FitLogistic(absl::Span<const double> arms, absl::Span<const double> rewards, double sigma0,
                 absl::Span<double> weights, absl::Span<double> gram, absl::Span<double> factor);

// What UCB-GLM multiplies an arm's uncertainty with, for d features and horizon T >= 1 pulls (Li, Lu, Zhou 2017,
// arXiv:1703.00048, theorem 2, with the noise at 1/2 and the smallest slope of the logistic function taken for 1/4):
// (0.5 / 0.25) sqrt(d/2 ln(1 + 2 T / d) + ln T).
double UcbGlmWidth(size_t num_features, double horizon);

struct LogisticBanditOptions {
  double sigma0 = 1;  // Standard deviation of the prior, > 0.
  // The weights are fitted again once there are this many times the observations of the last fit; 1: at every one. A
  // fit costs O(n d^2), so that at 1.25 all fits of an episode together cost five times the last one.
  double refit_growth = 1.25;
  // Fits see this many of the last observations, > kMinLogisticObservations. Uncertainty always counts all.
  int max_history = 512;
};

// One learner: its history, its fit and its uncertainty. Not thread-safe. Copyable.
class LogisticBandit {
 public:
  // num_features >= 1; options in bounds (glm_policy.h checks them).
  LogisticBandit(size_t num_features, const LogisticBanditOptions& options);

  // Back to knowing nothing; keeps its memory.
  void Forget();
  // Arm x [d] earned `reward` in [0, 1]. O(d^2), and a fit where one is due.
  void Observe(absl::Span<const double> x, double reward);

  // UCB-GLM's index x . w + width sqrt(x^T (sum of all x x^T + I / sigma0^2)^-1 x) of an arm x [d]. O(d^2).
  double UcbIndex(absl::Span<const double> x, double width);
  // Weights [d] drawn from N(w, scaling^2 gram^-1) (Kveton et al. 2020, arXiv:1906.08947, GLM-TSL). O(d^2).
  void SampleWeights(double scaling, Rng& draws, absl::Span<double> sample) const;

  absl::Span<const double> weights() const { return weights_; }
  absl::Span<const double> gram() const { return gram_; }
  size_t num_observations() const { return num_observations_; }  // Since Forget.

 private:
  void Fit();

  size_t num_features_;
  LogisticBanditOptions options_;
  size_t num_observations_ = 0;
  size_t next_fit_ = 0;                 // Observations at which the next fit is due.
  std::vector<double> arms_, rewards_;  // [n, d], [n]: rings once n is max_history.
  std::vector<double> weights_, gram_, gram_factor_;
  std::vector<double> information_factor_;  // Of sum of all x x^T + I / sigma0^2.
  std::vector<double> scratch_;             // [d]
};

}  // namespace recbots
