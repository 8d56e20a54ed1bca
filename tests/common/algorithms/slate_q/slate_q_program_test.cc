// SlateQ by its tensor program: beside its kernels, over many updates, and in other precisions.
#include "common/algorithms/slate_q/slate_q_program.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "tests/common/algorithms/slate_q/slate_q_options.h"

namespace recbots {
namespace {

using testing::Clicks;
using testing::MakeSlateBatch;
using testing::MakeSlateOptions;
using testing::SlateQKind;

constexpr int64_t kRows = 16;

std::unique_ptr<SlateQ> MakeSlateQ(SlateQOptions options, bool by_program,
                                   MatrixPrecision precision = MatrixPrecision::kFloat32) {
  options.q.with_libtorch = by_program;
  options.q.precision = precision;
  auto algorithm = SlateQ::Create(options).value();
  EXPECT_EQ(algorithm->compute_mode(), by_program ? "operators" : Algorithm::kKernelsMode);
  return algorithm;
}

double Distance(const at::Tensor& a, const at::Tensor& b) { return (a - b).norm().item<double>(); }

// How far two algorithms are apart after `updates` updates, as a share of the way that the first one has gone.
double Divergence(SlateQ& one, SlateQ& other, const SlateQKind& kind, uint32_t updates) {
  const at::Tensor begin = one.tensors().parameters.flat().clone();
  for (uint32_t i = 0; i < updates; ++i) {
    const TransitionBatch batch = MakeSlateBatch(kRows + i % 2, i, kind.features);
    for (SlateQ* algorithm : {&one, &other}) {
      const absl::Status status = algorithm->Update(batch, {});
      EXPECT_TRUE(status.ok()) << status.message();
    }
  }
  const at::Tensor end = one.tensors().parameters.flat();
  return Distance(end, other.tensors().parameters.flat()) / Distance(end, begin);
}

std::vector<SlateQKind> Kinds() {
  std::vector<SlateQKind> kinds;
  for (const TargetRule target : {TargetRule::kSarsa, TargetRule::kTopK, TargetRule::kGreedy, TargetRule::kOptimal}) {
    for (const Clicks clicks : {Clicks::kProportional, Clicks::kCascade, Clicks::kLearned}) {
      kinds.push_back({.target = target, .clicks = clicks, .dueling = true});
      // With random candidates all are considered.
      kinds.push_back({.target = target, .clicks = clicks, .double_q = false, .k = 4, .random_candidates = 2});
    }
  }
  kinds.push_back({.none_is_zero = true});
  kinds.push_back({.legacy = true});
  kinds.push_back({.clicks = Clicks::kLearned, .features = false});
  kinds.push_back({.target = TargetRule::kSarsa, .clicks = Clicks::kLearned, .k = 4});
  return kinds;
}

// Rounding makes single steps of Adam differ where a gradient cancels, and now and then another slate or candidate is
// chosen of two that are worth the same to rounding; both are forgotten, because learning contracts. Batches have 16
// and 17 rows by turns.
TEST(SlateQProgramTest, LearnsWhatTheKernelsLearn) {
  double largest = 0;
  for (const SlateQKind& kind : Kinds()) {
    SCOPED_TRACE(::testing::PrintToString(kind));
    const SlateQOptions options = MakeSlateOptions(kind);
    const auto kernels = MakeSlateQ(options, false), program = MakeSlateQ(options, true);
    const double divergence = Divergence(*kernels, *program, kind, 200);
    EXPECT_LT(divergence, 1e-3);
    largest = std::max(largest, divergence);
    const Algorithm::Losses want = kernels->losses(), got = program->losses();
    ASSERT_EQ(got.size(), want.size());
    for (size_t i = 0; i < want.size(); ++i) {
      EXPECT_EQ(got[i].first, want[i].first);
      EXPECT_NEAR(got[i].second, want[i].second, 1e-3 * std::max(0.1, std::abs(want[i].second))) << want[i].first;
    }
  }
  std::printf("largest divergence %.2g of the way\n", largest);
}

// Without a learned click model, which is single precision.
TEST(SlateQProgramTest, DoublePrecisionIsClose) {
  const SlateQKind kind = {.dueling = true};
  SlateQOptions options = MakeSlateOptions(kind);
  const auto single = MakeSlateQ(options, true);
  options.q.double_precision = true;
  const auto exact = MakeSlateQ(options, true);
  for (uint32_t i = 0; i < 20; ++i) {
    std::vector<float> of_single(kRows), of_exact(kRows);
    const TransitionBatch batch = MakeSlateBatch(kRows, i);
    ASSERT_TRUE(single->Update(batch, absl::MakeSpan(of_single)).ok());
    ASSERT_TRUE(exact->Update(batch, absl::MakeSpan(of_exact)).ok());
    for (size_t row = 0; row < kRows; ++row) {
      EXPECT_NEAR(of_single[row], of_exact[row], 1e-3 * std::max(1.0f, of_exact[row])) << i;
    }
  }
}

// Products of bfloat16 have 8 bits: single values are off by about 2^-8 of their layers' sizes, and a run drifts, but
// learns. The figures are printed. Seen on the processor of a development machine: 0.0008, 0.008 and 0.33.
TEST(SlateQProgramTest, ErrorsOfBfloat16AreBounded) {
  const SlateQKind kind = {.dueling = true};
  const SlateQOptions options = MakeSlateOptions(kind);
  const auto single = MakeSlateQ(options, true), rounded = MakeSlateQ(options, true, MatrixPrecision::kBfloat16);
  const TransitionBatch batch = MakeSlateBatch(kRows, 1000);
  // Of networks that have learnt something, the same in both.
  for (uint32_t i = 0; i < 50; ++i) ASSERT_TRUE(single->Update(MakeSlateBatch(kRows, i), {}).ok());
  ASSERT_TRUE(rounded->LoadState(single->SaveState()).ok());
  std::vector<float> want(kRows), got(kRows);
  ASSERT_TRUE(single->Update(batch, absl::MakeSpan(want)).ok());
  ASSERT_TRUE(rounded->Update(batch, absl::MakeSpan(got)).ok());
  double error = 0, size = 0;
  for (size_t row = 0; row < kRows; ++row) {
    error += std::abs(double{got[row]} - double{want[row]}) / kRows;
    size += std::abs(double{want[row]}) / kRows;
  }
  const at::Tensor& gradients = single->tensors().gradients.flat();
  const double of_gradients =
      Distance(rounded->tensors().gradients.flat(), gradients) / gradients.norm().item<double>();
  ASSERT_TRUE(rounded->LoadState(single->SaveState()).ok());
  const double divergence = Divergence(*single, *rounded, kind, 200);
  std::printf("bfloat16: TD errors off by %.2g of their mean, gradients by %.2g, 200 updates by %.2g of the way\n",
              error / size, of_gradients, divergence);
  EXPECT_GT(error, 0) << "nothing was rounded";
  EXPECT_LT(error / size, 0.005);
  EXPECT_LT(of_gradients, 0.03);
  EXPECT_LT(divergence, 0.7);
}

}  // namespace
}  // namespace recbots
