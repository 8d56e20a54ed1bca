// Sessions that were played are replayed: what a policy says of its own slates in a replay is what it said when it
// showed them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "actor/simulate/impression_log.h"
#include "actor/simulate/simulate.h"
#include "common/log/read_log.h"
#include "common/policies/epsilon_policy.h"
#include "common/policies/random_policy.h"
#include "common/policies/softmax_policy.h"
#include "deploy/cli/evaluate/evaluate.h"
#include "deploy/cli/evaluate/policy_probabilities.h"
#include "tests/actor/simulate/fake_videos.h"
#include "tests/actor/simulate/simulate_support.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using testing::MakeFakeVideos;

// Shows first the item that was clicked least often, as far as the policy was told: a memory, and no luck.
class ShyPolicy final : public Policy {
 public:
  void Act(const PolicyInput& input, const PolicyOutput& output) override {
    clicks_.resize(input.positions.size() * 5);
    for (size_t user = 0; user < input.positions.size(); ++user) {
      float* const clicks = clicks_.data() + 5 * user;
      if (input.positions[user].step == 0) std::fill_n(clicks, 5, 0.0f);
      int32_t best = 0;
      for (int32_t item = 1; item < 5; ++item) best = clicks[item] < clicks[best] ? item : best;
      int32_t second = best == 0 ? 1 : 0;
      for (int32_t item = 0; item < 5; ++item) {
        if (item != best && clicks[item] < clicks[second]) second = item;
      }
      output.slates[2 * user] = best;
      output.slates[2 * user + 1] = second;
      output.behaviour_probability[user] = 1;
    }
    std::fill(output.position_probability.begin(), output.position_probability.end(), 1.0f);
  }
  void Observe(const PolicyFeedback& feedback) override {
    for (size_t at = 0; at < feedback.slates.size(); ++at) {
      const size_t user = at / 2;
      if (!feedback.active.empty() && feedback.active[user] == 0) continue;
      if (feedback.slates[at] < 0) continue;
      clicks_[5 * user + static_cast<size_t>(feedback.slates[at])] += feedback.response[3 * at];
    }
  }

 private:
  std::vector<float> clicks_;
};

class ReplayPolicyTest : public testing::FolderTest {
 protected:
  // Plays a policy with a log, and reads the log.
  InteractionLog Play(const Scenario& scenario, const PolicyFactory& make, bool with_candidates = true) {
    auto log = ImpressionLog::Create(Path("x.csv"), scenario.spec(), with_candidates);
    EXPECT_TRUE(log.ok()) << log.status();
    EXPECT_TRUE(Simulate(scenario, make, {.episodes = 150, .users = 7}, log->get()).ok());
    EXPECT_TRUE((*log)->Finish().ok());
    auto read = ReadLog(Path("x.csv"), {.keep_features = true});
    EXPECT_TRUE(read.ok()) << read.status();
    return *std::move(read);
  }
};

template <typename Make>
PolicyFactory Factory(Make make) {
  return [make]() -> absl::StatusOr<std::unique_ptr<Policy>> { return std::unique_ptr<Policy>(make()); };
}

TEST_F(ReplayPolicyTest, APolicySaysOfItsOwnSlatesWhatItSaidWhenItShowedThem) {
  const auto random = [] { return std::make_unique<RandomPolicy>(7, 5, 2); };
  const auto softmax = [] {
    return std::make_unique<SoftmaxPolicy>(std::make_unique<RankScorer>(std::make_unique<ShyPolicy>(), 5, 2), 0.8, 7, 5,
                                           2);
  };
  const auto mixed = [] { return std::make_unique<EpsilonPolicy>(std::make_unique<ShyPolicy>(), 0.3, 7, 5, 2); };
  const PolicyFactory policies[] = {Factory(random), Factory(softmax), Factory(mixed),
                                    Factory([] { return std::make_unique<ShyPolicy>(); })};
  for (const int users_per_session : {1, 3}) {
    const auto scenario = MakeFakeVideos(users_per_session);
    for (const PolicyFactory& make : policies) {
      InteractionLog log = Play(*scenario, make);
      const auto policy = make();
      const absl::Status filled = FillByReplay(*scenario, **policy, log);
      ASSERT_TRUE(filled.ok()) << filled;
      ASSERT_GT(log.num_rows(), 600U);
      for (size_t row = 0; row < log.num_rows(); ++row) {
        EXPECT_NEAR(log.evaluation_slate[row] / log.slate_propensity[row], 1, 1e-6);
        EXPECT_NEAR(log.evaluation_item[row] / log.item_propensity[row], 1, 1e-6);
        EXPECT_NEAR(log.evaluation_prefix[row] / log.prefix_propensity[row], 1, 1e-6);
      }
    }
  }
}

// Users leave after a step with probability 1: sessions have one step, and the true value is that of the steps. Both
// are means of about 150 x 3 rewards; within 5 standard errors of their difference.
TEST_F(ReplayPolicyTest, EstimatesAgreeWithPlay) {
  const auto scenario = MakeFakeVideos(1, {.exit_probability = 1});
  const auto make = Factory([] { return std::make_unique<RandomPolicy>(7, 5, 2); });
  const auto evaluated = Factory([] {
    return std::make_unique<SoftmaxPolicy>(std::make_unique<ItemScorer>(std::vector<double>{1, 0, 0, 0, 0.5}), 1, 7, 5,
                                           2);
  });
  auto file = ImpressionLog::Create(Path("y.csv"), scenario->spec(), true);
  ASSERT_TRUE(Simulate(*scenario, make, {.episodes = 4000}, file->get()).ok());
  ASSERT_TRUE((*file)->Finish().ok());
  auto log = ReadLog(Path("y.csv"), {.keep_features = true});
  ASSERT_TRUE(log.ok()) << log.status();
  const auto policy = evaluated();
  ASSERT_TRUE(FillByReplay(*scenario, **policy, *log).ok());
  const auto evaluation = EvaluateLog(*log, {.policy = "soft", .estimates = {.bootstrap = 0}});
  ASSERT_TRUE(evaluation.ok()) << evaluation.status();
  EXPECT_NE(evaluation->verdict, VerdictKind::kCannotTell) << evaluation->verdict_sentences[0];
  const auto truth = Simulate(*scenario, evaluated, {.episodes = 20000}, nullptr);
  ASSERT_TRUE(truth.ok());
  const MetricEstimate* const value = truth->Find("AverageEpisodeRewards");
  for (const EstimatorResult& result : evaluation->results) {
    if (result.name != "ips" && result.name != "snips") continue;
    const double error = std::hypot(result.estimate.standard_error, value->standard_error);
    EXPECT_NEAR(result.estimate.value, value->value, 5 * error) << result.name;
    EXPECT_LT(error, 0.1 * value->value) << result.name;
  }
}

TEST_F(ReplayPolicyTest, SaysWhatTheLogLacks) {
  const auto scenario = MakeFakeVideos(1);
  const auto make = Factory([] { return std::make_unique<RandomPolicy>(7, 5, 2); });
  InteractionLog log = Play(*scenario, make);
  testing::LearningPolicy::Seen seen;
  testing::LearningPolicy learning(seen);
  EXPECT_THAT(FillByReplay(*scenario, learning, log).message(), HasSubstr("learns from one user for another"));
  InteractionLog without = Play(*scenario, make);
  without.features.num_user_features = 1;
  RandomPolicy random(7, 5, 2);
  EXPECT_THAT(FillByReplay(*scenario, random, without).message(), HasSubstr("has 1 columns observation.I, want 2"));
  InteractionLog other = Play(*scenario, make);
  other.features.response_fields = {"click"};
  EXPECT_THAT(FillByReplay(*scenario, random, other).message(),
              HasSubstr("response.NAME are not those of fake_videos"));
}

}  // namespace
}  // namespace recbots
