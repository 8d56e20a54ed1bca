// Means and standard errors from episodes.
#pragma once

#include <cstdint>

namespace recbots {

// The ratio R = sum n_e / sum d_e over independent episodes e, such as clicks per impression. Its standard error is
// that of the linearised ratio (Cochran, Sampling Techniques, 3rd ed., section 2.11):
//
//   se(R) = sqrt( sum_e (n_e - R d_e)^2 / (E (E - 1)) ) / (sum_e d_e / E)
//
// which for d_e = 1 is the standard error of a mean. Co-moments are updated about the running means (Welford 1962), so
// nothing is lost where the mean is large beside the spread. Sums depend on the order of episodes in the last bits: add
// them in one order. A value type.
class RatioEstimate {
 public:
  void Add(double numerator, double denominator);

  // NaN while the denominators sum to 0.
  double value() const { return sum_numerator_ / sum_denominator_; }
  // NaN with fewer than two episodes, or where there is no value.
  double standard_error() const;
  double denominator() const { return sum_denominator_; }

 private:
  double count_ = 0;  // E
  double sum_numerator_ = 0, sum_denominator_ = 0;
  double mean_numerator_ = 0, mean_denominator_ = 0;
  double numerator_squares_ = 0, denominator_squares_ = 0, products_ = 0;  // About the means.
};

// The mean of independent numbers, and their spread about it, by the same method. A value type.
class MeanEstimate {
 public:
  void Add(double value);

  int64_t count() const { return static_cast<int64_t>(count_); }
  // NaN with no value.
  double mean() const { return sum_ / count_; }
  // Population standard deviation, sqrt(sum (x - mean)^2 / n); NaN with no value.
  double population_deviation() const;
  // Of the mean, sqrt(sum (x - mean)^2 / (n (n - 1))); NaN with fewer than two values.
  double standard_error() const;
  // Half width of the 95 % confidence interval of the mean, for many values; NaN with fewer than two.
  double ci95() const;

 private:
  double count_ = 0, sum_ = 0;
  double running_mean_ = 0, squares_ = 0;  // About the mean.
};

}  // namespace recbots
