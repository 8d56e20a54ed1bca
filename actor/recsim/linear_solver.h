// Solves small dense systems of linear equations.
#pragma once

#include <vector>

#include "absl/status/statusor.h"

namespace recbots {

// x with A x = b; A float64 [n, n] row by row, b float64 [n]. Gaussian elimination with partial pivoting (Golub and Van
// Loan 2013, section 3.4): n^3 / 3 multiplications, meant for n up to some hundreds.
//   FAILED_PRECONDITION  A is singular, or so nearly that x would be noise
absl::StatusOr<std::vector<double>> SolveLinear(std::vector<double> a, std::vector<double> b);

}  // namespace recbots
