#include "common/networks/tensor_program.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "common/networks/finite_watch.h"
#include "common/networks/products.h"
#include "common/networks/program_inputs.h"
#include "common/networks/torch_device.h"

namespace recbots {
namespace {

TEST(ProgramInputsTest, BothSidesAreTheSameMemoryOnTheCpu) {
  ProgramInputs inputs({{{3, 5}, at::kFloat}, {{7}, at::kLong}, {{0, 2}, at::kFloat}, {{2}, at::kDouble}}, at::kCPU);
  EXPECT_EQ(inputs.device(0).sizes(), (at::IntArrayRef{3, 5}));
  EXPECT_EQ(inputs.device(0).abs().sum().item<float>(), 0);
  EXPECT_EQ(inputs.device(2).numel(), 0);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(inputs.host(i).is_contiguous());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(inputs.host(i).data_ptr()) % 64, 0u) << i;
  }
  inputs.host(0).fill_(2);
  inputs.host(1).fill_(-3);
  inputs.host(3).fill_(0.5);
  inputs.Upload();
  EXPECT_EQ(inputs.device(0).sum().item<float>(), 30);
  EXPECT_EQ(inputs.device(1).sum().item<int64_t>(), -21);
  EXPECT_EQ(inputs.device(3).sum().item<double>(), 1) << "tensors do not lie over each other";
}

TEST(TensorProgramTest, RunsOnTheCpuEachTimeAndWithoutAutograd) {
  TensorProgram program(at::kCPU, MatrixPrecision::kFloat32);
  const at::Tensor sum = at::zeros({2});
  const at::Tensor factor = at::ones({2}).set_requires_grad(true);
  for (int64_t run = 0; run < 10; ++run) {
    program.Run(run % 2, [&] {
      EXPECT_FALSE(factor.mul(2).requires_grad());
      sum.add_(factor);
    });
  }
  program.Forget();
  program.Run(0, [&] { sum.add_(1); });
  EXPECT_EQ(sum[0].item<float>(), 11);
  EXPECT_EQ(program.mode(), "operators");
}

TEST(TensorProgramTest, SaysWhyNothingIsCaptured) {
  TensorProgram program(at::kCPU, MatrixPrecision::kFloat32);
  program.StopCapturing("to compare");
  EXPECT_EQ(program.mode(), "operators: to compare");
}

// The relative error of a product of two factors that are rounded to 8 bits each, one of them hidden, and rounded
// again: at most 3 * 2^-8 of the product of absolute values.
TEST(ProductsTest, RoundsOnlyWhereItIsAskedTo) {
  at::manual_seed(3);
  const at::Tensor a = at::randn({17, 40}), b = at::randn({40, 9}), addend = at::randn({9});
  const at::Tensor exact = at::mm(a.to(at::kDouble), b.to(at::kDouble));
  const at::Tensor bound = at::mm(a.abs().to(at::kDouble), b.abs().to(at::kDouble)).mul(3.0 / 256);
  at::Tensor out = at::empty({0}), sum = at::empty({0});
  TensorProgram rounded(at::kCPU, MatrixPrecision::kBfloat16);
  rounded.Run(0, [&] {
    ProductInto(out, a, b);
    ProductInto(sum, addend, a, b);
  });
  const at::Tensor error = out.to(at::kDouble).sub(exact).abs();
  EXPECT_TRUE(error.le(bound).all().item<bool>());
  EXPECT_GT(error.max().item<double>(), 1e-4) << "nothing was rounded";
  EXPECT_TRUE(sum.equal(out.add(addend))) << "the addend is not rounded";
  const at::Tensor again = at::mm(a, b);
  for (const MatrixPrecision precision : {MatrixPrecision::kFloat32, MatrixPrecision::kTf32}) {
    TensorProgram(at::kCPU, precision).Run(0, [&] { ProductInto(out, a, b); });
    EXPECT_TRUE(out.equal(again));
  }
  ProductInto(out, a, b);
  EXPECT_TRUE(out.equal(again)) << "the precision ends with the program";
  EXPECT_TRUE(Product(a, b).equal(again));
}

TEST(ProductsTest, NeverRoundsReferences) {
  const at::Tensor a = at::full({2, 2}, 1.0 / 3, at::TensorOptions(at::kDouble));
  at::Tensor out = at::empty({0}, at::TensorOptions(at::kDouble));
  TensorProgram(at::kCPU, MatrixPrecision::kBfloat16).Run(0, [&] { ProductInto(out, a, a); });
  EXPECT_TRUE(out.equal(at::mm(a, a)));
}

TEST(FiniteWatchTest, AnswersAtOnceOnTheCpu) {
  FiniteWatch watch;
  const at::Tensor numbers = at::zeros({100});
  EXPECT_TRUE(watch.Ask(numbers));
  numbers[77] = std::numeric_limits<float>::infinity();
  EXPECT_FALSE(watch.Ask(numbers));
}

TEST(ChooseDeviceTest, TakesTheCpuWhereItIsAskedForAndSaysWhyOtherwise) {
  const auto cpu = ChooseDevice("cpu", 1e12);
  ASSERT_TRUE(cpu.ok()) << cpu.status();
  EXPECT_EQ(cpu->device, Device());
  EXPECT_EQ(cpu->why, "asked for");
  const auto small = ChooseDevice("auto", 1);
  ASSERT_TRUE(small.ok()) << small.status();
  EXPECT_EQ(small->device, Device()) << "no GPU gains by a single product";
  EXPECT_NE(small->why, "");
  EXPECT_EQ(ChooseDevice("tpu", 1).status().code(), absl::StatusCode::kInvalidArgument);
  const auto gpu = ChooseDevice("cuda:127", 1e12);
  EXPECT_EQ(gpu.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(gpu.status().message().substr(0, 17), "device cuda:127: ");
}

TEST(ChooseDeviceTest, LearnersOfAGroupTakeGpusInTurn) {
  const auto first = ChooseDevice("cuda", 0);
  if (!first.ok()) GTEST_SKIP() << first.status().message();
  EXPECT_EQ(first->device, (Device{.cuda = true, .index = 0}));
  const auto many = ChooseDevice("cuda", 0, /*rank=*/1000);
  ASSERT_TRUE(many.ok()) << many.status();
  EXPECT_TRUE(ChooseDevice(DeviceName(many->device), 0).ok()) << "there is one of that number";
}

}  // namespace
}  // namespace recbots
