// Student's t distribution, for intervals.
#pragma once

namespace recbots {

// The t with P(T <= t) = probability for this many degrees of freedom; the relative error is below 1e-10. probability
// in 0..1, both excluded; degrees > 0, and NaN for others.
double StudentQuantile(double probability, double degrees);

// P(T <= t). degrees > 0.
double StudentCdf(double t, double degrees);

}  // namespace recbots
