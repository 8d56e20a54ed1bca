// What the outputs of a network of values stand for. All are in the unit of the network (value_scale).
//
//   kScalar    the value itself
//   kQuantile  quantiles of the return at (i + 1/2) / N, in any order (QR-DQN, Dabney et al. 2018, arXiv:1710.10044,
//              section 4); the value is their mean
//   kTwoHot    logits of a distribution over N bins (Hafner et al. 2023, arXiv:2301.04104, appendix B); the value is
//              their mean. Bins lie evenly on a symmetric logarithmic scale, symlog(x) = sign(x) ln(1 + |x|), between
//              -range and range.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/types/span.h"

namespace recbots {

struct ValueHead {
  // Numbers as in config.proto (QLearningConfig.ValueHead).
  enum class Kind { kScalar = 1, kQuantile = 2, kTwoHot = 3 };

  Kind kind = Kind::kScalar;
  int atoms = 51;      // N, 2..512, where there are several outputs.
  double range = 100;  // Of kTwoHot.

  bool scalar() const { return kind == Kind::kScalar; }
  int outputs() const { return scalar() ? 1 : atoms; }

  friend bool operator==(const ValueHead&, const ValueHead&) = default;
};

// The name of a network with this head: `network`, `network`.quantile or `network`.two_hot, so that outputs of one kind
// do not pass for those of another.
std::string HeadName(const std::string& network, const ValueHead& head);

// The bins [N] of kTwoHot, ascending; mirrored at 0 to the last bit.
std::vector<float> BinsOf(const ValueHead& head);

// The bin `first` and its share of `value`, so that the mean of this bin and the next, which has the rest, is the
// value; values beyond the bins count as the outermost.
struct TwoHot {
  size_t first;
  double share;
};
TwoHot TwoHotOf(double value, absl::Span<const float> bins);

// The mean of the bins under softmax(logits [N]), with the same bits on every processor. NaN where a logit is not
// finite.
float MeanOfBins(const float* logits, absl::Span<const float> bins);

}  // namespace recbots
