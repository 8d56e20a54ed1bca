// A batch of users as Gymnasium's vector environments step them: actions of Python, three ways to begin the next
// episode, observations in parts or flat, statistics of episodes. Knows nothing of Python.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/policies/policy.h"
#include "common/rl/environment.h"
#include "deploy/python/sim/simulation.h"

namespace recbots {

// When users whose episode is over begin the next one (gymnasium.vector.AutoresetMode).
enum class AutoReset {
  kSameStep,  // In the step that ended it: the observation is the new episode's, the last one goes to `final`.
  kNextStep,  // In the next step, whose slate is not shown: reward 0.
  kDisabled,  // When ResetSome is called; until then the user waits.
};

struct StepperOptions {
  int num_users = 1;  // B; whole sessions.
  uint32_t first_stream = 0;
  AutoReset mode = AutoReset::kSameStep;
  bool flat = false;                     // Observations are rows [U + N D (+ K R)], otherwise parts.
  bool response_in_observation = false;  // Only of flat ones: parts are put together in Python.
  // An item that is shown twice: true, the later one becomes the lowest position that is not shown; false, an error.
  bool fill_repeats = true;
};

// The memory that one step writes. The caller owns it; columns that are not there are empty.
struct Frame {
  absl::Span<float> user, doc;              // [B, U], [B, N, D]; unless flat
  absl::Span<float> final_user, final_doc;  // The same, of kSameStep: what the step led to.
  absl::Span<float> flat, final_flat;       // [B, U + N D (+ K R)]
  absl::Span<float> response, reward;       // [B, K, R], [B]
  absl::Span<uint8_t> terminated, truncated;
  absl::Span<uint8_t> ended;           // [B]: terminated or truncated
  absl::Span<int32_t> slate;           // [B, K]: what was shown
  absl::Span<double> episode_return;   // [B]: of the episode that ended; otherwise 0
  absl::Span<int64_t> episode_length;  // [B]: the same
};

// Actions [B, K] of either type; one of the two is empty.
struct Actions {
  absl::Span<const int32_t> narrow;
  absl::Span<const int64_t> wide;
};

// Not thread-safe.
class Stepper {
 public:
  //   INVALID_ARGUMENT  num_users below 1 or above kMaxUsers, or it and first_stream are not whole sessions
  static absl::StatusOr<std::unique_ptr<Stepper>> Create(std::shared_ptr<const Simulation> simulation,
                                                         const StepperOptions& options);
  static constexpr int kMaxUsers = 1 << 20;

  const Simulation& simulation() const { return *simulation_; }
  const Scenario& scenario() const { return *scenario_; }
  const std::shared_ptr<const Scenario>& shared_scenario() const { return scenario_; }
  const StepperOptions& options() const { return options_; }
  const EnvironmentSpec& spec() const { return scenario_->spec(); }
  bool started() const { return started_; }
  bool has_active() const { return options_.mode != AutoReset::kSameStep || spec().users_per_session > 1; }
  absl::Span<const StreamPosition> positions() const { return environment_->positions(); }

  // The users of another seed from now on, at episode 0 with the next Reset. Errors are those of ScenarioOf.
  absl::Status Seed(uint64_t seed);
  // Starts every user's next episode. Writes the observation and zeros elsewhere.
  void Reset(const Frame& frame);
  // Starts the next episode of users whose mask [B] is 1; the others' observations are those of `last`.
  //   FAILED_PRECONDITION  no episode has begun yet
  //   INVALID_ARGUMENT     the mask divides a session
  absl::Status ResetSome(absl::Span<const uint8_t> mask, const Frame& last, const Frame& frame);
  // Returns whether an episode ended.
  //   FAILED_PRECONDITION  no episode has begun yet
  //   INVALID_ARGUMENT     a slate has a position outside 0..N-1, or one twice and these are not filled; names user,
  //                        position and bound. Nobody was stepped
  absl::StatusOr<bool> Step(const Actions& actions, const Frame& frame);
  // [B], 1: the user is not stepped next time, because its episode is over (kDisabled) or begins then (kNextStep).
  absl::Span<const uint8_t> waiting() const { return wait_; }

  // The outcome of the last step, which wrote `frame`, for policies that learn from it.
  PolicyFeedback Feedback(const Frame& frame) const;

 private:
  Stepper(std::shared_ptr<const Simulation> simulation, const StepperOptions& options);

  // Copies the actions to `slate`, fills repeats, and replaces those of users who wait.
  void TakeActions(const Actions& actions, absl::Span<int32_t> slate) const;
  StepColumns ColumnsFor(const Frame& frame);
  // Where the parts of the observation that is handed out lie.
  absl::Span<float> User(const Frame& frame);
  absl::Span<float> Doc(const Frame& frame);
  // Joins the parts to rows of `flat`.
  void Join(absl::Span<const float> user, absl::Span<const float> doc, absl::Span<const float> response,
            absl::Span<float> flat) const;
  // Writes the statistics of episodes that ended in this step; returns whether any did. `waited`: some users did.
  bool CountEpisodes(const Frame& frame, bool waited);
  void MarkEnded(const Frame& frame, size_t user);
  // Notes which sessions are over.
  void EndSessions(const Frame& frame);

  const std::shared_ptr<const Simulation> simulation_;
  const StepperOptions options_;
  const size_t users_, user_width_, doc_width_, slate_size_, response_width_, session_;  // B, U, N D, K, K R, M
  std::shared_ptr<const Scenario> scenario_;
  std::unique_ptr<Environment> environment_;
  bool started_ = false;
  bool any_wait_ = false;
  std::vector<uint8_t> wait_;    // [B]: is not stepped next time.
  std::vector<uint8_t> gone_;    // [B]: has left, of sessions.
  std::vector<uint8_t> active_;  // [B]
  // Of flat observations: the parts. Others write to the frame.
  std::vector<float> user_, doc_, final_user_, final_doc_;
  // What kNextStep hands out one step later.
  std::vector<float> next_user_, next_doc_;
  std::vector<double> return_;  // [B]: of the episode so far
  int64_t step_ = 0;            // Steps made since the last Reset.
  std::vector<int64_t> begun_;  // [B]: step_ when the episode began, plus the steps that the user waited
};

}  // namespace recbots
