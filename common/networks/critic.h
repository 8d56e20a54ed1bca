// A network (user features, action features) -> value, its first layer split by input: z1 = user Wu^T + action Wa^T +
// b1. The user's part is computed once, however many actions are looked at.
//
// Letters: B rows, U user features, E action features, H hidden units of the first layer, C actions per row. Functions
// throw c10::Error (torch_status.h). Not thread-safe.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "common/networks/mlp.h"
#include "common/networks/parameter_arena.h"

namespace recbots {

struct Critic {
  Critic() = default;
  // The Mlp named `prefix`.
  Critic(const ParameterArena& arena, const std::string& prefix, int num_user_features,
         const HiddenLayers& hidden = {});

  Mlp mlp;
  at::Tensor w1_state, w1_item;      // [H, U], [H, E]: views into mlp.w1
  at::Tensor w1_state_t, w1_item_t;  // their transposes
};

// The state's part of a critic's first layer: out [B, H] = observation w1_state^T + b1.
void RunState(const Critic& critic, const at::Tensor& observation, at::Tensor& out);
// Values in pass.output [B, 1] of one action [B, E] each.
void RunCritic(const Critic& critic, const at::Tensor& state, const at::Tensor& action, MlpActivations& pass);
// Values in pass.output [B * C, 1] of C actions each: `actions` [B * C, E], `state` [B, H].
void RunCriticOnCandidates(const Critic& critic, const at::Tensor& state, const at::Tensor& actions,
                           MlpActivations& pass);

// After RunCritic: overwrites the gradients of all tensors from d_value [B, 1]; `ones` is [B].
void CriticGradients(const Critic& critic, const at::Tensor& observation, const at::Tensor& action,
                     const at::Tensor& d_value, const at::Tensor& ones, MlpActivations& pass, Critic& gradients);

}  // namespace recbots
