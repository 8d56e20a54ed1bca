// Which random streams belong to whom (common/base/random.h: a stream tells users apart).
#pragma once

#include <cstdint>

namespace recbots {

// First stream of the evaluator's users, where M of them make a session: the same for every version and in every run,
// so that evaluations can be compared. The 2^31 streams below are the actors', who get them from the learner, each once
// (learner/run/stream_ledger.h).
inline uint32_t FirstEvaluationStream(int users_per_session) {
  const auto m = static_cast<uint32_t>(users_per_session);
  return ((uint32_t{1} << 31) + m - 1) / m * m;
}

}  // namespace recbots
