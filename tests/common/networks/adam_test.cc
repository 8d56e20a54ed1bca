#include "common/networks/adam.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/nn/init.h>  // clip_grad.h does not include what it needs.
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>

#include <limits>
#include <string>
#include <vector>

namespace recbots {
namespace {

TrainingState MakeState(int32_t size, at::ScalarType dtype) {
  return TrainingState({.tensors = {{"x", {size}}}, .numbers = {{"steps"}}}, dtype);
}

// Of more elements than a step by one operator has in one slice.
constexpr int64_t kSize = 5000;

void CompareWithTorch(at::ScalarType dtype, bool with_operators, double tolerance) {
  at::manual_seed(1);
  const TrainingState state = MakeState(kSize, dtype);
  const at::Tensor ours = state.all().parameters[0];
  const at::Tensor gradients = state.all().gradients[0];
  ours.copy_(at::randn({kSize}, at::TensorOptions(dtype)));
  at::Tensor theirs = ours.clone().set_requires_grad(true);
  Adam adam({.learning_rate = 0.01, .with_operators = with_operators}, state.all(), state.Number("steps"));
  torch::optim::Adam reference({theirs}, torch::optim::AdamOptions(0.01));
  for (int step = 1; step <= 200; ++step) {
    // Gradients of very different sizes, and none at all at times.
    gradients.copy_(at::randn({kSize}, gradients.options()).pow(3).mul(step % 7 == 0 ? 0 : 1e-3 * step));
    theirs.mutable_grad() = gradients.clone();
    adam.Step();
    reference.step();
    ASSERT_LT((ours - theirs).abs().max().item<double>(), tolerance) << "step " << step;
  }
  EXPECT_EQ(adam.steps(), 200);
  EXPECT_EQ(state.Number("steps"), 200) << "the state counts";
}

TEST(AdamTest, TakesTheStepsOfTorch) {
  for (const bool with_operators : {false, true}) {
    CompareWithTorch(at::kDouble, with_operators, 1e-12);
    CompareWithTorch(at::kFloat, with_operators, 2e-5);
  }
}

// Decay, clipping and a schedule at once, with gradients on both sides of the bound.
void CompareWithAdamW(at::ScalarType dtype, bool with_operators, double tolerance) {
  at::manual_seed(2);
  constexpr double kRate = 0.01, kDecay = 0.3, kClip = 5;
  const TrainingState state({.tensors = {{"x", {kSize}}}, .num_targets = 1, .numbers = {{"steps"}}}, dtype);
  const at::Tensor ours = state.all().parameters[0], gradients = state.all().gradients[0];
  ours.copy_(at::randn({kSize}, at::TensorOptions(dtype)));
  state.all().targets[0].copy_(ours);
  at::Tensor theirs = ours.clone().set_requires_grad(true), target = ours.clone();
  const OptimizerOptions around = {.clip_norm = kClip,
                                   .weight_decay = kDecay,
                                   .warmup_steps = 10,
                                   .schedule = Schedule::kCosine,
                                   .decay_steps = 100,
                                   .final_share = 0.1};
  Adam adam({.learning_rate = kRate, .around = around, .with_operators = with_operators}, state.all(),
            state.Number("steps"));
  torch::optim::AdamW reference({theirs}, torch::optim::AdamWOptions(kRate).weight_decay(kDecay));
  int clipped = 0;
  for (int step = 1; step <= 200; ++step) {
    gradients.copy_(at::randn({kSize}, gradients.options()).mul(step % 7 == 0 ? 0 : 2e-3 * step));
    const at::Tensor before = gradients.clone();
    theirs.mutable_grad() = gradients.clone();
    const double norm = torch::nn::utils::clip_grad_norm_({theirs}, kClip);
    clipped += norm > kClip ? 1 : 0;
    const double rate = kRate * LearningRateShare(around, step);
    static_cast<torch::optim::AdamWOptions&>(reference.param_groups()[0].options()).lr(rate);
    if (step % 2 == 0) {
      adam.Step();
      adam.BlendTargets(0.1);
    } else {
      adam.StepAndBlend(0.1);
    }
    reference.step();
    target.add_(theirs.detach() - target, 0.1);
    ASSERT_LT((ours - theirs).abs().max().item<double>(), tolerance) << "step " << step;
    ASSERT_LT((state.all().targets[0] - target).abs().max().item<double>(), tolerance) << "step " << step;
    EXPECT_NEAR(adam.gradient_norm(), norm, 1e-6 * norm) << "step " << step;
    EXPECT_TRUE(gradients.equal(before)) << "a step leaves gradients alone";
    EXPECT_DOUBLE_EQ(adam.learning_rate(), rate) << "step " << step;
  }
  EXPECT_GT(clipped, 50);
  EXPECT_LT(clipped, 150);
}

TEST(AdamTest, TakesTheStepsOfTorchsAdamWWithClippedGradientsAndASchedule) {
  for (const bool with_operators : {false, true}) {
    CompareWithAdamW(at::kDouble, with_operators, 1e-12);
    CompareWithAdamW(at::kFloat, with_operators, 2e-5);
  }
}

// The number of steps belongs to the state, which may be loaded between any two steps.
TEST(AdamTest, GoesOnFromAnotherStateWithOperatorsToo) {
  at::manual_seed(4);
  const at::Tensor begin = at::randn({100});
  std::vector<at::Tensor> ends;
  for (const bool with_operators : {false, true}) {
    const TrainingState state = MakeState(100, at::kFloat);
    state.all().parameters[0].copy_(begin);
    Adam adam({.with_operators = with_operators}, state.all(), state.Number("steps"));
    std::string saved;
    for (int step = 0; step < 20; ++step) {
      if (step == 5) saved = state.Save();
      if (step == 12) {
        ASSERT_TRUE(TrainingState(state).Load(saved).ok());
      }
      state.all().gradients[0].copy_(begin.mul(step).cos());
      adam.Step();
    }
    EXPECT_EQ(adam.steps(), 13);
    ends.push_back(state.all().parameters[0].clone());
  }
  EXPECT_LT((ends[0] - ends[1]).abs().max().item<double>(), 1e-6);
}

// What is switched off costs no rounding: the same bits.
TEST(AdamTest, ABoundThatIsNeverReachedChangesNothing) {
  at::manual_seed(3);
  const at::Tensor begin = at::randn({100});
  std::vector<at::Tensor> ends;
  for (const double clip : {0.0, 1e9}) {
    const TrainingState state = MakeState(100, at::kFloat);
    state.all().parameters[0].copy_(begin);
    Adam adam({.around = {.clip_norm = clip}}, state.all(), state.Number("steps"));
    for (int step = 0; step < 20; ++step) {
      state.all().gradients[0].copy_(begin.cos());
      adam.Step();
    }
    ends.push_back(state.all().parameters[0].clone());
  }
  EXPECT_TRUE(ends[0].equal(ends[1]));
}

// A gradient that is no number must show, whatever it is clipped to.
TEST(AdamTest, ClippingDoesNotHideWhatHasDiverged) {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const TrainingState state = MakeState(100, at::kFloat);
    Adam adam({.around = {.clip_norm = 1}}, state.all(), state.Number("steps"));
    state.all().gradients[0].fill_(1);
    state.all().gradients[0][7] = bad;
    adam.Step();
    EXPECT_FALSE(state.ParametersFinite()) << bad;
  }
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

// What a GPU computes: the same steps by operators, and in two parts, as a program takes them.
void CompareOperators(const OptimizerOptions& around, at::ScalarType dtype, double tolerance) {
  at::manual_seed(4);
  const TrainingSpec spec = {.tensors = {{"x", {1000}}}, .num_targets = 1, .numbers = {{"steps"}}};
  const TrainingState ours(spec, dtype), theirs(spec, dtype);
  ours.all().parameters[0].copy_(at::randn({1000}, at::TensorOptions(dtype)));
  theirs.all().parameters[0].copy_(ours.all().parameters[0]);
  Adam fused({.learning_rate = 0.01, .around = around}, ours.all(), ours.Number("steps"));
  Adam operators({.learning_rate = 0.01, .around = around, .with_operators = true}, theirs.all(),
                 theirs.Number("steps"));
  for (int step = 1; step <= 200; ++step) {
    const at::Tensor gradients = at::randn({1000}, at::TensorOptions(dtype)).mul(step % 7 == 0 ? 0 : 1e-2 * step);
    ours.all().gradients[0].copy_(gradients);
    theirs.all().gradients[0].copy_(gradients);
    operators.Begin();
    if (step % 2 == 0) {
      fused.Step();
      fused.BlendTargets(0.7);
      operators.Apply();
      operators.BlendTargets(0.7);
    } else {
      fused.StepAndBlend(0.1);
      operators.ApplyAndBlend(0.1);
    }
    const double error = (ours.flat() - theirs.flat()).abs().max().item<double>();
    ASSERT_LT(error, tolerance) << "parameters, targets, moments or gradients of step " << step;
  }
  EXPECT_EQ(operators.steps(), 200);
  EXPECT_EQ(operators.learning_rate(), fused.learning_rate());
}

TEST(AdamTest, OperatorsTakeTheSameSteps) {
  const OptimizerOptions around = {.clip_norm = 20,
                                   .weight_decay = 0.3,
                                   .warmup_steps = 10,
                                   .schedule = Schedule::kCosine,
                                   .decay_steps = 100,
                                   .final_share = 0.1};
  for (const OptimizerOptions& options : {OptimizerOptions(), around}) {
    CompareOperators(options, at::kDouble, 1e-13);
    CompareOperators(options, at::kFloat, 2e-5);
  }
}

}  // namespace
}  // namespace recbots
