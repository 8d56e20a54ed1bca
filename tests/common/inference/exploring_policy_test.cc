#include "common/inference/exploring_policy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "tests/common/policies/acting.h"

namespace recbots {
namespace {

using testing::Answer;
using testing::Ask;
using testing::FirstSteps;

constexpr int kCandidates = 4, kSlate = 2;
constexpr double kSlates = 12;

// Shows [2, 0], or what the weights are: "31" is [3, 1]. Refuses the empty ones.
class FakeNetwork final : public GreedyNetworkPolicy {
 public:
  absl::Status SetWeights(absl::string_view encoded) override {
    if (encoded.empty()) return absl::InvalidArgumentError("empty");
    first_ = encoded[0] - '0';
    second_ = encoded[1] - '0';
    return absl::OkStatus();
  }
  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    for (size_t i = 0; i < input.positions.size(); ++i) {
      output.slates[2 * i] = first_;
      output.slates[2 * i + 1] = second_;
      output.behaviour_probability[i] = 1;
    }
    std::fill(output.position_probability.begin(), output.position_probability.end(), 1.0f);
  }

 private:
  int32_t first_ = 2, second_ = 0;
};

std::unique_ptr<ExploringPolicy> Make() {
  return std::make_unique<ExploringPolicy>(std::make_unique<FakeNetwork>(), /*seed=*/5, kCandidates, kSlate);
}

// Every slate comes as often as the policy with this share of [3, 1] shows it, and says with what probability.
// Chi-square of 12 slates, 11 degrees of freedom: 48.0 is exceeded once in a million. 100,000 users: a share that is
// off by 0.01 is caught.
void ExpectShare(ExploringPolicy& policy, double share, uint32_t episode) {
  constexpr uint32_t kUsers = 100000;
  const Answer answer = Ask(policy, {.observation = {}, .positions = FirstSteps(kUsers, episode)}, kSlate);
  std::map<std::pair<int32_t, int32_t>, double> count;
  for (size_t i = 0; i < kUsers; ++i) {
    const std::pair slate(answer.slates[2 * i], answer.slates[2 * i + 1]);
    ++count[slate];
    const double greedy = slate == std::pair(3, 1) ? share : 0;
    ASSERT_FLOAT_EQ(answer.behaviour[i], static_cast<float>(greedy + (1 - share) / kSlates));
    ASSERT_FLOAT_EQ(answer.position[2 * i],
                    static_cast<float>((slate.first == 3 ? share : 0) + (1 - share) / kCandidates));
    ASSERT_FLOAT_EQ(answer.position[2 * i + 1],
                    static_cast<float>((slate.second == 1 ? share : 0) + (1 - share) / kCandidates));
  }
  if (share == 1) {
    EXPECT_EQ(count.size(), 1U);
    return;
  }
  ASSERT_EQ(count.size(), kSlates);
  double chi_square = 0;
  for (const auto& [slate, n] : count) {
    EXPECT_NE(slate.first, slate.second);
    const double want = kUsers * ((slate == std::pair(3, 1) ? share : 0) + (1 - share) / kSlates);
    chi_square += (n - want) * (n - want) / want;
  }
  EXPECT_LT(chi_square, 48.0) << "share " << share;
}

TEST(ExploringPolicyTest, IsRandomBeforeThereAreWeights) {
  const auto policy = Make();
  ExpectShare(*policy, 0, 0);
  policy->SetPolicyShare(0.9);
  ExpectShare(*policy, 0, 1);
  EXPECT_FALSE(policy->SetWeights("").ok());
  ExpectShare(*policy, 0, 2);
  ASSERT_TRUE(policy->SetWeights("31").ok());
  ExpectShare(*policy, 0.9, 3);
}

TEST(ExploringPolicyTest, FollowsTheNetworkAsOftenAsItIsTold) {
  const auto policy = Make();
  ASSERT_TRUE(policy->SetWeights("31").ok());
  ExpectShare(*policy, 1, 0);
  uint32_t episode = 1;
  for (const double share : {0.5, 0.0, 0.99, 1.0}) {
    policy->SetPolicyShare(share);
    ExpectShare(*policy, share, episode++);
  }
}

TEST(ExploringPolicyTest, RefusedWeightsChangeNothing) {
  const auto policy = Make();
  ASSERT_TRUE(policy->SetWeights("31").ok());
  EXPECT_FALSE(policy->SetWeights("").ok());
  ExpectShare(*policy, 1, 0);
}

}  // namespace
}  // namespace recbots
