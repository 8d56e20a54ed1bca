// What a choice model makes of each candidate by itself, before there is a slate: an item-wise weight of which the
// click probabilities on any slate follow. That slates can be composed from them at all is why single-click models are
// the ones to optimise for (Ie et al. 2019, arXiv:1905.12767, section 5).
//
// Letters: N candidates, D features of a candidate.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/slate/choice_model.h"

namespace recbots {

// How item weights become P(i | slate).
enum class ClickRule {
  // P(i | A) = w_i / (w_none + sum over A of w): logit and proportional. The order of a slate does not matter. A slate
  // whose weights are all zero, and that of none too, gives "none" for certain.
  kShared,
  // The user looks at one item after the other and clicks the one looked at with probability w_i, 0..1, which ends it:
  // P(i | A) = w_i prod over the items before it of (1 - w), none: prod over A of (1 - w). Both cascades.
  kCascade,
};

// The rule of a single-click model. Only `kind` is looked at.
//   INVALID_ARGUMENT  position-based, dependent click: of several clicks no one item is "the" click
absl::StatusOr<ClickRule> ClickRuleOf(const ChoiceModelOptions& options);

// weights [N] of candidates with these scores [N], and that of no click, so that
// P(i | slate) of ClickRuleOf(model.options()) is that of model.Probabilities for every slate of them:
//   logit                 softmax over (s_1 .. s_N, no_click_mass): what matters is their ratio
//   proportional          s_i - min_normalizer; none: no_click_mass - min_normalizer
//   cascades              attention_prob x e_i; none: 1, which is not used
// Which are RecSim's SlateQ scores. Costs O(N), allocates nothing; what is in between is double. `weights` may be the
// same memory as `scores`.
//   INVALID_ARGUMENT  as ChoiceModel::Weigh of the N candidates; what has been written until then counts for nothing
// The model has a single click.
absl::Status ItemWeights(const ChoiceModel& model, absl::Span<const float> scores, absl::Span<float> weights,
                         double& no_click_weight);
absl::Status ItemWeights(const ChoiceModel& model, absl::Span<const double> scores, absl::Span<float> weights,
                         double& no_click_weight);
absl::Status ItemWeights(const ChoiceModel& model, absl::Span<const double> scores, absl::Span<double> weights,
                         double& no_click_weight);

// The score that RecSim's users and agents begin with: scores[i] = user . features of candidate i, summed up in double
// precision. `user` has D numbers (of a longer user row its first D: user.first(D)); features [N, D], scores [N].
template <typename Number, typename Feature>
void LinearScores(absl::Span<const Number> user, absl::Span<const Feature> features, absl::Span<double> scores) {
  const Feature* row = features.data();
  for (double& score : scores) {
    double sum = 0;
    for (const Number number : user) sum += static_cast<double>(number) * static_cast<double>(*row++);
    score = sum;
  }
}

}  // namespace recbots
