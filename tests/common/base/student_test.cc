// Numbers without a formula come from SciPy 1.x (scipy.stats.t), which shares no code with ours.
#include "common/base/student.h"

#include <gtest/gtest.h>

#include <cmath>

namespace recbots {
namespace {

TEST(StudentTest, AgreesWithKnownForms) {
  // With 1 and 2 degrees of freedom the distribution is elementary.
  for (const double p : {0.001, 0.05, 0.3, 0.5, 0.8, 0.975, 0.9999}) {
    EXPECT_NEAR(StudentQuantile(p, 1), std::tan(M_PI * (p - 0.5)), 1e-9 * (1 + std::abs(std::tan(M_PI * (p - 0.5)))));
    const double two = (2 * p - 1) * std::sqrt(2 / (4 * p * (1 - p)));
    EXPECT_NEAR(StudentQuantile(p, 2), two, 1e-9 * (1 + std::abs(two)));
    for (const double degrees : {0.5, 3.0, 17.0, 400.0, 1e6}) {
      EXPECT_NEAR(StudentCdf(StudentQuantile(p, degrees), degrees), p, 1e-11);
    }
  }
  EXPECT_NEAR(StudentQuantile(0.975, 1e7), 1.959964, 1e-5);
  EXPECT_NEAR(StudentQuantile(0.975, 10), 2.228138852, 1e-8);
  EXPECT_TRUE(std::isnan(StudentQuantile(0.9, 0)));
  EXPECT_TRUE(std::isnan(StudentQuantile(1, 3)));
}

TEST(StudentTest, TailsAgreeWithOthers) {
  EXPECT_NEAR(2 * StudentCdf(-2.0, 3), 0.13932596855884305, 1e-12);
  EXPECT_NEAR(2 * StudentCdf(-1.0, 1), 0.5, 1e-12);
  EXPECT_NEAR(2 * StudentCdf(-2.570582, 5), 0.049999990027139944, 1e-12);
  EXPECT_NEAR(2 * StudentCdf(-0.5, 30.5), 0.6206635239145257, 1e-12);
  EXPECT_NEAR(2 * StudentCdf(-12, 7.3), 4.55578522957055e-06, 1e-15);
  EXPECT_NEAR(2 * StudentCdf(-0, 4), 1, 1e-12);
}

TEST(StudentTest, QuantilesAgreeWithOthers) {
  EXPECT_NEAR(StudentQuantile(0.975, 1), 12.706204736174694, 1e-7);
  EXPECT_NEAR(StudentQuantile(0.975, 5), 2.5705818356363146, 1e-8);
  EXPECT_NEAR(StudentQuantile(0.975, 8.47), 2.283919678980206, 1e-8);
  EXPECT_NEAR(StudentQuantile(0.995, 3), 5.840909309733355, 1e-8);
  EXPECT_NEAR(StudentQuantile(0.975, 1e6), 1.959966356814107, 1e-7);
}

}  // namespace
}  // namespace recbots
