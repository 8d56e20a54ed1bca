// Seeds of the parts of a composed policy.
#pragma once

#include <cstdint>

namespace recbots {

// Which part draws. Results depend on these numbers: they are never reused and never changed.
enum class PolicyPart : uint32_t {
  kBase = 0,         // a policy by itself
  kEpsilon = 1,      // EpsilonPolicy: the coin and the random slate
  kClickBandit = 2,  // AbstractClickBandit: indices and ties
  kSoftmax = 3,      // SoftmaxPolicy: the noise of its scores
};

// The seed of one part. Policies key their draws by the user's position with purpose kPolicy. A policy and the policy
// that wraps it act at the same positions, so with the same seed both would draw the same numbers; therefore each part
// has a different seed.
inline uint64_t PartSeed(uint64_t seed, PolicyPart part) {
  return seed ^ (uint64_t{0x9E3779B97F4A7C15} * static_cast<uint32_t>(part));
}

}  // namespace recbots
