// Updates of Wolpertinger as a tensor program (and, where a test is about both, without).
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/algorithms/wolpertinger/wolpertinger.h"
#include "tests/common/algorithms/wolpertinger/small_problem.h"

namespace recbots {
namespace {

using ::recbots::testing::MakeBatch;
using ::recbots::testing::MakeWeights;
using ::recbots::testing::SmallOptions;

// Nothing of an update depends on the batches before it but what the state holds: sizes, weights, and whether errors
// are wanted change between updates.
TEST(TensorUpdateTest, BatchesOfAnotherSizeLeaveNothingBehind) {
  WolpertingerOptions options = SmallOptions();
  options.actor_objective = ActorObjective::kClimbAndRegress;
  options.twin_critics = true;
  options.actor_delay = 2;
  options.target_noise = 0.2;
  for (const bool with_libtorch : {true, false}) {
    options.with_libtorch = with_libtorch;
    const auto algorithm = Wolpertinger::Create(options).value();
    uint32_t update = 0;
    for (const int64_t rows : {1, 40, 40, 3, 3, 3, 40, 1, 3}) {
      const auto fresh = Wolpertinger::Create(options).value();
      ASSERT_TRUE(fresh->LoadState(algorithm->SaveState()).ok());
      TransitionBatch batch = MakeBatch(options, rows, update);
      if (update % 3 == 1) batch.importance_weights = MakeWeights(rows);
      std::vector<float> errors(static_cast<size_t>(rows)), fresh_errors(static_cast<size_t>(rows));
      if (update % 2 == 1) {
        ASSERT_TRUE(algorithm->Update(batch, absl::MakeSpan(errors)).ok());
      } else {
        ASSERT_TRUE(algorithm->Update(batch, {}).ok());
      }
      ASSERT_TRUE(fresh->Update(batch, absl::MakeSpan(fresh_errors)).ok());
      EXPECT_EQ(algorithm->SaveState(), fresh->SaveState()) << update;
      EXPECT_EQ(algorithm->losses()[0].second, fresh->losses()[0].second) << update;
      if (update % 2 == 1) {
        EXPECT_EQ(errors, fresh_errors) << update;
        EXPECT_EQ(algorithm->losses()[1].second, fresh->losses()[1].second) << update;
      }
      ++update;
    }
  }
}

// bfloat16 has 8 bits, so that each factor of a product is off by up to 2^-9 = 0.2 % of itself. Over the three layers
// forwards and backwards, and where the terms of rows cancel, more of it is left: the bounds are twice what was
// measured (actor 1.8 %, critics 0.8 %).
TEST(TensorUpdateTest, RoundedProductsLearnAlmostTheSame) {
  WolpertingerOptions options = SmallOptions();
  options.actor_objective = ActorObjective::kClimbCritic;
  options.twin_critics = true;
  options.with_libtorch = true;
  const auto exact = Wolpertinger::Create(options).value();
  options.precision = MatrixPrecision::kTf32;
  const auto tf32 = Wolpertinger::Create(options).value();
  options.precision = MatrixPrecision::kBfloat16;
  const auto rounded = Wolpertinger::Create(options).value();
  const TransitionBatch batch = MakeBatch(options, 64);
  for (const auto& algorithm : {exact.get(), tf32.get(), rounded.get()}) ASSERT_TRUE(algorithm->Update(batch, {}).ok());
  EXPECT_EQ(exact->EncodeWeights(), tf32->EncodeWeights()) << "TF32 is the GPU's";
  const auto error = [&](size_t begin, size_t end) {
    const at::Tensor want = exact->gradients().arena.Range(begin, end);
    return ((rounded->gradients().arena.Range(begin, end) - want).norm() / want.norm()).item<double>();
  };
  const double actor = error(0, 6), critics = error(6, exact->gradients().arena.layout().tensors().size());
  RecordProperty("actor", std::to_string(actor));
  RecordProperty("critics", std::to_string(critics));
  EXPECT_LT(actor, 0.036);
  EXPECT_LT(critics, 0.016);
  EXPECT_GT(critics, 0x1p-12) << "they are rounded";
}

TEST(TensorUpdateTest, SaysHowItComputes) {
  WolpertingerOptions options = SmallOptions();
  EXPECT_EQ(Wolpertinger::Create(options).value()->compute_mode(), Algorithm::kKernelsMode);
  options.shape.layers = {{16}};
  EXPECT_EQ(Wolpertinger::Create(options).value()->compute_mode(), "operators");
}

}  // namespace
}  // namespace recbots
