// Every slate there is.
#pragma once

#include <algorithm>
#include <vector>

#include "common/slate/slate_optimizer.h"

namespace recbots::testing {

// Calls `visit` with every ordered slate of `slate_size` of the positions 0 .. num_candidates - 1.
template <typename Visit>
void ForEachSlate(int num_candidates, int slate_size, Visit&& visit, std::vector<int32_t> slate = {}) {
  if (static_cast<int>(slate.size()) == slate_size) return visit(slate);
  for (int32_t i = 0; i < num_candidates; ++i) {
    if (std::find(slate.begin(), slate.end(), i) != slate.end()) continue;
    slate.push_back(i);
    ForEachSlate(num_candidates, slate_size, visit, slate);
    slate.pop_back();
  }
}

inline double BestValue(ClickRule click_rule, const SlateProblem& problem, int slate_size) {
  double best = -std::numeric_limits<double>::infinity();
  ForEachSlate(static_cast<int>(problem.weights.size()), slate_size, [&](const std::vector<int32_t>& slate) {
    best = std::max(best, SlateValue(click_rule, problem, slate));
  });
  return best;
}

}  // namespace recbots::testing
