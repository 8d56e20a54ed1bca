#include "common/networks/adam.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/optim/adam.h>

namespace recbots {
namespace {

void CompareWithTorch(at::ScalarType dtype, double tolerance) {
  at::manual_seed(1);
  const at::Tensor ours = at::randn({1000}, at::TensorOptions(dtype));
  const at::Tensor gradients = at::zeros_like(ours);
  at::Tensor theirs = ours.clone().set_requires_grad(true);
  Adam adam({.learning_rate = 0.01}, ours, gradients);
  torch::optim::Adam reference({theirs}, torch::optim::AdamOptions(0.01));
  for (int step = 1; step <= 200; ++step) {
    // Gradients of very different sizes, and none at all at times.
    gradients.copy_(at::randn({1000}, gradients.options()).pow(3).mul(step % 7 == 0 ? 0 : 1e-3 * step));
    theirs.mutable_grad() = gradients.clone();
    adam.Step();
    reference.step();
    ASSERT_LT((ours - theirs).abs().max().item<double>(), tolerance) << "step " << step;
  }
  EXPECT_EQ(adam.steps(), 200);
}

TEST(AdamTest, TakesTheStepsOfTorch) {
  CompareWithTorch(at::kDouble, 1e-12);
  CompareWithTorch(at::kFloat, 2e-5);
}

TEST(AdamTest, LeavesParametersWithoutGradientsAlone) {
  const at::Tensor parameters = at::randn({100});
  const at::Tensor before = parameters.clone();
  Adam adam({}, parameters, at::zeros({100}));
  for (int step = 0; step < 10; ++step) adam.Step();
  EXPECT_TRUE(parameters.equal(before));
}

}  // namespace
}  // namespace recbots
