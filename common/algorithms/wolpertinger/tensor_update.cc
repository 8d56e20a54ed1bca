// The arithmetic of an update: targets, losses and their gradients.
#include "common/algorithms/wolpertinger/tensor_update.h"

#include <ATen/ops/abs.h>
#include <ATen/ops/add.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/embedding_dense_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/max.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/sub.h>

#include <algorithm>
#include <vector>

#include "common/networks/products.h"

namespace recbots {

TensorUpdate::TensorUpdate(const WolpertingerOptions& options, const WolpertingerNetworks& online,
                           const WolpertingerNetworks& target, const WolpertingerNetworks& gradients,
                           TensorProgram& program)
    : options_(options), online_(online), target_(target), gradients_(gradients), program_(program) {}

TensorUpdate::Candidates::Candidates(const WolpertingerOptions& options, int64_t rows, int64_t num_drawn,
                                     const at::TensorOptions& networks)
    : items(at::empty({rows, options.shape.k + num_drawn}, networks.dtype(at::kLong))),
      nearest(items.narrow(1, 0, options.shape.k)),
      drawn(items.narrow(1, options.shape.k, num_drawn)),
      unit(at::empty({0}, networks)),
      search(networks),
      critic(networks),
      best(at::empty({0}, networks.dtype(at::kLong))),
      best_value(at::empty({0}, networks)),
      best_unit(at::empty({0}, networks)) {
  if (options.shape.k == options.shape.num_items) {
    items.copy_(at::arange(options.shape.num_items, items.options()).expand_as(items));
  }
}

TensorUpdate::Scratch::Scratch(const WolpertingerOptions& options, const WolpertingerInputs& inputs,
                               const at::TensorOptions& networks)
    : ones(at::ones({inputs.rows()}, networks)),
      d_climb(at::full({inputs.rows(), 1}, -1.0 / static_cast<double>(inputs.rows()), networks)),
      d_square(at::scalar_tensor(2.0 / static_cast<double>(inputs.rows()), networks.device(at::kCPU))),
      actor(networks),
      target_actor(networks),
      noisy(networks),
      embeddings(networks),
      target_embeddings(networks),
      critic{MlpActivations(networks), MlpActivations(networks)},
      climb(networks),
      target_critic2(networks),
      candidates(options, inputs.rows(), inputs.drawn(Draw::kCandidates).size(1), networks),
      target_candidates(options, inputs.rows(), inputs.drawn(Draw::kTargetCandidates).size(1), networks) {
  for (at::Tensor* tensor : {&target_values, &state[0], &state[1], &target_state, &td_error[0], &td_error[1], &d_value,
                             &abs_error, &abs_error2, &action, &d_action, &d_proto_action, &distance, &noisy_point}) {
    *tensor = at::empty({0}, networks);
  }
}

void TensorUpdate::Load(const TransitionBatch& batch, const WolpertingerInputs::Update& update) {
  const int64_t rows = batch.reward.size(0);
  if (inputs_.rows() != rows) {
    earlier_actor_loss_ = losses().actor;
    program_.Forget();
    const at::TensorOptions networks = online_.embeddings.options();
    inputs_ = WolpertingerInputs(options_, rows, networks);
    scratch_ = Scratch(options_, inputs_, networks);
    // What ScaleRowsBackward makes of the embeddings goes to where it belongs.
    scratch_.embeddings.d_x = gradients_.embeddings;
  }
  inputs_.Load(batch, update);
  scratch_.actor_was_due = scratch_.actor_was_due || update.actor_is_due;
}

void TensorUpdate::Compute(bool actor_is_due, bool errors) {
  ComputeTargets();
  ComputeCritics();
  if (errors) ComputeErrors();
  if (actor_is_due) ComputeActor();
}

void TensorUpdate::ScoreCandidates(const CandidateInput& in, Candidates& candidates) const {
  if (searches()) {
    FindNearest(options_.shape, in.networks.embeddings, in.unit, *in.proto_action, candidates.search,
                candidates.nearest);
    if (candidates.drawn.size(1) > 0) candidates.drawn.copy_(inputs_.drawn(in.draw));
  }
  at::index_select_out(candidates.unit, in.unit, 0, candidates.items.view({-1}));
  RunCriticOnCandidates(in.networks.critics[0], in.state, candidates.unit, candidates.critic);
  at::max_out(candidates.best_value, candidates.best, candidates.critic.output.view(candidates.items.sizes()), 1,
              /*keepdim=*/true);
}

void TensorUpdate::PickBest(const at::Tensor& unit, Candidates& candidates) const {
  const at::Tensor best = candidates.items.gather(1, candidates.best).view({-1});
  at::index_select_out(candidates.best_unit, unit, 0, best);
}

const at::Tensor& TensorUpdate::TargetProtoAction() {
  Scratch& s = scratch_;
  RunActor(target_.actor, inputs_.next_observation(), s.target_actor);
  if (options_.target_noise == 0) return s.target_actor.proto.unit;
  at::add_out(s.noisy_point, s.target_actor.proto.unit, inputs_.noise());
  ScaleRows(s.noisy_point, s.noisy);
  return s.noisy.unit;
}

void TensorUpdate::ComputeTargets() {
  Scratch& s = scratch_;
  Candidates& candidates = s.target_candidates;
  const at::Tensor* proto_action = searches() ? &TargetProtoAction() : nullptr;
  ScaleRows(target_.embeddings, s.target_embeddings);
  RunState(target_.critics[0], inputs_.next_observation(), s.target_state);
  ScoreCandidates({target_, s.target_embeddings.unit, proto_action, s.target_state, Draw::kTargetCandidates},
                  candidates);
  at::Tensor value = candidates.best_value;
  if (options_.twin_critics) {
    PickBest(s.target_embeddings.unit, candidates);
    RunState(target_.critics[1], inputs_.next_observation(), s.target_state);
    RunCritic(target_.critics[1], s.target_state, candidates.best_unit, s.target_critic2);
    value = at::minimum(value, s.target_critic2.output);
  }
  at::addcmul_out(s.target_values, inputs_.reward(), inputs_.discount(), value.view({-1}));
}

// index_add_ would add atomically on a GPU, in an order that changes from run to run.
void TensorUpdate::ComputeCritics() {
  Scratch& s = scratch_;
  ScaleRows(online_.embeddings, s.embeddings);
  at::index_select_out(s.action, s.embeddings.unit, 0, inputs_.items());
  for (size_t c = 0; c < online_.critics.size(); ++c) AddCritic(c);
  const at::Tensor d_unit = at::embedding_dense_backward(s.d_action, inputs_.items(), options_.shape.num_items,
                                                         /*padding_idx=*/-1, /*scale_grad_by_freq=*/false);
  ScaleRowsBackward(d_unit, s.embeddings);
}

// Of the mean squared error of critic c; its part of the gradient of the items shown is added to d_action.
void TensorUpdate::AddCritic(size_t c) {
  Scratch& s = scratch_;
  const Critic& critic = online_.critics[c];
  MlpActivations& pass = s.critic[c];
  RunState(critic, inputs_.observation(), s.state[c]);
  RunCritic(critic, s.state[c], s.action, pass);
  at::sub_out(s.td_error[c], pass.output, s.target_values.view({-1, 1}));
  at::mul_out(s.d_value, s.td_error[c], inputs_.slope());
  CriticGradients(critic, inputs_.observation(), s.action, s.d_value, s.ones, pass, gradients_.critics[c]);
  if (c == 0) {
    ProductInto(s.d_action, pass.d_z1(), critic.w1_item);
  } else {
    ProductInto(s.d_action, s.d_action, pass.d_z1(), critic.w1_item);
  }
}

void TensorUpdate::ComputeErrors() {
  Scratch& s = scratch_;
  at::abs_out(s.abs_error, s.td_error[0]);
  if (!options_.twin_critics) return;
  at::abs_out(s.abs_error2, s.td_error[1]);
  at::maximum_out(s.abs_error, s.abs_error, s.abs_error2);
}

void TensorUpdate::ComputeActor() {
  Scratch& s = scratch_;
  RunActor(online_.actor, inputs_.observation(), s.actor);
  if (climbs()) ComputeClimb();
  if (regresses()) ComputeRegression();
  ScaleRowsBackward(s.d_proto_action, s.actor.proto);
  Backward(online_.actor, s.actor.proto.d_x, s.actor.mlp);
  WeightGradients(s.actor.proto.d_x, s.actor.mlp, s.ones, gradients_.actor);
  ProductInto(gradients_.actor.w1, s.actor.mlp.d_z1().t(), inputs_.observation());
}

void TensorUpdate::ComputeClimb() {
  Scratch& s = scratch_;
  const Critic& critic = online_.critics[0];
  RunCritic(critic, s.state[0], s.actor.proto.unit, s.climb);
  Backward(critic.mlp, s.d_climb, s.climb);
  ProductInto(s.d_proto_action, s.climb.d_z1(), critic.w1_item);
}

// The best candidate is a constant: no gradient goes through the choice or into its embedding.
void TensorUpdate::ComputeRegression() {
  Scratch& s = scratch_;
  ScoreCandidates({online_, s.embeddings.unit, &s.actor.proto.unit, s.state[0], Draw::kCandidates}, s.candidates);
  PickBest(s.embeddings.unit, s.candidates);
  at::sub_out(s.distance, s.actor.proto.unit, s.candidates.best_unit);
  if (climbs()) {
    s.d_proto_action.add_(s.distance, 2.0 / static_cast<double>(inputs_.rows()));
  } else {
    at::mul_out(s.d_proto_action, s.distance, s.d_square);
  }
}

void TensorUpdate::ReadErrors(absl::Span<float> td_errors) const {
  const at::Tensor errors = scratch_.abs_error.to(at::TensorOptions(at::kFloat).device(at::kCPU)).contiguous();
  std::copy_n(errors.data_ptr<float>(), td_errors.size(), td_errors.begin());
}

TensorUpdate::Losses TensorUpdate::losses() const {
  if (inputs_.rows() == 0) return {0, earlier_actor_loss_};
  const Scratch& s = scratch_;
  at::Tensor critic = s.td_error[0].square().mul(inputs_.slope()).sum();
  if (options_.twin_critics) critic = critic.add(s.td_error[1].square().mul(inputs_.slope()).sum());
  std::vector<at::Tensor> sums = {critic};
  if (s.actor_was_due && climbs()) sums.push_back(s.climb.output.sum().neg());
  if (s.actor_was_due && regresses()) sums.push_back(s.distance.square().sum());
  const at::Tensor read = at::stack(sums).to(at::TensorOptions(at::kDouble).device(at::kCPU));
  const double* sum = read.data_ptr<double>();
  Losses losses = {0.5 * *sum, s.actor_was_due ? 0.0 : earlier_actor_loss_};
  for (size_t i = 1; i < sums.size(); ++i) losses.actor += sum[i] / static_cast<double>(inputs_.rows());
  return losses;
}

}  // namespace recbots
