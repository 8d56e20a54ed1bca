#include "common/ope/slope.h"

#include <algorithm>
#include <cmath>

#include "common/base/log.h"
#include "common/base/student.h"

namespace recbots {

SlopeChoice ChooseBySlope(const std::vector<Estimate>& estimates, int64_t sessions) {
  RECBOTS_CHECK(!estimates.empty());
  const double t = StudentQuantile(0.9, static_cast<double>(sessions - 1));
  std::vector<size_t> order;
  for (size_t i = 0; i < estimates.size(); ++i) {
    if (std::isfinite(estimates[i].value) && std::isfinite(estimates[i].standard_error)) order.push_back(i);
  }
  if (order.empty()) return {0, estimates[0]};
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return estimates[a].standard_error > estimates[b].standard_error; });
  const double before = std::sqrt(6.0) - 1;
  size_t chosen = order[0];
  for (size_t i = 1; i < order.size(); ++i) {
    const Estimate& candidate = estimates[order[i]];
    for (size_t j = 0; j < i; ++j) {
      const Estimate& other = estimates[order[j]];
      const double allowed = t * (candidate.standard_error + before * other.standard_error);
      if (std::abs(other.value - candidate.value) > allowed) return {chosen, estimates[chosen]};
    }
    chosen = order[i];
  }
  return {chosen, estimates[chosen]};
}

}  // namespace recbots
