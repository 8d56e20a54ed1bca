#include "common/base/fast_exp.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/base/random.h"

namespace recbots {
namespace {

double RelativeError(double x) {
  const long double exact = std::exp(static_cast<long double>(x));
  return static_cast<double>(std::fabs((FastExp(x) - exact) / exact));
}

TEST(FastExpTest, IsWithinTwoUnitsInTheLastPlace) {
  constexpr double kBound = 2 * 0x1p-53 * 2;  // A unit is between 2^-53 and 2^-52 of the value.
  Rng draws(1, Purpose::kTest, {});
  for (const double range : {1e-300, 1e-9, 1e-3, 0.02, 1.0, 10.0, 700.0}) {
    for (int i = 0; i < 200000; ++i) {
      const double x = draws.Uniform(-range, range);
      ASSERT_LE(RelativeError(x), kBound) << x;
    }
  }
  // Where one step of the table ends and the next begins, and the ends of the range.
  for (int k = -32000; k <= 32000; ++k) {
    const double edge = (k + 0.5) * std::log(2.0) / 32;
    for (const double x : {std::nextafter(edge, -1e9), edge, std::nextafter(edge, 1e9)}) {
      ASSERT_LE(RelativeError(x), kBound) << x;
    }
  }
  for (const double x : {-700.0, 700.0, -0.0}) EXPECT_LE(RelativeError(x), kBound) << x;
  EXPECT_EQ(FastExp(0), 1);
}

TEST(FastExpTest, NeverFalls) {
  for (double x = -20; x < 20; x += 1e-4) ASSERT_LE(FastExp(x), FastExp(x + 1e-4)) << x;
}

// These bits are part of results: a change changes every episode that draws log-normals.
TEST(FastExpTest, GivesTheSameBitsEverywhere) {
  uint64_t hash = 14695981039346656037ULL;
  Rng draws(2, Purpose::kTest, {});
  for (int i = 0; i < 100000; ++i) {
    hash = (hash ^ std::bit_cast<uint64_t>(FastExp(draws.Uniform(-30, 30)))) * 1099511628211ULL;
  }
  EXPECT_EQ(hash, 1495755904320014048u);
}

}  // namespace
}  // namespace recbots
