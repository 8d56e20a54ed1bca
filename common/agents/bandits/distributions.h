// Gamma, beta and Bernoulli draws for posterior sampling.
#pragma once

#include "common/base/random.h"

namespace recbots {

// A draw from the gamma distribution with `shape` > 0 and scale 1 (Marsaglia and Tsang 2000, "A simple method for
// generating gamma variables"; for shapes below 1 their section 6). Takes about four uniform numbers, more after a
// rejection (below 5 % of the time).
double SampleGamma(double shape, Rng& draws);

// A draw from Beta(a, b), a > 0 and b > 0, as a ratio of two gamma draws; in [0, 1].
double SampleBeta(double a, double b, Rng& draws);

// Turns a reward r in [0, 1] into a toss of a coin that shows 1 with probability r (Agrawal and Goyal 2012,
// arXiv:1111.1797, algorithm 2), with a uniform number u in [0, 1). Rewards 0 and 1 do not change.
inline double BernoulliReward(double r, double u) { return u < r ? 1.0 : 0.0; }

}  // namespace recbots
