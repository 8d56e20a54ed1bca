// Decides only once in several steps and shows the same slate in between (advantage amplification, Mladenov et al.
// 2019, arXiv:1905.13559, sections 3 and 4: aggregation and switching cost).
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
  double switching_cost = 1;   // Subtracted from the reward of a decision that changes the slate, >= 0.
  // Documents are the same if all features agree: |a - b| <= absolute + relative |b|.
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

// `base` runs at a slower clock. It decides at the first step of an episode and every aggregation_period steps after
// that, and earlier if the slate cannot be held. A slate is held by finding documents with the same features among the
// new candidates (at the old position, otherwise at the first position that is not taken yet); if a document is gone,
// `base` decides again. Candidates of a fixed catalogue, or without features, are the same if their positions are.
//
// When the last step of a decision is over, `base` is told:
//   reward    sum of gamma^i r_i over the n steps in which the slate was shown, less switching_cost if the slate
//             differs (in its documents, their order or their number) from the previous slate of the episode
//   discount  of what follows: gamma^n, which is BaseDiscount() if the decision lasted its whole period
//   slates    its own decision, as positions of the candidates it decided on; response is that of the last step
// Rows whose decision continues are marked as not active. Positions count decisions instead of steps. With
// switching_cost > 0 `base` also sees the previous slate: InnerSpec.
//
// Act of `base` is called on all rows whenever some user needs a decision. The rows of other users have the input of
// their last decision again, and the answer of `base` to these rows is dropped. Therefore `base` must learn only in
// Observe, and must either answer equal input with an equal slate or learn from feedback.slates instead of its own
// memory (as every policy here does).
//
// While a slate is held its probability is 1. The state of a user restarts with the episode. Allocates only when the
// number of users grows.
class TemporalAggregation final : public Policy {
 public:
  // `spec` describes the environment. INVALID_ARGUMENT: see Validate.
  static absl::StatusOr<std::unique_ptr<TemporalAggregation>> Create(const TemporalAggregationOptions& options,
                                                                     const EnvironmentSpec& spec,
                                                                     std::unique_ptr<Policy> base);

  // INVALID_ARGUMENT: an option is out of bounds; the message has name, value and bound.
  static absl::Status Validate(const TemporalAggregationOptions& options);

  // The environment as `base` sees it, for options that have passed Validate. With switching_cost > 0 the user features
  // are followed by the features of the previous slate, float32 [K, D] with zeros behind its end; if D is 0, by its
  // positions, float32 [K] with -1 behind its end. At the start of an episode the first K candidates stand for the
  // previous slate. The bounds of the reward are those of a whole period.
  static EnvironmentSpec InnerSpec(const TemporalAggregationOptions& options, const EnvironmentSpec& spec);
  // gamma^aggregation_period.
  static double BaseDiscount(const TemporalAggregationOptions& options);

  bool learns() const override { return base_->learns(); }
  // If a decision may last several steps, the candidates decide whether its slate can be held.
  FeedbackNeeds feedback_needs() const override {
    const bool looks = options_.aggregation_period > 1 && shown_.finds_by_features();
    return FeedbackNeeds{false, looks} | base_->feedback_needs();
  }
  void Act(const PolicyInput& input, const PolicyOutput& output) override;
  void Observe(const PolicyFeedback& feedback) override;

 private:
  struct User {
    bool begun = false;
    bool decides = false;   // At the next Act
    bool switched = false;  // The current decision differs from the previous one.
    uint32_t decisions = 0;
    int steps = 0;        // Steps of the current decision
    double discount = 1;  // gamma^steps
    double reward = 0;
  };

  TemporalAggregation(const TemporalAggregationOptions& options, const EnvironmentSpec& spec,
                      std::unique_ptr<Policy> base);

  void Reserve(size_t num_users);
  // Fills the user's rows of base's input.
  void Ask(size_t user, const PolicyInput& input);
  // Makes the answer of base_ the user's decision.
  void Decide(size_t user, const PolicyInput& input);
  // Adds one step; returns whether it was the last step of the decision.
  bool Accumulate(size_t user, const PolicyFeedback& feedback);
  // Fills the user's rows of base's feedback, except what the step led to.
  void Tell(size_t user, const PolicyFeedback& feedback);
  // Fills the user's row of the observation that the step led to.
  void TellNext(size_t user, const PolicyFeedback& feedback);

  const TemporalAggregationOptions options_;
  const size_t num_user_features_, candidates_width_, slate_size_, num_fields_;
  const size_t inner_width_;  // Of base's observation.
  const std::unique_ptr<Policy> base_;
  std::vector<User> users_;
  SlateMemory shown_;  // What is shown to each user.

  // Columns of base_: its input, its answer and its feedback.
  std::vector<float> observation_, candidates_;
  std::vector<StreamPosition> positions_;
  std::vector<int32_t> decisions_;
  std::vector<float> behaviour_, position_probability_;
  std::vector<float> next_observation_, response_, reward_;
  std::vector<uint8_t> terminated_, truncated_, active_;
};

}  // namespace recbots
