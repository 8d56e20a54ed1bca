// Chooses slates for a batch of users.
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots {

// What a policy sees of B users.
struct PolicyInput {
  absl::Span<const float> observation;         // float32 [B, U]
  absl::Span<const StreamPosition> positions;  // [B]: keys of each user's draws (Environment::positions)
  absl::Span<const float> candidates = {};     // float32 [B, N, D]; empty where D is 0
};

// What it answers.
struct PolicyOutput {
  absl::Span<int32_t> slates;  // int32 [B, K] candidate positions; kNoItem behind the last of a short slate
  // float32 [B]: probability with which this policy shows this (ordered) slate. NaN: not known exactly.
  absl::Span<float> behaviour_probability;
  // float32 [B, K]: probability that this policy shows this item at this position, over all slates; 0 behind the end of
  // a short slate, NaN: not known exactly. May be empty: not wanted.
  absl::Span<float> position_probability = {};
};

// What came of the slates of the last Act. Columns as in StepColumns; row i is the user of row i there. All columns are
// whole, but for the two that a policy may do without (FeedbackNeeds).
struct PolicyFeedback {
  absl::Span<const int32_t> slates;
  absl::Span<const float> response;
  absl::Span<const float> reward;
  absl::Span<const uint8_t> terminated;
  absl::Span<const uint8_t> truncated;
  // What the step led to: the place to bootstrap from unless terminated. Each is whole where the policy needs it, and
  // may be empty otherwise.
  absl::Span<const float> next_observation;
  absl::Span<const float> next_candidates;
  // 0: the user had left before, the row holds no step. May be empty, as in StepColumns: all are active then.
  absl::Span<const uint8_t> active;
};

// Which of the columns that take time to write a policy reads. Players (StepAndObserve in feedback.h) write those and
// no others.
struct FeedbackNeeds {
  bool next_observation = true;
  bool next_candidates = true;

  static constexpr FeedbackNeeds None() { return {false, false}; }
  // What either of two needs.
  friend constexpr FeedbackNeeds operator|(const FeedbackNeeds& a, const FeedbackNeeds& b) {
    return {a.next_observation || b.next_observation, a.next_candidates || b.next_candidates};
  }
  friend constexpr bool operator==(const FeedbackNeeds&, const FeedbackNeeds&) = default;
};

// Not thread-safe (policies keep scratch memory and what they know of each user); use one per thread.
class Policy {
 public:
  virtual ~Policy() = default;

  // Whether it learns from one user for another (or from one episode for the next). Such a policy depends on the order
  // in which users come, so it is played by one user after the other where runs must be repeatable. The others forget a
  // user where its episode ends (positions[i].step == 0) and then behave the same whatever the batch.
  virtual bool learns() const { return false; }

  // Whether it shows one slate for certain, which follows from the user's observation and candidates alone: it draws
  // nothing, remembers nothing, and the step does not matter. Such a policy can be solved. It may be so now and not
  // after a change of its settings. False, unless a policy says so: forgetting to say so costs time and breaks nothing.
  virtual bool stationary() const { return false; }

  // What Observe reads of the feedback; the same for as long as the policy lives. Everything, unless a policy says that
  // it does without: forgetting to say so costs time and breaks nothing. A policy around others needs what any of them
  // needs and what it reads itself.
  virtual FeedbackNeeds feedback_needs() const { return {}; }

  virtual void Act(const PolicyInput& input, const PolicyOutput& output) = 0;

  // Called after each step with what came of it, before the next Act, with the same number of users. Not called where
  // somebody only wants slates (as when a policy is solved exactly).
  virtual void Observe(const PolicyFeedback& feedback) { static_cast<void>(feedback); }
};

}  // namespace recbots
