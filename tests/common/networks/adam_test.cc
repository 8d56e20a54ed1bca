#include "common/networks/adam.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/optim/adam.h>

namespace recbots {
namespace {

TrainingState MakeState(int32_t size, at::ScalarType dtype) {
  return TrainingState({.tensors = {{"x", {size}}}, .numbers = {{"steps"}}}, dtype);
}

void CompareWithTorch(at::ScalarType dtype, double tolerance) {
  at::manual_seed(1);
  const TrainingState state = MakeState(1000, dtype);
  const at::Tensor ours = state.all().parameters[0];
  const at::Tensor gradients = state.all().gradients[0];
  ours.copy_(at::randn({1000}, at::TensorOptions(dtype)));
  at::Tensor theirs = ours.clone().set_requires_grad(true);
  Adam adam({.learning_rate = 0.01}, state.all(), state.Number("steps"));
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
  EXPECT_EQ(state.Number("steps"), 200) << "the state counts";
}

TEST(AdamTest, TakesTheStepsOfTorch) {
  CompareWithTorch(at::kDouble, 1e-12);
  CompareWithTorch(at::kFloat, 2e-5);
}

TEST(AdamTest, LeavesParametersWithoutGradientsAlone) {
  const TrainingState state = MakeState(100, at::kFloat);
  const at::Tensor parameters = state.all().parameters[0];
  parameters.copy_(at::randn({100}));
  const at::Tensor before = parameters.clone();
  Adam adam({}, state.all(), state.Number("steps"));
  for (int step = 0; step < 10; ++step) adam.Step();
  EXPECT_TRUE(parameters.equal(before));
}

}  // namespace
}  // namespace recbots
