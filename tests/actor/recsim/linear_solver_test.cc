#include "actor/recsim/linear_solver.h"

#include <gtest/gtest.h>

#include <vector>

#include "common/base/random.h"

namespace recbots {
namespace {

TEST(LinearSolverTest, FindsTheSolutionOfRandomSystems) {
  Rng rng(1, Purpose::kTest, {});
  for (size_t n = 1; n <= 40; ++n) {
    std::vector<double> a(n * n), x(n), b(n, 0.0);
    for (double& element : a) element = rng.Normal();
    for (double& element : x) element = rng.Normal();
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) b[i] += a[i * n + j] * x[j];
    }
    const std::vector<double> solved = SolveLinear(a, b).value();
    for (size_t i = 0; i < n; ++i) EXPECT_NEAR(solved[i], x[i], 1e-8) << "size " << n;
  }
}

TEST(LinearSolverTest, SwapsRowsWhereThePivotIsZero) {
  EXPECT_EQ(SolveLinear({0, 2, 4, 0}, {6, 8}).value(), (std::vector<double>{2, 3}));
}

TEST(LinearSolverTest, RefusesSingularSystems) {
  EXPECT_EQ(SolveLinear({1, 2, 2, 4}, {1, 1}).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(SolveLinear({0}, {1}).status().code(), absl::StatusCode::kFailedPrecondition);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(SolveLinear({nan}, {1}).status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace recbots
