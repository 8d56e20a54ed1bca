// Weights of items from affinities (user features . item features) under a choice model: what an agent that knows, or
// assumes, how users click computes for all candidates at once.
#pragma once

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/slate/choice_model.h"
#include "common/slate/item_weights.h"

namespace recbots {

// Immutable, thread-safe.
class AffinityWeights {
 public:
  // D = num_features. INVALID_ARGUMENT: a model with several clicks (ClickRuleOf).
  static absl::StatusOr<AffinityWeights> Create(ChoiceModel model, int num_features);

  ClickRule click_rule() const { return click_rule_; }

  // weights float32 [N] of `items` float32 [N, D] for a user whose first D features are `user`; returns the weight of
  // no click (item_weights.h). An agent's assumption may be wrong: an item whose score the model refuses weighs 0, or 1
  // where the model would have it clicked for more than certain.
  double Weigh(const float* user, const float* items, absl::Span<float> weights) const;

  // Log-probability of a click on position `clicked` (-1: of none) of a slate of `size` items float32 [size, D], in
  // nats; -infinity where the model excludes it.
  double LogLikelihood(const float* user, const float* items, size_t size, int clicked) const;

 private:
  AffinityWeights(ChoiceModel model, ClickRule click_rule, int num_features)
      : model_(std::move(model)), click_rule_(click_rule), num_features_(static_cast<size_t>(num_features)) {}

  // Weigh where some scores are refused: the others are weighed as if those were not there.
  double WeighAccepted(const float* user, const float* items, absl::Span<float> weights) const;

  ChoiceModel model_;
  ClickRule click_rule_;
  size_t num_features_;
};

}  // namespace recbots
