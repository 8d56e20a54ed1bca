// What an update of SlateQ computes on the device: the slates that follow, what they are worth, and all gradients.
#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "common/algorithms/slate_q/slate_q_program.h"

namespace recbots {

void SlateQProgram::ComputeAllGradients(bool fits_clicks) {
  LearnValues(MakeSide(inputs_.next_observation(), inputs_.next_candidates(), places_.draws_next));
  if (proposer_ != nullptr) LearnProposals(MakeSide(inputs_.observation(), inputs_.candidates(), places_.draws_now));
  if (clicks_ != nullptr) LearnClicks(fits_clicks);
}

SlateQProgram::Side SlateQProgram::MakeSide(const at::Tensor& observation, const at::Tensor& candidates, size_t draws) {
  const int64_t rows = inputs_.rows(), features = options_.shape.num_item_features;
  Side side = {observation, {}, candidates, {}, {}};
  if (draws != kUnused) {
    side.picked = proposer_->Pick(observation, candidates, inputs_.more(draws));
    side.items = candidates.gather(1, side.picked.unsqueeze(2).expand({-1, -1, features}));
  }
  const at::Tensor flat_items = side.items.reshape({rows * considered_, features});
  side.actions = flat_items;
  if (options_.shape.q.action.with_none) {
    side.actions = at::constant_pad_nd(side.items, {0, 1, 0, 1});  // [B, C + 1, F + 1]
    side.actions.select(1, considered_).select(1, features).fill_(1);
    side.actions = side.actions.view({rows * (considered_ + 1), features + 1});
  }
  side.weights = clicks_ != nullptr ? WeighScores(clicks_->Scores(observation, flat_items))
                                    : WeighAffinities(*options_.shape.affinity, observation, side.items);
  return side;
}

// `values` [B, C], or with that of no click behind them.
SlateProblems SlateQProgram::ProblemsOf(const Side& side, const at::Tensor& values) const {
  const at::Tensor none =
      options_.shape.q.action.with_none ? values.narrow(1, considered_, 1) : at::zeros_like(values.narrow(1, 0, 1));
  return {side.weights.items, side.weights.none, values.narrow(1, 0, considered_), none};
}

SlateQProgram::NextSlates SlateQProgram::ChooseNext(const Side& next, const SlateProblems& problems) const {
  const int64_t slate_size = options_.shape.slate_size;
  NextSlates chosen = {ComposeSlates(options_.shape.click_rule(), SlateRuleOf(options_), problems, slate_size), {}};
  if (options_.target != TargetRule::kSarsa) return chosen;
  // The slate that was shown, where there was one, and all of it is considered.
  at::Tensor places = inputs_.more(places_.next_slate);
  const at::Tensor& shown = inputs_.more(places_.next_shown);
  at::Tensor placed = shown.narrow(1, 0, 1);  // Slates have no gaps.
  if (next.picked.defined()) {
    const at::Tensor is_item = places.unsqueeze(2).eq(next.picked.unsqueeze(1));  // [B, K, C]
    placed = placed.logical_and(is_item.any(2).logical_or(shown.logical_not()).all(1, /*keepdim=*/true));
    places = is_item.to(at::kByte).argmax(2);
  }
  return {at::where(placed, places, chosen.slates), shown.logical_or(placed.logical_not())};
}

void SlateQProgram::LearnValues(const Side& next) {
  const bool sarsa = options_.target == TargetRule::kSarsa;
  const ClickRule rule = options_.shape.click_rule();
  const at::Tensor values = q_.Values(QSide::kTarget, next.observation, next.actions);
  const bool by_online = options_.q.double_q && !sarsa;
  const at::Tensor choosing = by_online ? q_.Values(QSide::kOnline, next.observation, next.actions) : values;
  const NextSlates chosen = ChooseNext(next, ProblemsOf(next, choosing));
  const SlateProblems problems = ProblemsOf(next, values);
  // What follows an end may be anything.
  const at::Tensor ended = inputs_.discount().eq(0);
  const at::Tensor worth = SlateValues(rule, problems, chosen.slates, chosen.shown).mul_(inputs_.discount());
  targets_.copy_(worth.masked_fill_(ended, 0).add_(inputs_.reward()));

  const at::Tensor& known = inputs_.more(places_.chosen_known);
  at::Tensor actions = inputs_.items().index_select(0, inputs_.more(places_.chosen)).mul(known);
  if (options_.shape.q.action.with_none) actions = at::cat({actions, known.neg().add_(1)}, 1);
  QLearner::TensorBatch batch = {
      .observation = inputs_.observation(), .actions = actions, .targets = targets_, .weights = inputs_.weights()};
  if (q_.wants_atoms()) AddAtoms(problems, chosen, batch);
  q_.ComputeGradients(batch);
}

// The distribution that a target is the mean of: a mixture of those of the items, and of none, by how likely each is
// clicked.
void SlateQProgram::AddAtoms(const SlateProblems& problems, const NextSlates& chosen,
                             QLearner::TensorBatch& batch) const {
  const at::Tensor all = q_.TargetAtoms();  // [B, C (+ 1), N]
  const int64_t rows = all.size(0), n = all.size(2);
  const at::Tensor of_items = all.gather(1, chosen.slates.unsqueeze(2).expand({-1, -1, n}));
  const at::Tensor of_none =
      options_.shape.q.action.with_none ? all.narrow(1, considered_, 1) : at::zeros_like(of_items.narrow(1, 0, 1));
  const at::Tensor ended = inputs_.discount().eq(0).view({rows, 1});
  const at::Tensor clicked =
      ClickProbabilities(options_.shape.click_rule(), problems, chosen.slates, chosen.shown).masked_fill_(ended, 0);
  const at::Tensor none = clicked.sum(1, /*keepdim=*/true).neg_().add_(1).clamp_min_(0);
  const at::Tensor shares = at::cat({clicked, none}, 1).div_(static_cast<double>(n)).to(all.dtype().toScalarType());
  const at::Tensor atoms = at::cat({of_items, of_none}, 1).mul_(inputs_.discount().view({rows, 1, 1}));
  batch.atoms = atoms.masked_fill_(ended.unsqueeze(2), 0).add_(inputs_.reward().view({rows, 1, 1})).view({rows, -1});
  batch.shares = shares.unsqueeze(2).expand({-1, -1, n}).reshape({rows, -1});
}

void SlateQProgram::LearnProposals(const Side& now) {
  const at::Tensor values = q_.Values(QSide::kOnline, now.observation, now.actions);
  const at::Tensor best = ComposeSlates(options_.shape.click_rule(), options_.shape.serving, ProblemsOf(now, values),
                                        options_.shape.slate_size);
  const at::Tensor items = now.items.gather(1, best.unsqueeze(2).expand({-1, -1, now.items.size(2)}));
  proposer_->ComputeGradients(now.observation, items.mean(at::IntArrayRef{1}));
}

void SlateQProgram::LearnClicks(bool fits) {
  const at::Tensor& known = inputs_.more(places_.shown_known);
  const at::Tensor items = inputs_.items().index_select(0, inputs_.more(places_.shown));
  clicks_->ComputeGradients({.observation = inputs_.observation(),
                             .items = items.mul(known.view({known.numel(), 1})),
                             .shown = known,
                             .clicked = inputs_.more(places_.clicked),
                             .shares = inputs_.more(places_.fit_shares)},
                            /*score_only=*/!fits);
}

}  // namespace recbots
