#include "common/base/student.h"

#include <cmath>
#include <limits>

namespace recbots {
namespace {

// The continued fraction of the incomplete beta function (Lentz's method, as modified by Thompson and Barnett 1986).
double BetaFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  const auto away_from_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double fraction = d;
  for (int m = 1; m <= 10000; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1) < 1e-16) break;
  }
  return fraction;
}

// The regularised incomplete beta function.
double BetaCdf(double a, double b, double x, double one_minus_x) {
  if (x <= 0) return 0;
  if (one_minus_x <= 0) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log(one_minus_x));
  if (x < (a + 1) / (a + b + 2)) return front * BetaFraction(a, b, x) / a;
  return 1 - front * BetaFraction(b, a, one_minus_x) / b;
}

}  // namespace

double StudentCdf(double t, double degrees) {
  const double sum = degrees + t * t;
  const double tail = 0.5 * BetaCdf(degrees / 2, 0.5, degrees / sum, t * t / sum);
  return t < 0 ? tail : 1 - tail;
}

double StudentQuantile(double probability, double degrees) {
  if (!(probability > 0 && probability < 1) || !(degrees > 0)) return std::numeric_limits<double>::quiet_NaN();
  if (probability == 0.5) return 0;
  const double tail = probability < 0.5 ? probability : 1 - probability;
  // The t > 0 whose upper tail this is, by halving on a scale that is first widened.
  double low = 0;
  double high = 1;
  while (StudentCdf(-high, degrees) > tail) high *= 2;
  for (int i = 0; i < 200 && high - low > 1e-14 * high; ++i) {
    const double middle = 0.5 * (low + high);
    (StudentCdf(-middle, degrees) > tail ? low : high) = middle;
  }
  const double t = 0.5 * (low + high);
  return probability < 0.5 ? -t : t;
}

}  // namespace recbots
