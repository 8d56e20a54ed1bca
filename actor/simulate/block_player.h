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

// Episode e is the first episode of the random streams e * M .. e * M + M - 1: those of one session, or one stream if
// users are alone (M = 1). Not thread-safe: every thread has its own player and policy.
class BlockPlayer {
 public:
  // All references and pointers must outlive the player. `format` is nullptr if no log is kept. `should_stop` is called
  // before every step.
  BlockPlayer(const Scenario& scenario, Policy& policy, const LogFormat* format, StopQuestion should_stop);

  // Plays the episodes first .. first + n - 1 together and adds them to `block`.
  //   CANCELLED         should_stop returned true; `block` is unchanged
  //   INVALID_ARGUMENT  the policy showed a slate that the scenario refuses; `block` is unchanged
  absl::Status Play(int64_t first, int n, EpisodeBlock& block);

 private:
  // Play, but ABORTED if the environment loses its users; `block` is then unchanged.
  absl::Status PlayOnce(int64_t first, int n, EpisodeBlock& block);
  // Adds a user's step to the counts of its session.
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
  std::vector<std::string> texts_;  // [n]: log rows; a member so that Play can reuse the memory
  int64_t log_rows_ = 0;
};

}  // namespace recbots
