// The results of consecutive episodes, on their way from the thread that played them to the sums.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace recbots {

// Indices of the counts of one episode: these, then the scenario's own counters.
struct EpisodeCount {
  static constexpr size_t kReward = 0;      // The sum over all users of the session.
  static constexpr size_t kSteps = 1;       // The sum over all users of the steps they took part in.
  static constexpr size_t kTerminated = 2;  // Users that left.
  static constexpr size_t kTruncated = 3;   // Users that the step limit cut.
  static constexpr size_t kUsers = 4;       // M
  static constexpr size_t kFirstCounter = 5;
};

// Episodes in the order of their numbers. A value type.
struct EpisodeBlock {
  int64_t num_episodes = 0;
  std::vector<double> counts;   // [num_episodes, kFirstCounter + counters]
  std::vector<double> rewards;  // [num_episodes, M]: each user's return
  std::string log;              // Log rows, compressed if the log is.
  int64_t log_rows = 0;

  void Clear() {
    num_episodes = 0;
    counts.clear();
    rewards.clear();
    log.clear();
    log_rows = 0;
  }
};

}  // namespace recbots
