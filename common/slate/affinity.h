// Weights of items from affinities (user features . item features) under a choice model. An agent that knows, or
// assumes, how users click computes them for all candidates at once.
#pragma once

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/slate/choice_model.h"
#include "common/slate/item_weights.h"

namespace recbots {

// Immutable, thread-safe.
class AffinityWeights {
 public:
  // D = num_features. INVALID_ARGUMENT: the model allows several clicks (ClickRuleOf).
  static absl::StatusOr<AffinityWeights> Create(ChoiceModel model, int num_features);

  ClickRule click_rule() const { return click_rule_; }
  const ChoiceModel& model() const { return model_; }
  int num_features() const { return static_cast<int>(num_features_); }  // D

  // Computes the weights, float32 [N], of `items`, float32 [N, D], for a user whose first D features are `user`.
  // Returns the weight of no click (item_weights.h). An agent's assumption may be wrong: an item whose score the model
  // refuses gets the weight 0, or 1 if its probability of a click would exceed 1.
  double Weigh(const float* user, const float* items, absl::Span<float> weights) const;

  // Log-probability, in nats, of a click on position `clicked` (-1: of no click) of a slate of `size` items, float32
  // [size, D]; -infinity if the model excludes it.
  double LogLikelihood(const float* user, const float* items, size_t size, int clicked) const;

 private:
  AffinityWeights(ChoiceModel model, ClickRule click_rule, int num_features)
      : model_(std::move(model)), click_rule_(click_rule), num_features_(static_cast<size_t>(num_features)) {}

  // Weigh for the case that some scores are refused: the other items get the weights of a slate without the refused
  // ones.
  double WeighAccepted(const float* user, const float* items, absl::Span<float> weights) const;

  ChoiceModel model_;
  ClickRule click_rule_;
  size_t num_features_;
};

}  // namespace recbots
