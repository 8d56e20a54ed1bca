// Scores of candidates, which a policy such as SoftmaxPolicy turns into slates.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/policies/policy.h"

namespace recbots {

// Letters: B users, N candidates, K slate positions. Not thread-safe, as Policy.
class SlateScorer {
 public:
  virtual ~SlateScorer() = default;

  // As the functions of Policy. A scorer that draws makes its draws at the user's position, and so does not depend on
  // the batch.
  virtual bool learns() const { return false; }
  virtual FeedbackNeeds feedback_needs() const { return FeedbackNeeds::None(); }
  // Fills scores, float64 [B, N], with finite numbers; a higher score is better. Called once a step, before Observe.
  virtual void Score(const PolicyInput& input, absl::Span<double> scores) = 0;
  virtual void Observe(const PolicyFeedback& feedback) { static_cast<void>(feedback); }
};

// The same scores for everybody and at every step: for candidates that are a fixed catalogue.
class ItemScorer final : public SlateScorer {
 public:
  // scores [N], finite.
  explicit ItemScorer(std::vector<double> scores) : scores_(std::move(scores)) {}

  void Score(const PolicyInput& input, absl::Span<double> scores) override;

 private:
  const std::vector<double> scores_;
};

// Scores of a policy that has none: the item at position k of its slate has K - k, and all others 0. `base` acts at
// every step and is told what was shown.
class RankScorer final : public SlateScorer {
 public:
  RankScorer(std::unique_ptr<Policy> base, int num_candidates, int slate_size);

  bool learns() const override { return base_->learns(); }
  FeedbackNeeds feedback_needs() const override { return base_->feedback_needs(); }
  void Score(const PolicyInput& input, absl::Span<double> scores) override;
  void Observe(const PolicyFeedback& feedback) override { base_->Observe(feedback); }

 private:
  const std::unique_ptr<Policy> base_;
  const size_t num_candidates_;
  const size_t slate_size_;
  std::vector<int32_t> slates_;   // Scratch [B, K].
  std::vector<float> behaviour_;  // Scratch [B].
};

}  // namespace recbots
