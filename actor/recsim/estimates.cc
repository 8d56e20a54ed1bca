#include "actor/recsim/estimates.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace recbots {

void RatioEstimate::Add(double numerator, double denominator) {
  count_ += 1;
  sum_numerator_ += numerator;
  sum_denominator_ += denominator;
  const double numerator_off = numerator - mean_numerator_;
  const double denominator_off = denominator - mean_denominator_;
  mean_numerator_ += numerator_off / count_;
  mean_denominator_ += denominator_off / count_;
  const double numerator_still_off = numerator - mean_numerator_;
  numerator_squares_ += numerator_off * numerator_still_off;
  denominator_squares_ += denominator_off * (denominator - mean_denominator_);
  products_ += denominator_off * numerator_still_off;
}

double RatioEstimate::standard_error() const {
  if (count_ < 2 || sum_denominator_ == 0) return std::numeric_limits<double>::quiet_NaN();
  const double ratio = value();
  // The residuals n - R d sum to 0, so their squares are those about their mean; rounding may leave less than nothing.
  const double squares =
      std::max(0.0, numerator_squares_ - 2 * ratio * products_ + ratio * ratio * denominator_squares_);
  return std::sqrt(squares / (count_ * (count_ - 1))) / std::abs(sum_denominator_ / count_);
}

void MeanEstimate::Add(double value) {
  count_ += 1;
  sum_ += value;
  const double off = value - running_mean_;
  running_mean_ += off / count_;
  squares_ += off * (value - running_mean_);
}

double MeanEstimate::population_deviation() const { return std::sqrt(squares_ / count_); }

double MeanEstimate::standard_error() const {
  if (count_ < 2) return std::numeric_limits<double>::quiet_NaN();
  return std::sqrt(squares_ / (count_ * (count_ - 1)));
}

double MeanEstimate::ci95() const {
  constexpr double kQuantile = 1.959963984540054;  // Standard normal, two-sided.
  return kQuantile * standard_error();
}

}  // namespace recbots
