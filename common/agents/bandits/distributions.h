// Gamma, beta and Bernoulli draws for posterior sampling.
#pragma once

#include "common/base/random.h"

namespace recbots {

// Gamma with this shape > 0 and scale 1 (Marsaglia and Tsang 2000, "A simple method for generating gamma variables";
// shapes below 1 by their section 6). Takes about four uniform numbers, more when it rejects (below 5 % of the time).
double SampleGamma(double shape, Rng& draws);

// Beta(a, b), a > 0 and b > 0, as a ratio of two gammas; in [0, 1].
double SampleBeta(double a, double b, Rng& draws);

// A reward r in [0, 1] as the outcome of a coin that shows 1 with probability r (Agrawal and Goyal 2012,
// arXiv:1111.1797, algorithm 2), for a uniform number u in [0, 1). 0 and 1 stay as they are.
inline double BernoulliReward(double r, double u) { return u < r ? 1.0 : 0.0; }

}  // namespace recbots
