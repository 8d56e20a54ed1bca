// Which random streams belong to whom (common/base/random.h: a stream tells users apart).
#pragma once

#include <cstdint>

namespace recbots {

// The evaluator's users; two thousand million streams below are the actors'.
inline constexpr uint32_t kFirstEvaluationStream = uint32_t{1} << 31;

// First stream of an actor that is the `join_number`-th (from 0) to have joined the run, with B users. Streams come
// again only after 2^31 / B joins.
inline uint32_t FirstActorStream(int64_t join_number, int num_users) {
  const auto start = static_cast<uint64_t>(join_number) * static_cast<uint64_t>(num_users);
  const uint64_t last_start = (uint64_t{1} << 31) - static_cast<uint64_t>(num_users);
  return static_cast<uint32_t>(start % (last_start + 1));
}

}  // namespace recbots
