// Moves numbers towards others: how targets and averages follow parameters.
#pragma once

#include <ATen/core/Tensor.h>

namespace recbots {

// from + share * (to - from), from the end that is nearer: a share of 0 or 1 gives the end itself.
template <typename T>
inline T Blend(T from, T to, T share) {
  return share < T{0.5} ? from + share * (to - from) : to - (to - from) * (1 - share);
}

// The same for each number of two tensors of one shape, by LibTorch's operators: `from` is changed in place.
inline void BlendTensor(const at::Tensor& to, double share, const at::Tensor& from) {
  if (share < 0.5) {
    from.add_(to.sub(from), share);
  } else {
    from.copy_(to.sub(to.sub(from), 1 - share));
  }
}

}  // namespace recbots
