// Which settings do not go with several learners that train as one.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "recbots/v1/config.pb.h"

namespace recbots {

// INVALID_ARGUMENT: rows of the learners' table may be sampled a limited number of times, and the table has no room for
// all batches that the learners may hold at a time: the ones that one learner holds until the others have theirs would
// keep new rows out for ever. A row has `row_bytes`; 0: not known yet, and only the number of rows is looked at. Names
// setting, value and bound. The configuration is validated.
absl::Status CheckGroup(const v1::ExperimentConfig& config, int learners, int64_t row_bytes = 0);

}  // namespace recbots
