#include "common/algorithms/full_slate_q/shape.h"

#include <algorithm>

namespace recbots {

int64_t FullSlateShape::num_slates() const {
  double slates = 1;
  for (int k = 0; k < slate_size; ++k) slates *= num_candidates - k;
  return static_cast<int64_t>(std::min(slates, 1e18));
}

}  // namespace recbots
