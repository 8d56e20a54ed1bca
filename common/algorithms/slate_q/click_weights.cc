#include "common/algorithms/slate_q/click_weights.h"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/nan_to_num.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/softmax.h>

#include "common/algorithms/slate_q/shape.h"
#include "common/slate/choice_model.h"

namespace recbots {
namespace {

// Scores [B, C] in double: exponentials of large ones differ less than their share of float32.
ClickWeights WeighUnder(const ChoiceModelOptions& options, const at::Tensor& scores) {
  const at::Tensor ones = at::ones({scores.size(0), 1}, scores.options());
  const int64_t num_items = scores.size(1);
  if (options.kind == ChoiceKind::kMultinomialLogit) {
    const at::Tensor all = at::softmax(at::constant_pad_nd(scores, {0, 1}, options.no_click_mass), 1);
    return {all.narrow(1, 0, num_items), all.narrow(1, num_items, 1)};
  }
  const at::Tensor normalized = scores.sub(options.min_normalizer);
  if (options.kind == ChoiceKind::kMultinomialProportional) {
    return {at::nan_to_num(normalized, 0, 0, 0).clamp_min_(0),
            ones.mul(options.no_click_mass - options.min_normalizer)};
  }
  const at::Tensor clicks =
      (options.kind == ChoiceKind::kExponentialCascade ? scores.exp() : normalized).mul(options.score_scaling);
  // What would be clicked with more than certainty is clicked; what the model refuses is not.
  const at::Tensor refused = clicks.ge(0).logical_not_();
  return {clicks.mul(options.attention_prob).masked_fill_(clicks.gt(1), 1).masked_fill_(refused, 0), ones};
}

}  // namespace

ClickWeights WeighAffinities(const AffinityWeights& affinity, const at::Tensor& users, const at::Tensor& items) {
  const at::Tensor looked_at = users.narrow(1, 0, affinity.num_features()).unsqueeze(1);
  return WeighUnder(affinity.model().options(), items.mul(looked_at).sum(2).to(at::kDouble));
}

ClickWeights WeighScores(const at::Tensor& scores) {
  return {scores.clamp(-kMaxClickScore, kMaxClickScore).exp_(), at::ones({scores.size(0), 1}, scores.options())};
}

}  // namespace recbots
