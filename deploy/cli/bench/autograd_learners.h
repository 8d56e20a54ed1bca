// What the updates of our algorithms are compared with: the same networks, losses and optimisers written plainly for
// LibTorch's autograd and torch::optim::Adam, of the LibTorch that this program is built with.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "common/algorithms/wolpertinger/shape.h"
#include "common/inference/q_shape.h"
#include "common/networks/parameter_arena.h"

namespace torch::optim {
class Adam;
}

namespace recbots {

// Parameters, their slow copies, and the optimisers of the plain learners.
class AutogradLearner {
 public:
  virtual ~AutogradLearner();

 protected:
  // The tensors of this arena, copied; those from number `second_begin` on have an optimiser of their own.
  AutogradLearner(const ParameterArena& arena, size_t second_begin);

  // What the perceptron whose tensors begin at p[first] says of rows x.
  static at::Tensor Run(const std::vector<at::Tensor>& p, size_t first, const at::Tensor& x);
  // Steps one optimiser, 0 or 1, down the gradient of `loss`.
  void Step(size_t optimizer, const at::Tensor& loss);
  void BlendTargets(double tau);

  std::vector<at::Tensor> online_, target_;

 private:
  std::vector<std::unique_ptr<torch::optim::Adam>> optimizers_;
};

// Wolpertinger whose actor climbs the critic, candidates by distance alone.
class AutogradWolpertinger : public AutogradLearner {
 public:
  explicit AutogradWolpertinger(const WolpertingerShape& shape);
  struct Batch {
    at::Tensor observation, next_observation, items, reward, discount;  // items int64 [B]
  };
  void Update(const Batch& batch);

 private:
  at::Tensor Value(const std::vector<at::Tensor>& p, const at::Tensor& observation, const at::Tensor& action) const;
  at::Tensor BestValue(const Batch& batch) const;

  const WolpertingerShape shape_;
};

// Q-learning on candidates, double and dueling, whose target is the value of the best candidate: SlateQ without
// choosing slates, so it has less to do.
class AutogradQ : public AutogradLearner {
 public:
  explicit AutogradQ(const QShape& shape);
  struct Batch {
    at::Tensor observation, next_observation;  // [B, U]
    at::Tensor actions, next_actions;          // [B, A]: one each; [B, C, A]
    at::Tensor reward, discount;               // [B]
  };
  void Update(const Batch& batch);

 private:
  at::Tensor Value(const std::vector<at::Tensor>& p, const at::Tensor& observation, const at::Tensor& actions) const;
};

}  // namespace recbots
