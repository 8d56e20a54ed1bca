// Examines whether the environment of a program keeps to what policies and learners count on, over the wire.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "actor/scenarios/external/hooks.h"
#include "actor/scenarios/external/options.h"

namespace recbots {

// One promise, and what was found.
struct ConformanceFinding {
  std::string promise;  // "a user's episodes are the same for any number of users"
  std::string trouble;  // Empty: it was kept.
};

struct ConformanceOptions {
  int steps = 200;  // Of each play.
  int users = 8;    // The most that are played together.
  uint64_t seed = 1;
};

// Plays the environment several times, and compares. Columns, rewards and flags are checked at every step: where one is
// not as it must be, that is the only finding.
//   CANCELLED  told to stop
//   others     the program cannot be started
absl::StatusOr<std::vector<ConformanceFinding>> ExamineEnvironment(const ExternalOptions& options,
                                                                   const ConformanceOptions& how,
                                                                   const ExternalHooks& hooks);

// What the program says it plays.
absl::StatusOr<ExternalSpecOptions> DescribeEnvironmentOf(const ExternalOptions& options, const ExternalHooks& hooks);

}  // namespace recbots
