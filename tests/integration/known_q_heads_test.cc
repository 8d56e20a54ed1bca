// The environment whose values are known, learnt from all of its transitions by every value head.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "actor/scenarios/known_q/exact_values.h"
#include "common/algorithms/full_slate_q/full_slate_q.h"

namespace recbots {
namespace {

using Kind = ValueHead::Kind;

constexpr double kDiscount = 0.9;
constexpr int kShares = 10;  // Outcomes of a step have probabilities of tenths.
constexpr int kRows = kKnownQStates * kKnownQActions * kShares;

// Each state and action, with each outcome as often as it is likely.
TransitionBatch AllTransitions() {
  TransitionBatch batch = {at::zeros({kRows, kKnownQStates}), at::zeros({kRows, kKnownQStates}),
                           at::zeros({kRows, 1}, at::TensorOptions(at::kInt)), at::zeros({kRows}),
                           at::full({kRows}, kDiscount)};
  for (int row = 0; row < kRows; ++row) {
    const int state = row / kShares / kKnownQActions, action = row / kShares % kKnownQActions;
    const int outcome = row % kShares < 1 ? 0 : row % kShares < 2 ? 1 : 2;
    batch.observation[row][state] = 1;
    batch.next_observation[row][KnownQDestination(state, action, outcome)] = 1;
    batch.slate[row][0] = action;
    batch.reward[row] = KnownQReward(state, action);
  }
  return batch;
}

class KnownQHeadsTest : public ::testing::TestWithParam<Kind> {};

TEST_P(KnownQHeadsTest, FindsTheExactValues) {
  const KnownQSolution exact = SolveKnownQ(kDiscount).value();
  const TransitionBatch batch = AllTransitions();
  constexpr int64_t kUpdates = 4000;
  FullSlateQOptions options;
  options.shape.num_candidates = options.shape.num_item_features = kKnownQActions;
  options.shape.item_features = false;
  options.shape.q = {.action = {kKnownQStates, kKnownQActions, /*with_none=*/false, 32, 32}, .value_scale = 20};
  options.shape.q.action.head = {GetParam(), /*atoms=*/20, /*range=*/4};
  options.q = {.shape = options.shape.q,
               .learning_rate = 0.003,
               .optimizer = {.schedule = Schedule::kCosine, .decay_steps = kUpdates, .final_share = 0.01},
               .tau = 0.05,
               .seed = 1};
  const auto algorithm = FullSlateQ::Create(options).value();
  for (int64_t i = 0; i < kUpdates; ++i) ASSERT_TRUE(algorithm->Update(batch, {}).ok());
  const c10::InferenceMode no_autograd;  // As in updates, whose memory is used again.
  const at::Tensor values =
      algorithm->q().OnlineValues(at::eye(kKnownQStates), at::eye(kKnownQActions).repeat({kKnownQStates, 1}));
  // Of values up to about 25. The mean of a few quantiles is not quite that of what they are quantiles of.
  const double tolerance = GetParam() == Kind::kQuantile ? 0.5 : 0.05;
  double largest = 0;
  for (size_t s = 0; s < kKnownQStates; ++s) {
    for (size_t a = 0; a < kKnownQActions; ++a) {
      const double value = values[static_cast<int64_t>(s)][static_cast<int64_t>(a)].item<double>();
      largest = std::max(largest, std::abs(value - exact.q[s][a]));
      EXPECT_NEAR(value, exact.q[s][a], tolerance) << "state " << s << " action " << a;
    }
  }
  std::printf("head %d: largest error %.3f\n", static_cast<int>(GetParam()), largest);
}

INSTANTIATE_TEST_SUITE_P(Heads, KnownQHeadsTest, ::testing::Values(Kind::kScalar, Kind::kQuantile, Kind::kTwoHot),
                         [](const auto& test) {
                           return test.param == Kind::kScalar     ? "Scalar"
                                  : test.param == Kind::kQuantile ? "Quantile"
                                                                  : "TwoHot";
                         });

}  // namespace
}  // namespace recbots
