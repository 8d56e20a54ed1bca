#include "common/algorithms/wolpertinger/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace recbots {
namespace {

WolpertingerShape SmallShape(int k = 3) {
  return {.num_user_features = 6, .num_items = 8, .k = k, .embedding_size = 3, .hidden_units = 20};
}

std::string RandomWeights(const WolpertingerShape& shape, uint64_t seed) {
  std::vector<NamedTensor> tensors;
  Rng rng(seed, Purpose::kTest, {});
  for (const TensorSpec& spec : PolicyTensors(shape)) {
    size_t elements = 1;
    for (const int32_t extent : spec.shape) elements *= static_cast<size_t>(extent);
    NamedTensor tensor = {spec.name, spec.shape, std::vector<float>(elements)};
    for (float& value : tensor.values) value = static_cast<float>(0.5 * rng.Normal());
    tensors.push_back(tensor);
  }
  return EncodeTensors(tensors);
}

struct Users {
  std::vector<float> observation;
  std::vector<StreamPosition> positions;
};
Users MakeUsers(const WolpertingerShape& shape, uint32_t n) {
  Users users;
  Rng rng(3, Purpose::kTest, {});
  for (uint32_t i = 0; i < n; ++i) {
    users.positions.push_back({.stream = i, .episode = i % 3, .step = i % 5});
    for (int f = 0; f < shape.num_user_features; ++f) users.observation.push_back(static_cast<float>(rng.Normal()));
  }
  return users;
}

struct Answers {
  std::vector<int32_t> items;
  std::vector<float> probability;
};
Answers ActOn(WolpertingerPolicy& policy, const Users& users) {
  Answers answers = {std::vector<int32_t>(users.positions.size()), std::vector<float>(users.positions.size())};
  policy.Act({users.observation, users.positions},
             {absl::MakeSpan(answers.items), absl::MakeSpan(answers.probability)});
  return answers;
}

std::unique_ptr<WolpertingerPolicy> MakeTestPolicy(const WolpertingerShape& shape, double share, int max_users = 1024) {
  auto policy = WolpertingerPolicy::Create({.shape = shape, .max_users = max_users, .seed = 11}).value();
  EXPECT_TRUE(policy->SetWeights(RandomWeights(shape, 5)).ok());
  policy->SetPolicyShare(share);
  return policy;
}

TEST(WolpertingerPolicyTest, GreedyIsTheBestOfTheNearest) {
  const WolpertingerShape shape = SmallShape();
  const auto policy = MakeTestPolicy(shape, 1);
  const Users users = MakeUsers(shape, 300);
  const Answers answers = ActOn(*policy, users);
  for (size_t i = 0; i < 300; ++i) {
    const auto explanation = policy->Explain(absl::MakeConstSpan(users.observation).subspan(i * 6, 6));
    const auto best = std::max_element(explanation.values.begin(), explanation.values.end());
    EXPECT_EQ(answers.items[i], explanation.candidates[static_cast<size_t>(best - explanation.values.begin())]);
    EXPECT_EQ(answers.items[i], explanation.best);
    EXPECT_EQ(answers.probability[i], 1);
  }
}

TEST(WolpertingerPolicyTest, ChoicesDoNotDependOnTheBatch) {
  for (const double share : {1.0, 0.4}) {
    const WolpertingerShape shape = SmallShape();
    const Users users = MakeUsers(shape, 250);
    const auto policy = MakeTestPolicy(shape, share);
    const Answers together = ActOn(*policy, users);
    const auto small = MakeTestPolicy(shape, share, /*max_users=*/1);
    for (size_t i = 0; i < users.positions.size(); ++i) {
      const Users one = {{users.observation.begin() + static_cast<int64_t>(i) * 6,
                          users.observation.begin() + static_cast<int64_t>(i + 1) * 6},
                         {users.positions[i]}};
      const Answers alone = ActOn(*small, one);
      EXPECT_EQ(alone.items[0], together.items[i]);
      EXPECT_EQ(alone.probability[0], together.probability[i]);
    }
  }
}

// One user at n positions: frequencies within 5 standard errors; a share wrong by 0.01 is caught.
TEST(WolpertingerPolicyTest, FrequenciesAreTheRecordedProbabilities) {
  for (const double share : {0.0, 0.2, 0.7, 1.0}) {
    const WolpertingerShape shape = SmallShape();
    const auto policy = MakeTestPolicy(shape, share);
    constexpr uint32_t kDraws = 200'000;
    Users users = MakeUsers(shape, 1);
    users.positions.clear();
    const std::vector<float> observation = users.observation;
    users.observation.clear();
    for (uint32_t i = 0; i < kDraws; ++i) {
      users.positions.push_back({.stream = i});
      users.observation.insert(users.observation.end(), observation.begin(), observation.end());
    }
    const Answers answers = ActOn(*policy, users);
    const int32_t greedy = policy->Explain(observation).best;
    std::vector<double> counts(8);
    for (size_t i = 0; i < kDraws; ++i) {
      const double want = (answers.items[i] == greedy ? share : 0) + (1 - share) / 8;
      ASSERT_FLOAT_EQ(answers.probability[i], static_cast<float>(want));
      ++counts[static_cast<size_t>(answers.items[i])];
    }
    for (int item = 0; item < 8; ++item) {
      const double p = (item == greedy ? share : 0) + (1 - share) / 8;
      EXPECT_NEAR(counts[static_cast<size_t>(item)] / kDraws, p, 5 * std::sqrt(p * (1 - p) / kDraws) + 1e-12);
    }
  }
}

TEST(WolpertingerPolicyTest, IsRandomBeforeTheFirstWeights) {
  const WolpertingerShape shape = SmallShape();
  const auto policy = WolpertingerPolicy::Create({.shape = shape}).value();
  policy->SetPolicyShare(1);
  const Answers answers = ActOn(*policy, MakeUsers(shape, 4000));
  EXPECT_THAT(answers.probability, ::testing::Each(0.125f));
  for (int32_t item = 0; item < 8; ++item) {
    const auto count = static_cast<double>(std::count(answers.items.begin(), answers.items.end(), item));
    EXPECT_NEAR(count / 4000, 0.125, 5 * std::sqrt(0.125 * 0.875 / 4000));
  }
}

TEST(WolpertingerPolicyTest, RefusesWeightsThatDoNotFitAndKeepsTheOldOnes) {
  const WolpertingerShape shape = SmallShape();
  const auto policy = MakeTestPolicy(shape, 1);
  const Users users = MakeUsers(shape, 100);
  const Answers before = ActOn(*policy, users);
  WolpertingerShape other = shape;
  other.hidden_units = 21;
  const absl::Status status = policy->SetWeights(RandomWeights(other, 6));
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr("'actor.w1' [21, 6], want 'actor.w1' [20, 6]"));
  EXPECT_EQ(policy->SetWeights("nonsense").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(policy->SetWeights(EncodeTensors({})).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ActOn(*policy, users).items, before.items);
}

TEST(WolpertingerPolicyTest, ScoresEverythingWhereKIsTheNumberOfItems) {
  const auto policy = MakeTestPolicy(SmallShape(8), 1);
  const auto explanation = policy->Explain(MakeUsers(SmallShape(), 1).observation);
  EXPECT_THAT(explanation.candidates, ::testing::UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
}

}  // namespace
}  // namespace recbots
