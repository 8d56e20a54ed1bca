// What the policies need to answer for slates that others chose (Policy::Probability), and players for the propensities
// that they log.
#pragma once

#include <algorithm>
#include <cstdint>

#include "absl/types/span.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

// Gives all wanted probabilities of one user the same value.
inline void FillGiven(size_t user, size_t num_users, double value, const GivenSlates& given) {
  const size_t slate_size = given.slates.size() / num_users;
  given.slate[user] = value;
  for (const absl::Span<double> column : {given.position, given.prefix}) {
    if (!column.empty()) std::fill_n(column.begin() + static_cast<ptrdiff_t>(user * slate_size), slate_size, value);
  }
}

// Answers for a user to whom the policy shows the slate of `certain` [B, K] with probability 1.
inline void CompareWithCertain(absl::Span<const int32_t> certain, size_t user, const GivenSlates& given) {
  const size_t slate_size = given.slates.size() / given.slate.size();
  bool same = true;
  for (size_t at = user * slate_size; at < (user + 1) * slate_size; ++at) {
    const bool shown = given.slates[at] != kNoItem;
    const bool equal = certain[at] == given.slates[at];
    same &= equal;
    if (!given.position.empty()) given.position[at] = shown && equal ? 1 : 0;
    if (!given.prefix.empty()) given.prefix[at] = shown && same ? 1 : 0;
  }
  given.slate[user] = same ? 1 : 0;
}

// Completes output.prefix_probability behind Act where it follows from the probability of the whole slate: a certain
// slate begins in one way only, and a whole slate of K items is its own prefix.
inline void CompletePrefix(const PolicyOutput& output) {
  const size_t num_users = output.behaviour_probability.size();
  const size_t slate_size = output.prefix_probability.size() / std::max<size_t>(1, num_users);
  if (slate_size == 0) return;
  for (size_t user = 0; user < num_users; ++user) {
    const float behaviour = output.behaviour_probability[user];
    for (size_t at = user * slate_size; at < (user + 1) * slate_size; ++at) {
      const bool last = at + 1 == (user + 1) * slate_size;
      if (output.slates[at] == kNoItem) {
        output.prefix_probability[at] = 0;
      } else if (behaviour == 1 || last) {
        output.prefix_probability[at] = behaviour;
      }
    }
  }
}

}  // namespace recbots
