// Chooses slates for a batch of users.
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "common/base/random.h"

namespace recbots {

// What a policy sees of B users.
struct PolicyInput {
  absl::Span<const float> observation;         // float32 [B, U]
  absl::Span<const StreamPosition> positions;  // [B]: keys for the draws of each user (Environment::positions)
  absl::Span<const float> candidates = {};     // float32 [B, N, D]; empty where D is 0
};

// What a policy answers.
struct PolicyOutput {
  absl::Span<int32_t> slates;  // int32 [B, K] candidate positions; kNoItem behind the last of a short slate
  // float32 [B]: the probability with which this policy shows this ordered slate. NaN if it is not known exactly.
  absl::Span<float> behaviour_probability;
  // float32 [B, K]: the probability that this policy shows this item at this position, over all slates; 0 behind the
  // end of a short slate, NaN if it is not known exactly. An empty span means that the caller does not want it.
  absl::Span<float> position_probability = {};
  // float32 [B, K]: the probability that this policy shows the items from the first position to this one, in this
  // order; 0 behind the end of a short slate. A caller that wants it fills the span with NaN before Act, because only
  // policies that know more than CompletePrefix (given_slates.h) can tell write to it. An empty span: not wanted.
  absl::Span<float> prefix_probability = {};
};

// Slates that somebody else chose for B users, and what a policy says of them. Probabilities are of this slate in this
// order, of each item at its position over all slates, and of the items from the first position to each one; 0 behind
// the end of a short slate, NaN where they are not known exactly. Empty spans are not wanted.
struct GivenSlates {
  absl::Span<const int32_t> slates;  // int32 [B, K]
  absl::Span<double> slate;          // float64 [B]
  absl::Span<double> position = {};  // float64 [B, K]
  absl::Span<double> prefix = {};    // float64 [B, K]
};

// The outcome of the slates of the last Act. The columns are those of StepColumns; row i is the user of row i in Act.
// All columns are complete, except the two that a policy may not need (FeedbackNeeds).
struct PolicyFeedback {
  absl::Span<const int32_t> slates;
  absl::Span<const float> response;
  absl::Span<const float> reward;
  absl::Span<const uint8_t> terminated;
  absl::Span<const uint8_t> truncated;
  // What the step led to; learners bootstrap from it unless `terminated`. Each of the two is complete if the policy
  // needs it; otherwise it may be empty.
  absl::Span<const float> next_observation;
  absl::Span<const float> next_candidates;
  // 0 means that the user left before this step, and the row holds no step. May be empty, as in StepColumns, if all
  // users are active.
  absl::Span<const uint8_t> active;
};

// Tells which of the columns that are costly to write a policy reads. Players (StepAndObserve in feedback.h) write only
// these.
struct FeedbackNeeds {
  bool next_observation = true;
  bool next_candidates = true;

  static constexpr FeedbackNeeds None() { return {false, false}; }
  // Needs a column if `a` or `b` needs it.
  friend constexpr FeedbackNeeds operator|(const FeedbackNeeds& a, const FeedbackNeeds& b) {
    return {a.next_observation || b.next_observation, a.next_candidates || b.next_candidates};
  }
  friend constexpr bool operator==(const FeedbackNeeds&, const FeedbackNeeds&) = default;
};

// Not thread-safe, because policies keep scratch memory and their knowledge of each user; use one per thread.
class Policy {
 public:
  virtual ~Policy() = default;

  // Whether the policy learns from one user for another, or from one episode for the next. Such a policy depends on the
  // order of the users, so where runs must be repeatable it plays one user after the other. Any other policy forgets a
  // user when its next episode begins (positions[i].step == 0), and its behaviour does not depend on the batch.
  virtual bool learns() const { return false; }

  // Whether the slate follows from the user's observation and candidates alone: the policy draws nothing, remembers
  // nothing, and does not look at the step. The exact value of such a policy can be computed. A change of its settings
  // may change the answer. The default is false: a policy that forgets to declare itself costs time but breaks nothing.
  virtual bool stationary() const { return false; }

  // The columns that Observe reads; constant as long as the policy lives. The default is all columns: a policy that
  // forgets to declare less costs time but breaks nothing. A policy around others needs what any of them needs, and
  // what it reads itself.
  virtual FeedbackNeeds feedback_needs() const { return {}; }

  virtual void Act(const PolicyInput& input, const PolicyOutput& output) = 0;

  // Fills in the probabilities with which this policy shows `given.slates` instead of acting: in a replay of what
  // another policy showed, Probability takes the place of Act, once for each step, and Observe is told of the slates
  // given. The default acts and compares: it answers 0 or 1 for users whose slate is certain, and NaN for all others,
  // whatever was drawn, because an answer for some draws only would bias every mean. It allocates.
  virtual void Probability(const PolicyInput& input, const GivenSlates& given);

  // Called with the outcome after each step, before the next Act, with the same number of users. Not called by users of
  // a policy that only need its slates (the exact solution of a policy, for example).
  virtual void Observe(const PolicyFeedback& feedback) { static_cast<void>(feedback); }
};

}  // namespace recbots
