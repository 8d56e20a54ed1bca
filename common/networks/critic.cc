#include "common/networks/critic.h"

#include "common/networks/products.h"

namespace recbots {

Critic::Critic(const ParameterArena& arena, const std::string& prefix, int num_user_features,
               const HiddenLayers& hidden)
    : mlp(arena, prefix, hidden),
      w1_state(mlp.w1.narrow(1, 0, num_user_features)),
      w1_item(mlp.w1.narrow(1, num_user_features, mlp.w1.size(1) - num_user_features)),
      w1_state_t(w1_state.t()),
      w1_item_t(w1_item.t()) {}

void RunState(const Critic& critic, const at::Tensor& observation, at::Tensor& out) {
  ProductInto(out, critic.mlp.b1, observation, critic.w1_state_t);
}

void RunCritic(const Critic& critic, const at::Tensor& state, const at::Tensor& action, MlpActivations& pass) {
  ProductInto(pass.z1(), state, action, critic.w1_item_t);
  Forward(critic.mlp, pass);
}

void RunCriticOnCandidates(const Critic& critic, const at::Tensor& state, const at::Tensor& actions,
                           MlpActivations& pass) {
  ProductInto(pass.z1(), actions, critic.w1_item_t);
  pass.z1().view({state.size(0), -1, state.size(1)}).add_(state.unsqueeze(1));
  Forward(critic.mlp, pass);
}

void CriticGradients(const Critic& critic, const at::Tensor& observation, const at::Tensor& action,
                     const at::Tensor& d_value, const at::Tensor& ones, MlpActivations& pass, Critic& gradients) {
  Backward(critic.mlp, d_value, pass);
  WeightGradients(d_value, pass, ones, gradients.mlp);
  const at::Tensor d_z1_t = pass.d_z1().t();
  ProductInto(gradients.w1_state, d_z1_t, observation);
  ProductInto(gradients.w1_item, d_z1_t, action);
}

}  // namespace recbots
