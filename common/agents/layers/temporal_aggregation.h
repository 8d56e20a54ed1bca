// Decides once in a while and shows the same slate in between (advantage amplification, Mladenov et al. 2019,
// arXiv:1905.13559, sections 3 and 4: aggregation and switching cost).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "common/agents/layers/slate_memory.h"
#include "common/policies/policy.h"
#include "common/rl/spec.h"

namespace recbots {

struct TemporalAggregationOptions {
  static constexpr int kMaxPeriod = 1000000;

  int aggregation_period = 1;  // Steps from one decision to the next, 1..kMaxPeriod.
  double gamma = 1;            // Discount of one step, 0..1.
  double switching_cost = 1;   // Taken off the reward of a decision that changes the slate, >= 0.
  // Documents are the same where all features are: |a - b| <= absolute + relative |b|.
  double absolute_tolerance = 1e-4;
  double relative_tolerance = 1e-5;

  template <typename F>
  void ForEachField(F&& f) {
    f("aggregation_period", aggregation_period);
    f("gamma", gamma);
    f("switching_cost", switching_cost);
    f("absolute_tolerance", absolute_tolerance);
    f("relative_tolerance", relative_tolerance);
  }
};

// `base` lives at a slower clock. It decides at the first step of an episode and every aggregation_period steps after,
// and earlier where the slate cannot be held: it is held by finding documents of the same features among the new
// candidates (the position where it was, else the first that is not yet taken), and base decides again where one is
// gone. Candidates of a fixed catalogue, or without features, are the same where their positions are.
//
// What base is told of a decision, once its last step is over:
//   reward    sum of gamma^i r_i over the n steps it was shown, less switching_cost where its slate differs (in its
//             documents, their order or their number) from the one before. An episode's first decision switches nothing
//   discount  of what follows: gamma^n, which is BaseDiscount() where the decision lasted its whole period
//   slates    its own decision, as positions of the candidates it decided on; response is that of the last step
// Rows whose decision goes on are marked as not active. Positions count decisions instead of steps.
// With switching_cost > 0 base also sees the slate shown before: InnerSpec.
//
// Base's Act is called on all rows whenever some user needs a decision. The others are shown the input of their last
// decision again, and what base says to that is dropped: base must learn in Observe alone, and either answer the same
// input with the same slate or learn from feedback.slates instead of its own memory (as every policy here does).
//
// While a slate is held its probability is 1. Per-user state restarts with the episode. Allocates where the number of
// users grows only.
class TemporalAggregation final : public Policy {
 public:
  // `spec` is the environment's. INVALID_ARGUMENT: see Validate.
  static absl::StatusOr<std::unique_ptr<TemporalAggregation>> Create(const TemporalAggregationOptions& options,
                                                                     const EnvironmentSpec& spec,
                                                                     std::unique_ptr<Policy> base);

  // INVALID_ARGUMENT: an option out of bounds, with name, value and bound.
  static absl::Status Validate(const TemporalAggregationOptions& options);

  // The environment as `base` sees it, for options that have passed Validate. With switching_cost > 0 the user features
  // are followed by those of the slate shown before, float32 [K, D] with zeros behind its end, or its positions,
  // float32 [K] with -1 behind its end, where D is 0; at the start of an episode by those of the first K candidates.
  // Bounds of the reward are those of a whole period.
  static EnvironmentSpec InnerSpec(const TemporalAggregationOptions& options, const EnvironmentSpec& spec);
  // gamma^aggregation_period.
  static double BaseDiscount(const TemporalAggregationOptions& options);

  bool learns() const override { return base_->learns(); }
  // Where a decision may outlast a step, candidates say whether its slate can be held.
  FeedbackNeeds feedback_needs() const override {
    const bool looks = options_.aggregation_period > 1 && shown_.finds_by_features();
    return FeedbackNeeds{false, looks} | base_->feedback_needs();
  }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;
  void Observe(const PolicyFeedback& feedback) override;

 private:
  struct User {
    bool begun = false;
    bool decides = false;   // At the next Act.
    bool switched = false;  // The current decision differs from the one before.
    uint32_t decisions = 0;
    int steps = 0;        // Of the current decision.
    double discount = 1;  // gamma^steps
    double reward = 0;
  };

  TemporalAggregation(const TemporalAggregationOptions& options, const EnvironmentSpec& spec,
                      std::unique_ptr<Policy> base);

  void Reserve(size_t num_users);
  // Fills the user's rows of base's input.
  void Ask(size_t user, const PolicyInput& input);
  // Takes base's answer as the user's decision.
  void Decide(size_t user, const PolicyInput& input);
  // Takes in one step; returns whether it was the last of the decision.
  bool Accumulate(size_t user, const PolicyFeedback& feedback);
  // Fills the user's rows of base's feedback, but for what the step led to.
  void Tell(size_t user, const PolicyFeedback& feedback);
  // Fills the user's row of the observation that the step led to.
  void TellNext(size_t user, const PolicyFeedback& feedback);

  const TemporalAggregationOptions options_;
  const size_t num_user_features_, candidates_width_, slate_size_, num_fields_;
  const size_t inner_width_;  // Of base's observation.
  const std::unique_ptr<Policy> base_;
  std::vector<User> users_;
  SlateMemory shown_;  // What is shown to each user.

  // Base's columns: what it decided on, what it answered and what it is told.
  std::vector<float> observation_, candidates_;
  std::vector<StreamPosition> positions_;
  std::vector<int32_t> decisions_;
  std::vector<float> behaviour_, position_probability_;
  std::vector<float> next_observation_, response_, reward_;
  std::vector<uint8_t> terminated_, truncated_, active_;
};

}  // namespace recbots
