// Plays chosen episodes of a scenario with a policy.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "actor/recsim/scenario.h"
#include "actor/simulate/episode_block.h"
#include "actor/simulate/log_format.h"
#include "common/policies/policy.h"
#include "common/rl/step_buffer.h"

namespace recbots {

// Episode e is the first episode of the streams e * M .. e * M + M - 1: of one stream where users are alone, of one
// session otherwise. What comes of it does not depend on the episodes played beside it, as long as the policy does not
// learn from one for another.
// Not thread-safe: one per thread, with its own policy.
class EpisodePlayer {
 public:
  // All must outlive the player; `format` is nullptr where no log is kept. `should_stop` is asked before every step.
  EpisodePlayer(const Scenario& scenario, Policy& policy, const LogFormat* format, std::function<bool()> should_stop);

  // Plays the episodes first .. first + n - 1 together and adds them to `block`. Users whose episode is over go on with
  // one that nobody counts until the last has finished.
  //   CANCELLED         should_stop; `block` is as it was
  //   INVALID_ARGUMENT  the policy showed a slate that the scenario refuses; the same
  absl::Status Play(int64_t first, int n, EpisodeBlock& block);

 private:
  void Act(const Environment& environment, StepBuffer& buffer);
  // Adds the step just made to the numbers, and to the log, of those whose episode it belongs to.
  void Count(int64_t first, int64_t step, const StepBuffer& buffer);
  void Log(int64_t first, int64_t step, size_t user, const StepBuffer& buffer);

  const Scenario& scenario_;
  const EnvironmentSpec& spec_;
  const ScenarioMetrics* const metrics_;
  Policy& policy_;
  const LogFormat* const format_;
  const std::function<bool()> should_stop_;
  const size_t session_size_;  // M
  const size_t num_counts_;

  // Of the episodes being played.
  std::vector<uint8_t> playing_;    // [B], 1: still in the episode that counts
  std::vector<double> counts_;      // [n, num_counts_]
  std::vector<double> rewards_;     // [B]
  std::vector<std::string> texts_;  // [n]: log rows, kept for their memory from one Play to the next
  int64_t log_rows_ = 0;
};

}  // namespace recbots
