// The arithmetic of an update: targets, losses and their gradients.
#include <ATen/ops/addcmul.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/max.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/sub.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "common/algorithms/wolpertinger/wolpertinger.h"

namespace recbots {

void Wolpertinger::ScoreCandidates(const CandidateInput& in, Candidates& candidates) const {
  FindNearest(options_.shape, in.networks.embeddings, in.unit, in.proto_action, candidates.search, candidates.nearest);
  const int64_t rows = candidates.items.size(0);
  const int64_t columns = candidates.items.size(1);
  int64_t* items = candidates.items.data_ptr<int64_t>();
  for (int64_t row = 0; row < rows && options_.random_candidates > 0; ++row) {
    Rng rng = MakeRng(in.draw, row);
    for (int64_t c = options_.shape.k; c < columns; ++c) {
      items[row * columns + c] = rng.Index(static_cast<uint32_t>(options_.shape.num_items));
    }
  }
  at::index_select_out(candidates.unit, in.unit, 0, candidates.items.view({-1}));
  RunCriticOnCandidates(in.networks.critics[0], in.state, candidates.unit, candidates.critic);
  at::max_out(candidates.best_value, candidates.best, candidates.critic.output.view({rows, columns}), 1,
              /*keepdim=*/true);
}

void Wolpertinger::AddTargetNoise(at::Tensor& proto_action) const {
  const at::Tensor noise = at::empty(proto_action.sizes(), at::TensorOptions(at::kDouble));
  double* value = noise.data_ptr<double>();
  for (int64_t row = 0; row < noise.size(0); ++row) {
    Rng rng = MakeRng(Draw::kNoise, row);
    for (int64_t i = 0; i < noise.size(1); ++i) {
      const double draw = options_.target_noise * rng.Normal();
      *value++ = std::clamp(draw, -options_.target_noise_clip, options_.target_noise_clip);
    }
  }
  proto_action.add_(noise.to(dtype_));
}

void Wolpertinger::ComputeTargets() {
  Scratch& s = scratch_;
  RunActor(target_.actor, s.next_observation, s.target_actor);
  at::Tensor proto_action = s.target_actor.proto.unit;
  if (options_.target_noise > 0) {
    AddTargetNoise(proto_action);
    UnitRows noisy(dtype_);
    ScaleRows(proto_action, noisy);
    proto_action = noisy.unit;
  }
  ScaleRows(target_.embeddings, s.target_embeddings);
  RunState(target_.critics[0], s.next_observation, s.target_state);
  ScoreCandidates({target_, s.target_embeddings.unit, proto_action, s.target_state, Draw::kTargetCandidates},
                  s.target_candidates);
  at::Tensor value = s.target_candidates.best_value;
  if (options_.twin_critics) {
    const at::Tensor best = s.target_candidates.items.gather(1, s.target_candidates.best).view({-1});
    at::index_select_out(s.target_best_action, s.target_embeddings.unit, 0, best);
    RunState(target_.critics[1], s.next_observation, s.target_state);
    RunCritic(target_.critics[1], s.target_state, s.target_best_action, s.target_critic2);
    value = at::minimum(value, s.target_critic2.output);
  }
  at::addcmul_out(s.target_values, s.reward, s.discount, value.view({-1}));
}

void Wolpertinger::ComputeCriticGradients() {
  Scratch& s = scratch_;
  ScaleRows(online_.embeddings, s.embeddings);
  at::index_select_out(s.action, s.embeddings.unit, 0, s.items);
  if (s.d_unit.numel() == 0) s.d_unit = at::zeros(online_.embeddings.sizes(), online_.embeddings.options());
  s.d_unit.zero_();
  for (size_t c = 0; c < online_.critics.size(); ++c) AddCriticGradients(c);
  ScaleRowsBackward(s.d_unit, s.embeddings);
  gradients_.embeddings.copy_(s.embeddings.d_x);
}

// Of the mean squared error of critic c; its part of the embeddings' gradient is added to d_unit.
void Wolpertinger::AddCriticGradients(size_t c) {
  Scratch& s = scratch_;
  const Critic& critic = online_.critics[c];
  Critic& gradient = gradients_.critics[c];
  MlpActivations& pass = s.critic[c];
  RunState(critic, s.observation, s.state[c]);
  RunCritic(critic, s.state[c], s.action, pass);
  at::sub_out(s.td_error[c], pass.output, s.target_values.view({-1, 1}));
  at::mul_out(s.d_value, s.td_error[c], s.d_td).mul_(-2);  // d_td is -weight / B.
  CriticGradients(critic, s.observation, s.action, s.d_value, s.ones, pass, gradient);
  at::mm_out(s.d_action, pass.d_z1(), critic.w1_item);
  s.d_unit.index_add_(0, s.items, s.d_action);
}

void Wolpertinger::ComputeActorGradients() {
  Scratch& s = scratch_;
  RunActor(online_.actor, s.observation, s.actor);
  const bool climbs = options_.actor_objective != ActorObjective::kRegressToBest;
  if (climbs) ComputeClimb();
  if (options_.actor_objective != ActorObjective::kClimbCritic) ComputeRegression(/*add=*/climbs);
  ScaleRowsBackward(s.d_proto_action, s.actor.proto);
  Backward(online_.actor, s.actor.proto.d_x, s.actor.mlp);
  WeightGradients(s.actor.proto.d_x, s.actor.mlp, s.ones, gradients_.actor);
  at::mm_out(gradients_.actor.w1, s.actor.mlp.d_z1().t(), s.observation);
}

void Wolpertinger::ComputeClimb() {
  Scratch& s = scratch_;
  const Critic& critic = online_.critics[0];
  RunCritic(critic, s.state[0], s.actor.proto.unit, s.climb);
  Backward(critic.mlp, s.d_climb, s.climb);
  at::mm_out(s.d_proto_action, s.climb.d_z1(), critic.w1_item);
}

// The best candidate is a constant: no gradient goes through the choice or into its embedding.
void Wolpertinger::ComputeRegression(bool add) {
  Scratch& s = scratch_;
  ScoreCandidates({online_, s.embeddings.unit, s.actor.proto.unit, s.state[0], Draw::kCandidates}, s.candidates);
  const at::Tensor best = s.candidates.items.gather(1, s.candidates.best).view({-1});
  at::index_select_out(s.best_action, s.embeddings.unit, 0, best);
  at::sub_out(s.distance, s.actor.proto.unit, s.best_action);
  const double scale = 2.0 / static_cast<double>(s.batch_size);
  if (add) {
    s.d_proto_action.add_(s.distance, scale);
  } else {
    at::mul_out(s.d_proto_action, s.distance, at::scalar_tensor(scale, s.distance.options()));
  }
}

void Wolpertinger::WriteTdErrors(absl::Span<float> td_errors) const {
  if (td_errors.empty()) return;
  std::fill(td_errors.begin(), td_errors.end(), 0.0f);
  for (size_t c = 0; c < online_.critics.size(); ++c) {
    const at::Tensor errors = fused_ == nullptr ? scratch_.td_error[c].to(at::kFloat) : at::Tensor();
    const float* error = fused_ == nullptr ? errors.data_ptr<float>() : fused_->td_errors(c).data();
    for (float& largest : td_errors) {
      const float size = std::abs(*error++);
      // A NaN stays, whichever critic has it.
      if (std::isnan(size) || size > largest) largest = size;
    }
  }
}

Algorithm::Losses Wolpertinger::losses() const {
  Losses losses = fused_ != nullptr
                      ? Losses{{"critic_loss", fused_->critic_loss()}, {"actor_loss", fused_->actor_loss()}}
                  : exchange() != nullptr ? group_losses_
                                          : TensorLosses();
  AddOptimizer("critic", critic_optimizer_, losses);
  AddOptimizer("actor", actor_optimizer_, losses);
  return losses;
}

Algorithm::Losses Wolpertinger::TensorLosses() const {
  const Scratch& s = scratch_;
  const auto mean = [](const at::Tensor& sum_of, double factor) {
    return sum_of.numel() == 0 ? 0.0 : factor * sum_of.mean().item<double>();
  };
  double critic_loss = 0;
  for (size_t c = 0; c < online_.critics.size() && s.td_error[c].defined(); ++c) {
    const at::Tensor squares = s.td_error[c].square();
    critic_loss += s.d_td.is_same(s.d_climb) ? mean(squares, 1) : -squares.mul(s.d_td).sum().item<double>();
  }
  double actor_loss = 0;
  if (s.climb.output.defined()) actor_loss += mean(s.climb.output, -1);
  if (s.distance.defined()) actor_loss += mean(s.distance.square(), options_.shape.embedding_size);
  return {{"critic_loss", critic_loss}, {"actor_loss", actor_loss}};
}

}  // namespace recbots
