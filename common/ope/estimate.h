// Estimates from sessions, and how sure they are.
//
// An estimate of common/ope is a sum of ratios, sum_c N_c / D_c, where N_c and D_c are sums over the sessions of the
// log: a mean over slates has the number of slates below, a self-normalised estimate the sum of the weights. Sessions
// are independent; what lies within one is not, so a session is one observation. Value, standard error and bootstrap
// follow from the parts of each session.
#pragma once

#include <cstdint>
#include <vector>

namespace recbots {

// One ratio: what each session adds above and below, [sessions].
struct RatioPart {
  std::vector<double> numerator, denominator;
};
using EstimateParts = std::vector<RatioPart>;

struct Estimate {
  double value = 0;           // NaN: a denominator is 0
  double standard_error = 0;  // NaN: fewer than two sessions
};

// The value, and its standard error by linearisation: with the residuals e_s = sum_c (n_cs - R_c d_cs) / mean(d_c) of
// the E sessions, sqrt(sum e_s^2 / (E (E - 1))). All parts have the same number of sessions, at least 1. O(parts E).
Estimate Linearise(const EstimateParts& parts);

struct Interval {
  double low = 0;
  double high = 0;
};

// value -+ t standard errors, with Student's t for E - 1 degrees of freedom and a two-sided level such as 0.95.
Interval StudentInterval(const Estimate& estimate, int64_t sessions, double level);

// The lower bound that holds with probability `level` for a mean of E independent values in [0, bound], by the
// empirical Bernstein inequality (Maurer and Pontil 2009, arXiv:0907.3740, theorem 4); at least 0. `standard_error` is
// that of the mean. For a clipped estimate of rewards >= 0 it is a lower bound of the policy's value, too, because
// clipping only lowers.
double BernsteinLowerBound(const Estimate& estimate, int64_t sessions, double bound, double level);

}  // namespace recbots
