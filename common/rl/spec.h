// Describes an environment to policies and learners (design: contracts, environment).
//
// Letters used throughout: B users in a batch, M users of a session, N candidates, D features of a candidate, K slate
// positions, U user features, R response fields, C clusters, I items of a fixed catalogue.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace recbots {

// Fills the end of a slate that is shorter than K.
inline constexpr int32_t kNoItem = -1;

struct EnvironmentSpec {
  std::string name;
  int num_user_features = 0;  // U; 0 if the policy sees nothing of the user.
  // This many of the last of U say what happened in the episode so far, not who the user is.
  int num_history_features = 0;
  int num_candidates = 0;          // N: a slate names positions 0..N-1.
  int num_candidate_features = 0;  // D; 0 if candidates differ only by their position.
  int slate_size = 1;              // K
  // A slate names at least this many different positions, and at most K; kNoItem fills the rest.
  int min_slate_size = 1;
  std::vector<std::string> response_fields;  // R names
  // True if all users are offered the same I = N items at every step, so that positions are item ids.
  bool fixed_catalogue = true;
  // C: the first C features of a candidate are one-hot and name its cluster. 0: candidates have no clusters.
  int num_clusters = 0;
  int quality_feature = -1;  // Index of the candidate feature that is its quality; -1: qualities are not seen.
  double min_reward = 0;     // Bounds of one step's reward; may be infinite.
  double max_reward = 1;
  int max_episode_steps = 0;  // Steps after which an episode is truncated; 0: never.
  // M: this many neighbouring users of a batch share their candidates and their episode, which is over when all of them
  // have left. 1: every user is alone.
  int users_per_session = 1;

  // The index of a response field, or -1.
  int FindResponseField(const std::string& field) const {
    for (size_t i = 0; i < response_fields.size(); ++i) {
      if (response_fields[i] == field) return static_cast<int>(i);
    }
    return -1;
  }
};

// Whether the features of candidates lie in a catalogue (catalogue.h) instead of with every step.
inline bool HoldsCatalogue(const EnvironmentSpec& spec) {
  return spec.fixed_catalogue && spec.num_candidate_features > 0;
}

}  // namespace recbots
