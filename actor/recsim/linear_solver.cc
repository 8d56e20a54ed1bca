#include "actor/recsim/linear_solver.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "common/base/log.h"

namespace recbots {
namespace {

// Swaps into row k the row from k on whose element in column k is largest; returns the size of that element.
double Pivot(size_t k, size_t n, std::vector<double>* a, std::vector<double>* b) {
  size_t best = k;
  for (size_t i = k + 1; i < n; ++i) {
    if (std::abs((*a)[i * n + k]) > std::abs((*a)[best * n + k])) best = i;
  }
  if (best != k) {
    std::swap_ranges(a->begin() + static_cast<ptrdiff_t>(k * n), a->begin() + static_cast<ptrdiff_t>((k + 1) * n),
                     a->begin() + static_cast<ptrdiff_t>(best * n));
    std::swap((*b)[k], (*b)[best]);
  }
  return std::abs((*a)[k * n + k]);
}

}  // namespace

absl::StatusOr<std::vector<double>> SolveLinear(std::vector<double> a, std::vector<double> b) {
  const size_t n = b.size();
  RECBOTS_CHECK(a.size() == n * n) << "matrix of " << a.size() << " elements, want " << n * n;
  double scale = 0;
  for (const double element : a) scale = std::max(scale, std::abs(element));
  const double smallest_pivot = static_cast<double>(n) * std::numeric_limits<double>::epsilon() * scale;
  for (size_t k = 0; k < n; ++k) {
    const double pivot = Pivot(k, n, &a, &b);
    if (!(pivot > smallest_pivot)) {
      return absl::FailedPreconditionError(absl::StrCat("linear system is singular: pivot ", k, " of ", n, " is ",
                                                        pivot, ", want more than ", smallest_pivot));
    }
    for (size_t i = k + 1; i < n; ++i) {
      const double factor = a[i * n + k] / a[k * n + k];
      if (factor == 0) continue;
      for (size_t j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
      b[i] -= factor * b[k];
    }
  }
  for (size_t k = n; k-- > 0;) {
    for (size_t j = k + 1; j < n; ++j) b[k] -= a[k * n + j] * b[j];
    b[k] /= a[k * n + k];
  }
  return b;
}

}  // namespace recbots
