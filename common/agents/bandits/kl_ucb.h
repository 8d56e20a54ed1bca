// The upper confidence bound of KL-UCB for one arm.
#pragma once

namespace recbots {

// Divergence kl(p, q) = p ln(p/q) + (1-p) ln((1-p)/(1-q)) of two coins, p and q in [0, 1]; infinite where q rules out
// what p allows.
double BernoulliKl(double p, double q);

// The largest q in [mean, 1] with kl(mean, q) <= bound, to within 1e-12 or a few units of the last place. mean in [0,
// 1]; a bound that is not positive, or NaN, gives the mean. Newton's method from above: about six logarithm pairs.
double KlUpperBound(double mean, double bound);

// What RecSim 0.2.4 returns: the last of 16 midpoints of a bisection whose lower end is also taken for the mean.
double LegacyKlUpperBound(double mean, double bound);

}  // namespace recbots
