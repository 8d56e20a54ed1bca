// Seeds of the parts of a composed policy.
#pragma once

#include <cstdint>

namespace recbots {

// Which part draws. Numbers are part of results: never reused, never renumbered.
enum class PolicyPart : uint32_t {
  kBase = 0,         // a policy on its own
  kEpsilon = 1,      // EpsilonPolicy: the coin and the random slate
  kClickBandit = 2,  // AbstractClickBandit: indices and ties
};

// Policies key their draws by the user's position with purpose kPolicy. A policy and one that wraps it act at the same
// positions: with the same seed the one would draw what the other draws, so each part has a seed of its own.
inline uint64_t PartSeed(uint64_t seed, PolicyPart part) {
  return seed ^ (uint64_t{0x9E3779B97F4A7C15} * static_cast<uint32_t>(part));
}

}  // namespace recbots
