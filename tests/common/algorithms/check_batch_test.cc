#include "common/algorithms/check_batch.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

namespace recbots {
namespace {

constexpr int64_t kRows = 4;

// Everything is looked at.
BatchShape MakeShape() {
  return {.num_user_features = 3,
          .num_candidates = 5,
          .num_candidate_features = 2,
          .slate_size = 2,
          .num_response_fields = 3,
          .next_slate = true};
}

TransitionBatch MakeBatch() {
  TransitionBatch batch;
  batch.observation = at::zeros({kRows, 3});
  batch.next_observation = at::zeros({kRows, 3});
  batch.candidates = at::zeros({kRows, 5, 2});
  batch.next_candidates = at::zeros({kRows, 5, 2});
  batch.slate = at::zeros({kRows, 2}, at::kInt);
  batch.next_slate = at::zeros({kRows, 2}, at::kInt);
  batch.response = at::zeros({kRows, 2, 3});
  batch.reward = at::zeros({kRows});
  batch.discount = at::zeros({kRows});
  batch.importance_weights = at::ones({kRows});
  return batch;
}

void ExpectRefused(const absl::Status& status, const std::string& message) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
  EXPECT_THAT(std::string(status.message()), ::testing::StartsWith("batch: "));
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(message));
}

TEST(CheckBatchTest, NamesColumnAndWhatItShouldBe) {
  EXPECT_TRUE(CheckBatch(MakeBatch(), MakeShape(), {}).ok());
  const auto refused = [](const std::function<void(TransitionBatch&)>& change, const std::string& message) {
    TransitionBatch batch = MakeBatch();
    change(batch);
    ExpectRefused(CheckBatch(batch, MakeShape(), {}), message);
  };
  refused(
      [](auto& b) {
        b.observation = at::zeros({4, 2});
      },
      "observation is Float [4, 2], want Float [4, 3] on the CPU");
  refused(
      [](auto& b) {
        b.next_observation = at::zeros({3, 3});
      },
      "next_observation is Float [3, 3], want Float [4, 3]");
  refused([](auto& b) { b.observation = at::Tensor(); }, "observation is undefined");
  refused([](auto& b) { b.candidates = at::zeros({4, 10}); }, "candidates is Float [4, 10], want Float [4, 5, 2]");
  refused([](auto& b) { b.next_candidates = at::Tensor(); }, "next_candidates is undefined");
  refused([](auto& b) { b.slate = at::zeros({4, 2}, at::kLong); }, "slate is Long [4, 2], want Int [4, 2]");
  refused([](auto& b) { b.next_slate = at::zeros({4, 1}, at::kInt); }, "next_slate is Int [4, 1], want Int [4, 2]");
  refused([](auto& b) { b.response = at::zeros({4, 2}); }, "response is Float [4, 2], want Float [4, 2, 3]");
  refused([](auto& b) { b.response = at::zeros({4, 2, 2}); }, "response is Float [4, 2, 2], want Float [4, 2, 3]");
  refused([](auto& b) { b.response = at::zeros({4, 1, 7}); }, "response is Float [4, 1, 7], want Float [4, 2, 7]");
  refused([](auto& b) { b.response = at::zeros({4, 2, 3}, at::kInt); }, "response is Int [4, 2, 3]");
  refused([](auto& b) { b.response = at::Tensor(); }, "response is undefined");
  refused([](auto& b) { b.reward = at::zeros({0}); }, "reward is not a vector of at least 1 row");
  refused([](auto& b) { b.reward = at::zeros({4, 1}); }, "reward is not a vector");
  refused([](auto& b) { b.reward = at::Tensor(); }, "reward is not a vector");
  refused([](auto& b) { b.reward = at::zeros({4}, at::kDouble); }, "reward is Double [4], want Float [4]");
  refused([](auto& b) { b.discount = at::zeros({5}); }, "discount is Float [5], want Float [4]");
  refused([](auto& b) { b.importance_weights = at::ones({4, 1}); }, "importance_weights is Float [4, 1]");
  refused([](auto& b) { b.importance_weights[2] = -0.5; }, "importance_weights[2] is -0.5, want a finite number");
  refused([](auto& b) { b.importance_weights[3] = std::nan(""); }, "importance_weights[3] is nan");
  refused([](auto& b) { b.importance_weights[0] = INFINITY; }, "importance_weights[0] is inf");
  std::vector<float> td_errors(3);
  ExpectRefused(CheckBatch(MakeBatch(), MakeShape(), td_errors), "room for 3 TD errors, want 4 (rows) or 0");
  td_errors.resize(4);
  EXPECT_TRUE(CheckBatch(MakeBatch(), MakeShape(), td_errors).ok());
}

TEST(CheckBatchTest, WhatIsNotLookedAtMayBeMissing) {
  TransitionBatch batch;
  batch.slate = at::zeros({kRows, 1}, at::kInt);
  batch.reward = batch.discount = at::zeros({kRows}, at::kDouble);
  EXPECT_TRUE(CheckBatch(batch, {.num_candidates = 5, .value_dtype = at::kDouble}, {}).ok());
  batch = MakeBatch();
  batch.response = at::zeros({kRows, 2, 9});  // More fields than are looked at.
  batch.importance_weights = at::ones({kRows, 2}).select(1, 0);
  EXPECT_TRUE(CheckBatch(batch, MakeShape(), {}).ok());
}

TEST(CheckSlatesTest, PositionsAreCandidatesAndAShortSlateEndsOnce) {
  const auto check = [](std::vector<int32_t> slates) {
    const at::Tensor tensor =
        at::from_blob(slates.data(), {static_cast<int64_t>(slates.size()) / 3, 3}, at::TensorOptions(at::kInt));
    return CheckSlates("next_slate", tensor, 5);
  };
  EXPECT_TRUE(check({0, 4, 2, 3, -1, -1, -1, -1, -1}).ok());
  ExpectRefused(check({0, 1, 2, 3, 5, 1}), "next_slate[1] has candidate 5, want 0..4");
  ExpectRefused(check({0, 1, -2}), "next_slate[0] has candidate -2, want 0..4");
  ExpectRefused(check({0, 1, 2, 3, -1, 1}), "next_slate[1] has an item behind its end");
  ExpectRefused(check({-1, 1, 2}), "next_slate[0] has an item behind its end");
}

}  // namespace
}  // namespace recbots
