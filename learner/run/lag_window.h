// Quantiles of the newest lags.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace recbots {

// Keeps the newest 4,096 values. Not thread-safe.
class LagWindow {
 public:
  void Add(double value) {
    values_[next_] = value;
    next_ = (next_ + 1) % values_.size();
    size_ = std::min(size_ + 1, values_.size());
  }
  // How many of the values are at most bounds[i], and above bounds[i - 1]; at the end those above the last bound.
  // `bounds` ascend.
  std::vector<int64_t> Counts(const std::vector<double>& bounds) const {
    std::vector<int64_t> counts(bounds.size() + 1);
    for (size_t i = 0; i < size_; ++i) {
      ++counts[static_cast<size_t>(std::lower_bound(bounds.begin(), bounds.end(), values_[i]) - bounds.begin())];
    }
    return counts;
  }
  // The q-quantile (nearest rank), 0 <= q <= 1; 0 when empty.
  double Quantile(double q) const {
    if (size_ == 0) return 0;
    std::array<double, 4096> sorted = values_;
    const auto rank = static_cast<size_t>(q * static_cast<double>(size_ - 1) + 0.5);
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(rank),
                     sorted.begin() + static_cast<std::ptrdiff_t>(size_));
    return sorted[rank];
  }

 private:
  std::array<double, 4096> values_{};
  size_t next_ = 0;
  size_t size_ = 0;
};

}  // namespace recbots
