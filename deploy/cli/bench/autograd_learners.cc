#include "deploy/cli/bench/autograd_learners.h"

#include <ATen/ATen.h>
#include <torch/optim/adam.h>

#include "common/algorithms/wolpertinger/networks.h"
#include "common/networks/q_network.h"

namespace recbots {
namespace {

constexpr double kLearningRate = 0.001, kTau = 0.01;
constexpr size_t kCriticBegin = kMlpTensors, kEmbeddingsAt = 2 * kMlpTensors;  // Behind the actor; behind the critic.

at::Tensor Unit(const at::Tensor& x) { return x / x.norm(2, at::IntArrayRef{1}, /*keepdim=*/true).clamp_min(1e-12); }

ParameterArena InitialWolpertinger(const WolpertingerShape& shape) {
  WolpertingerNetworks networks(shape, /*num_critics=*/1, at::kFloat);
  networks.Initialize(/*seed=*/1);
  return networks.arena;
}
ParameterArena InitialQ(const QShape& shape) {
  QNetwork network(shape, at::kFloat);
  network.Initialize(/*seed=*/1);
  return network.arena;
}

}  // namespace

AutogradLearner::~AutogradLearner() = default;

AutogradLearner::AutogradLearner(const ParameterArena& arena, size_t second_begin) {
  for (size_t i = 0; i < arena.layout().tensors().size(); ++i) {
    online_.push_back(arena[i].clone().set_requires_grad(true));
    target_.push_back(arena[i].clone());
  }
  const auto second = online_.begin() + static_cast<ptrdiff_t>(second_begin);
  for (const std::vector<at::Tensor>& part :
       {std::vector<at::Tensor>(online_.begin(), second), std::vector<at::Tensor>(second, online_.end())}) {
    if (part.empty()) continue;
    optimizers_.push_back(std::make_unique<torch::optim::Adam>(part, torch::optim::AdamOptions(kLearningRate)));
  }
}

at::Tensor AutogradLearner::Run(const std::vector<at::Tensor>& p, size_t first, const at::Tensor& x) {
  const at::Tensor hidden = at::relu(at::linear(x, p[first], p[first + 1]));
  return at::linear(at::relu(at::linear(hidden, p[first + 2], p[first + 3])), p[first + 4], p[first + 5]);
}

void AutogradLearner::Step(size_t optimizer, const at::Tensor& loss) {
  optimizers_[optimizer]->zero_grad();
  loss.backward();
  optimizers_[optimizer]->step();
}

void AutogradLearner::BlendTargets(double tau) {
  const at::NoGradGuard no_gradients;
  for (size_t i = 0; i < online_.size(); ++i) target_[i].lerp_(online_[i], tau);
}

AutogradWolpertinger::AutogradWolpertinger(const WolpertingerShape& shape)
    : AutogradLearner(InitialWolpertinger(shape), kCriticBegin), shape_(shape) {}

at::Tensor AutogradWolpertinger::Value(const std::vector<at::Tensor>& p, const at::Tensor& observation,
                                       const at::Tensor& action) const {
  return Run(p, kCriticBegin, at::cat({observation, action}, -1)).squeeze(-1);
}

at::Tensor AutogradWolpertinger::BestValue(const Batch& batch) const {
  const at::NoGradGuard no_gradients;
  const at::Tensor& next = batch.next_observation;
  const at::Tensor proto_action = Unit(Run(target_, 0, next));
  const at::Tensor distance = at::cdist(proto_action, target_[kEmbeddingsAt]);
  const at::Tensor nearest = std::get<1>(distance.topk(shape_.k, 1, /*largest=*/false));  // [B, k]
  const at::Tensor actions = Unit(target_[kEmbeddingsAt]).index({nearest});               // [B, k, E]
  return Value(target_, next.unsqueeze(1).expand({-1, shape_.k, -1}), actions).amax(1);
}

void AutogradWolpertinger::Update(const Batch& batch) {
  const at::Tensor y = batch.reward + batch.discount * BestValue(batch);
  const at::Tensor shown = Unit(online_[kEmbeddingsAt]).index_select(0, batch.items);
  const at::Tensor critic_loss = (Value(online_, batch.observation, shown) - y).square().mean();
  const at::Tensor actor_loss = -Value(online_, batch.observation, Unit(Run(online_, 0, batch.observation))).mean();
  Step(0, actor_loss);
  Step(1, critic_loss);
  BlendTargets(kTau);
}

AutogradQ::AutogradQ(const QShape& shape) : AutogradLearner(InitialQ(shape), QTensors(shape).size()) {}

at::Tensor AutogradQ::Value(const std::vector<at::Tensor>& p, const at::Tensor& observation,
                            const at::Tensor& actions) const {
  const at::Tensor value = Run(p, 0, at::cat({observation, actions}, -1)).squeeze(-1);
  return p.size() > kMlpTensors ? value + Run(p, kMlpTensors, observation).squeeze(-1) : value;
}

void AutogradQ::Update(const Batch& batch) {
  at::Tensor y;
  {
    const at::NoGradGuard no_gradients;
    const at::Tensor next = batch.next_observation.unsqueeze(1).expand({-1, batch.next_actions.size(1), -1});
    const at::Tensor best = Value(online_, next, batch.next_actions).argmax(1, /*keepdim=*/true);
    y = batch.reward + batch.discount * Value(target_, next, batch.next_actions).gather(1, best).squeeze(1);
  }
  Step(0, (Value(online_, batch.observation, batch.actions) - y).square().mean());
  BlendTargets(kTau);
}

}  // namespace recbots
