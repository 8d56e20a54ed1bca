// The weight that a choice model gives each candidate by itself, before there is a slate. The click probabilities on
// any slate follow from the weights of its items, so slates can be composed from them; this is possible for
// single-click models only, and the reason to optimise for those (Ie et al. 2019, arXiv:1905.12767, section 5).
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
  // P(i | A) = w_i / (w_none + sum over A of w): logit and proportional. The order of a slate does not matter. If
  // w_none and all weights of the slate are zero, "none" is certain.
  kShared,
  // The user looks at one item after the other and clicks item i with probability w_i, 0..1; the first click ends it.
  // P(i | A) = w_i prod over the items before i of (1 - w); P(none | A) = prod over A of (1 - w). Both cascades.
  kCascade,
};

// The rule of a single-click model. It depends on `kind` alone.
//   INVALID_ARGUMENT  position-based or dependent click: with several clicks no single item is "the" click
absl::StatusOr<ClickRule> ClickRuleOf(const ChoiceModelOptions& options);

// Computes the weights [N] of candidates with these scores [N], and the weight of no click, such that for every slate
// of the candidates P(i | slate) under ClickRuleOf(model.options()) equals model.Probabilities:
//   logit                 softmax over (s_1 .. s_N, no_click_mass): what matters is their ratio
//   proportional          s_i - min_normalizer; none: no_click_mass - min_normalizer
//   cascades              attention_prob x e_i; none: 1, which is not used
// These are RecSim's SlateQ scores. Costs O(N), allocates nothing; intermediate results are double. `weights` may be
// the same memory as `scores`.
//   INVALID_ARGUMENT  as in ChoiceModel::Weigh for the N candidates; `weights` is then undefined
// The model must have a single click.
absl::Status ItemWeights(const ChoiceModel& model, absl::Span<const float> scores, absl::Span<float> weights,
                         double& no_click_weight);
absl::Status ItemWeights(const ChoiceModel& model, absl::Span<const double> scores, absl::Span<float> weights,
                         double& no_click_weight);
absl::Status ItemWeights(const ChoiceModel& model, absl::Span<const double> scores, absl::Span<double> weights,
                         double& no_click_weight);

// The score that RecSim's users and agents start from: scores[i] = user . features of candidate i, summed up in double
// precision. `user` has D numbers (pass user.first(D) for a longer row of user features); features [N, D], scores [N].
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
