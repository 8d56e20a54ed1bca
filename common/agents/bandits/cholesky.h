// Small dense symmetric positive definite systems: Cholesky factors, kept up to date as observations arrive.
//
// Matrices are row-major [n, n]; of a factor L (A = L L^T) only the lower triangle is read and written. Plain loops,
// for n up to a few hundred. Golub and Van Loan, "Matrix computations", sections 4.2 and 6.5.4.
#pragma once

#include <cmath>
#include <cstddef>

namespace recbots {

// Replaces the lower triangle of A by L. Returns false if A is not positive definite (up to rounding); A is then
// destroyed.
inline bool CholeskyFactor(size_t n, double* a) {
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = a[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= a[i * n + k] * a[j * n + k];
      if (i != j) {
        a[i * n + j] = sum / a[j * n + j];
      } else if (sum > 0) {
        a[i * n + i] = std::sqrt(sum);
      } else {
        return false;
      }
    }
  }
  return true;
}

// b <- L^-1 b.
inline void SolveLower(size_t n, const double* l, double* b) {
  for (size_t i = 0; i < n; ++i) {
    double sum = b[i];
    for (size_t k = 0; k < i; ++k) sum -= l[i * n + k] * b[k];
    b[i] = sum / l[i * n + i];
  }
}

// b <- L^-T b.
inline void SolveLowerTransposed(size_t n, const double* l, double* b) {
  for (size_t i = n; i-- > 0;) {
    b[i] /= l[i * n + i];
    for (size_t k = 0; k < i; ++k) b[k] -= l[i * n + k] * b[i];
  }
}

// L <- the factor of L L^T + x x^T, in n^2 steps; destroys x.
inline void CholeskyAddOuter(size_t n, double* l, double* x) {
  for (size_t j = 0; j < n; ++j) {
    if (x[j] == 0) continue;  // One-hot features leave most columns as they are.
    const double diagonal = l[j * n + j];
    const double r = std::hypot(diagonal, x[j]);
    const double c = r / diagonal, s = x[j] / diagonal;
    l[j * n + j] = r;
    for (size_t i = j + 1; i < n; ++i) {
      l[i * n + j] = (l[i * n + j] + s * x[i]) / c;
      x[i] = c * x[i] - s * l[i * n + j];
    }
  }
}

}  // namespace recbots
