// Plays chosen episodes of a scenario with a policy, for the report and the log.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "actor/recsim/play_episodes.h"
#include "actor/recsim/scenario.h"
#include "actor/simulate/episode_block.h"
#include "actor/simulate/log_format.h"
#include "common/base/stop.h"
#include "common/policies/policy.h"
#include "common/rl/step_buffer.h"

namespace recbots {

// Episode e is the first episode of the streams e * M .. e * M + M - 1: of one stream where users are alone, of one
// session otherwise. Not thread-safe: one per thread, with its own policy.
class BlockPlayer {
 public:
  // All must outlive the player; `format` is nullptr where no log is kept. `should_stop` is asked before every step.
  BlockPlayer(const Scenario& scenario, Policy& policy, const LogFormat* format, StopQuestion should_stop);

  // Plays the episodes first .. first + n - 1 together and adds them to `block`.
  //   CANCELLED         should_stop; `block` is as it was
  //   INVALID_ARGUMENT  the policy showed a slate that the scenario refuses; the same
  absl::Status Play(int64_t first, int n, EpisodeBlock& block);

 private:
  // Adds a user's step to the numbers of its session.
  void Count(size_t user, const StepBuffer& step, const EpisodeSoFar& episode);
  void Log(int64_t first, size_t user, const StepBuffer& step, const EpisodeSoFar& episode);

  const Scenario& scenario_;
  const EnvironmentSpec& spec_;
  const ScenarioMetrics* const metrics_;
  Policy& policy_;
  const LogFormat* const format_;
  const StopQuestion should_stop_;
  const size_t session_size_;  // M
  const size_t num_counts_;

  // Of the episodes being played.
  std::vector<double> counts_;      // [n, num_counts_]
  std::vector<double> rewards_;     // [B]
  std::vector<std::string> texts_;  // [n]: log rows, kept for their memory from one Play to the next
  int64_t log_rows_ = 0;
};

}  // namespace recbots
