#include "actor/client/principal_axes.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "common/base/random.h"

namespace recbots {
namespace {

double Dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Points around (1, 2, 3, 4) that differ by 3 along (1, 1, 0, 0), by 1 along (0, 0, 1, -1) and by 0.1 otherwise.
std::vector<float> MakePoints(int count) {
  Rng rng(/*seed=*/7, Purpose::kTest, StreamPosition{});
  std::vector<float> points;
  for (int i = 0; i < count; ++i) {
    const double a = 6 * rng.Uniform() - 3, b = 2 * rng.Uniform() - 1, c = 0.2 * rng.Uniform() - 0.1;
    for (const double one : {1 + a, 2 + a + c, 3 + b, 4 - b}) points.push_back(static_cast<float>(one));
  }
  return points;
}

TEST(PrincipalAxesTest, AreThoseAlongWhichPointsDifferMost) {
  const PrincipalAxes axes = FindPrincipalAxes(MakePoints(500), 4, nullptr);
  const double half = std::sqrt(0.5);
  EXPECT_NEAR(std::abs(Dot(axes.axes[0], {half, half, 0, 0})), 1, 1e-3);
  EXPECT_NEAR(std::abs(Dot(axes.axes[1], {0, 0, half, -half})), 1, 1e-3);
  EXPECT_NEAR(Dot(axes.axes[0], axes.axes[1]), 0, 1e-9);
  EXPECT_GT(axes.explained, 0.99);
  EXPECT_LT(axes.explained, 1);
}

TEST(PrincipalAxesTest, ProjectTheMeanToTheMiddle) {
  const PrincipalAxes axes = FindPrincipalAxes(MakePoints(100), 4, nullptr);
  const std::vector<float> mean(axes.mean.begin(), axes.mean.end());
  float xy[2];
  axes.Project(mean.data(), xy);
  EXPECT_NEAR(xy[0], 0, 1e-5);
  EXPECT_NEAR(xy[1], 0, 1e-5);
}

TEST(PrincipalAxesTest, DoNotFlipFromOnePictureToTheNext) {
  PrincipalAxes before = FindPrincipalAxes(MakePoints(100), 4, nullptr);
  for (std::vector<double>& axis : before.axes) {
    for (double& one : axis) one = -one;
  }
  const PrincipalAxes after = FindPrincipalAxes(MakePoints(110), 4, &before);
  for (int k = 0; k < 2; ++k) EXPECT_GT(Dot(before.axes[k], after.axes[k]), 0.9) << k;
}

TEST(PrincipalAxesTest, KnowPointsThatDoNotDiffer) {
  const PrincipalAxes one = FindPrincipalAxes(std::vector<float>(12, 0.5f), 3, nullptr);
  EXPECT_EQ(one.explained, 0);
  float xy[2];
  one.Project(std::vector<float>(3, 0.5f).data(), xy);
  EXPECT_EQ(xy[0], 0);
  EXPECT_EQ(xy[1], 0);
  // A single coordinate has no second axis.
  const PrincipalAxes line = FindPrincipalAxes({1, 2, 3}, 1, nullptr);
  EXPECT_NEAR(line.explained, 1, 1e-12);
  EXPECT_EQ(line.axes[1], std::vector<double>{0});
}

}  // namespace
}  // namespace recbots
