// Which random streams belong to whom (common/base/random.h: a stream tells users apart).
#pragma once

#include <cstdint>

namespace recbots {

// First stream of the evaluator's users, where M of them make a session; two thousand million streams below are the
// actors'.
inline uint32_t FirstEvaluationStream(int users_per_session) {
  const auto m = static_cast<uint32_t>(users_per_session);
  return ((uint32_t{1} << 31) + m - 1) / m * m;
}

// First stream of an actor that is the `join_number`-th (from 0) to have joined the run, with B users. Streams come
// again only after 2^31 / B joins.
inline uint32_t FirstActorStream(int64_t join_number, int num_users) {
  const uint64_t blocks = (uint64_t{1} << 31) / static_cast<uint64_t>(num_users);
  return static_cast<uint32_t>(static_cast<uint64_t>(join_number) % blocks * static_cast<uint64_t>(num_users));
}

}  // namespace recbots
