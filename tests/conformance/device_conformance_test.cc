// Every algorithm learns the same wherever and however it computes: by kernels of our own or by LibTorch's operators on
// the CPU; operator by operator or as a captured CUDA graph on a GPU, where there is one.
//
// Results differ by rounding. Adam divides by the size of a gradient, so an element whose gradient cancels to rounding
// may take another step, and of two actions that are worth the same to rounding another one may be taken. So neither
// steps nor parameters can be compared one by one; but learning contracts: all parameters together stay within a share
// of the way that they have gone.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "common/algorithms/make_algorithm.h"
#include "common/networks/torch_device.h"
#include "tests/conformance/algorithm_cases.h"

namespace recbots {
namespace {

using testing::AllCases;
using testing::Case;
using testing::ConfigOf;
using testing::kRows;
using testing::MakeBatch;
using testing::SpecOf;

std::unique_ptr<Algorithm> Make(const Case& c, const LearningSetup& setup) {
  auto algorithm = MakeAlgorithm(ConfigOf(c), SpecOf(c), setup);
  EXPECT_TRUE(algorithm.ok()) << algorithm.status().message();
  return *std::move(algorithm);
}

at::Tensor Parameters(const Algorithm& algorithm) {
  return algorithm.tensors().parameters.flat().to(at::kCPU, at::kDouble, /*non_blocking=*/false, /*copy=*/true);
}

// Makes the same updates with all of them, the last half of which give back TD errors.
void Learn(const std::vector<Algorithm*>& algorithms, const Case& c, uint32_t updates) {
  for (uint32_t i = 0; i < updates; ++i) {
    const TransitionBatch batch = MakeBatch(c, i % 300);
    for (Algorithm* algorithm : algorithms) {
      std::vector<float> td_errors(i < updates / 2 ? 0 : kRows, -1);
      const absl::Status status = algorithm->Update(batch, absl::MakeSpan(td_errors));
      ASSERT_TRUE(status.ok()) << status.message();
      for (const float error : td_errors) ASSERT_GE(error, 0);
    }
  }
}

// How far `other` is from `one`, as a share of the way that `one` has gone from `begin`.
double Divergence(const at::Tensor& begin, const Algorithm& one, const Algorithm& other) {
  const at::Tensor end = Parameters(one);
  return ((Parameters(other) - end).norm() / (end - begin).norm()).item<double>();
}

void ExpectSameLosses(const Algorithm& one, const Algorithm& other, double tolerance) {
  const Algorithm::Losses want = one.losses(), got = other.losses();
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(got[i].first, want[i].first);
    EXPECT_NEAR(got[i].second, want[i].second, tolerance * std::max(0.1, std::abs(want[i].second))) << want[i].first;
  }
}

// Random candidates of a proposal are others (slate_proposer.h).
bool DrawsOtherCandidates(const Case& c) { return c.config.find("proposal") != std::string::npos; }

class DeviceConformanceTest : public ::testing::TestWithParam<Case> {};

TEST_P(DeviceConformanceTest, OperatorsLearnWhatKernelsLearn) {
  const auto kernels = Make(GetParam(), {.seed = 1}), operators = Make(GetParam(), {.seed = 1, .with_operators = true});
  if (kernels->compute_mode() == operators->compute_mode()) GTEST_SKIP() << "only one of them computes this shape";
  if (DrawsOtherCandidates(GetParam())) GTEST_SKIP() << "random candidates are others";
  EXPECT_EQ(kernels->compute_mode(), Algorithm::kKernelsMode);
  EXPECT_EQ(operators->compute_mode(), "operators");
  const at::Tensor begin = Parameters(*kernels);
  ASSERT_TRUE(begin.equal(Parameters(*operators)));
  Learn({kernels.get(), operators.get()}, GetParam(), 200);
  const double divergence = Divergence(begin, *kernels, *operators);
  std::printf("%s: operators differ by %.2g of the way\n", GetParam().name.c_str(), divergence);
  EXPECT_LT(divergence, 1e-3);  // About 1e-6 is seen; now and then another action may be taken.
  ExpectSameLosses(*kernels, *operators, 1e-3);
}

TEST_P(DeviceConformanceTest, AGpuLearnsWhatTheCpuLearnsCapturedOrNot) {
  const absl::StatusOr<DeviceChoice> gpu = ChooseDevice("cuda", 0);
  if (!gpu.ok()) GTEST_SKIP() << gpu.status().message();
  const auto cpu = Make(GetParam(), {.seed = 1, .with_operators = true});
  const auto eager = Make(GetParam(), {.seed = 1, .device = gpu->device});
  const auto captured = Make(GetParam(), {.seed = 1, .device = gpu->device});
  eager->StopCapturing("a test compares");
  const at::Tensor begin = Parameters(*cpu);
  ASSERT_TRUE(begin.equal(Parameters(*captured)));
  Learn({cpu.get(), eager.get(), captured.get()}, GetParam(), 1000);
  EXPECT_EQ(eager->compute_mode(), "operators: a test compares");
  EXPECT_EQ(captured->compute_mode(), "CUDA graph");
  EXPECT_EQ(captured->updates(), 1000);
  EXPECT_TRUE(captured->finite());
  const double of_capture = Divergence(begin, *eager, *captured), of_device = Divergence(begin, *cpu, *captured);
  std::printf("%s: a graph differs by %.2g of the way from operators, and by %.2g from the CPU\n",
              GetParam().name.c_str(), of_capture, of_device);
  // The same kernels; a library may choose others for products while it is captured. Other actions of the same worth
  // are taken more often than in 200 updates.
  EXPECT_LT(of_capture, 0.05);
  EXPECT_LT(of_device, 0.05);
  ExpectSameLosses(*eager, *captured, 0.1);
  // What a GPU has learnt goes on on the CPU, and the other way round.
  ASSERT_TRUE(cpu->LoadState(captured->SaveState()).ok());
  EXPECT_EQ(cpu->SaveState(), captured->SaveState());
  EXPECT_EQ(cpu->EncodeWeights(), captured->EncodeWeights());
  ASSERT_TRUE(captured->LoadState(cpu->SaveState()).ok());
  Learn({cpu.get(), captured.get()}, GetParam(), 1);
}

INSTANTIATE_TEST_SUITE_P(EveryAlgorithm, DeviceConformanceTest, ::testing::ValuesIn(AllCases()),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace recbots
