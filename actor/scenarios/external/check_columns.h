// Checks what a program answered, on its way to the columns of a step.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "actor/scenarios/external/program.h"
#include "common/rl/environment.h"

namespace recbots {

// Copies columns and checks the copies, so that a program that shares memory cannot change what was checked. Remembers
// how long episodes last. Not thread-safe.
class ColumnChecker {
 public:
  ColumnChecker(const EnvironmentSpec& spec, int num_users)
      : spec_(spec), num_users_(static_cast<size_t>(num_users)), steps_(num_users_, 0) {}

  // The answer that starts all users.
  //   DATA_LOSS  a column of the wrong length, or a number that is not finite; names column, row and value
  absl::Status TakeStart(const ProgramColumns& columns, absl::Span<float> observation, absl::Span<float> candidates);

  // The answer to a step; `out` has the lengths that Environment::Step wants.
  //   DATA_LOSS  as above; a reward out of bounds, a flag that is neither 0 nor 1, both flags, or an episode that goes
  //              on beyond max_episode_steps. `out` may have been written
  absl::Status TakeStep(const ProgramColumns& columns, const StepColumns& out);

 private:
  absl::Status CheckLengths(const ProgramColumns& columns) const;
  absl::Status TakeEnds(const ProgramColumns& columns, const StepColumns& out);
  absl::Status TakeNext(const ProgramColumns& columns, const StepColumns& out) const;
  absl::Status CheckRewards(absl::Span<const float> reward) const;

  const EnvironmentSpec& spec_;
  const size_t num_users_;
  std::vector<int32_t> steps_;  // [B] of each user's episode so far.
  std::vector<uint32_t> ended_;
};

}  // namespace recbots
