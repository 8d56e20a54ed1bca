// Moves a number towards another one: how targets and averages follow parameters.
#pragma once

namespace recbots {

// from + share * (to - from), from the end that is nearer: a share of 0 or 1 gives the end itself.
template <typename T>
inline T Blend(T from, T to, T share) {
  return share < T{0.5} ? from + share * (to - from) : to - (to - from) * (1 - share);
}

}  // namespace recbots
