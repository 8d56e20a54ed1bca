#include "common/agents/bandits/glm_policy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <vector>

namespace recbots {
namespace {

constexpr size_t kItems = 6, kFeatures = 3, kSlate = 2, kFields = 2;

EnvironmentSpec Spec() {
  EnvironmentSpec spec;
  spec.name = "toy";
  spec.num_candidates = kItems;
  spec.num_candidate_features = kFeatures;
  spec.slate_size = kSlate;
  spec.response_fields = {"quality", "click"};
  spec.max_episode_steps = 100;
  return spec;
}

// Users who click by a logistic model of the first feature, and whose candidates change with every step; all of it a
// function of the user's position, so that batches can be compared.
class Toy {
 public:
  // Steps `streams` for `steps` steps, starting new episodes every `episode_length`.
  Toy(Policy& policy, const std::vector<uint32_t>& streams, uint32_t steps, uint32_t episode_length,
      bool with_marginals = true) {
    const size_t users = streams.size();
    std::vector<StreamPosition> positions(users);
    std::vector<float> candidates(users * kItems * kFeatures), response(users * kSlate * kFields), reward(users);
    std::vector<uint8_t> flags(users, 0), active(users, 1);
    std::vector<int32_t> slates(users * kSlate);
    behaviour.resize(users);
    marginals.resize(with_marginals ? users * kSlate : 0);
    for (uint32_t step = 0; step < steps; ++step) {
      for (size_t user = 0; user < users; ++user) {
        positions[user] = {streams[user], step / episode_length, step % episode_length};
        Rng draws(1, Purpose::kDocument, positions[user]);
        for (size_t i = 0; i < kItems * kFeatures; ++i) {
          candidates[user * kItems * kFeatures + i] = static_cast<float>(draws.Uniform(-1, 1));
        }
      }
      policy.Act({.observation = {}, .positions = positions, .candidates = candidates},
                 {absl::MakeSpan(slates), absl::MakeSpan(behaviour), absl::MakeSpan(marginals)});
      all_slates.insert(all_slates.end(), slates.begin(), slates.end());
      for (size_t user = 0; user < users; ++user) {
        Rng draws(1, Purpose::kChoice, positions[user]);
        for (size_t k = 0; k < kSlate; ++k) {
          const auto item = static_cast<size_t>(slates[user * kSlate + k]);
          const double x = candidates[(user * kItems + item) * kFeatures];
          const float click = draws.Uniform() < 1 / (1 + std::exp(-4 * x)) ? 1.0f : 0.0f;
          response[(user * kSlate + k) * kFields + 1] = click;
          if (step % episode_length >= episode_length / 2) late_clicks += click;
        }
      }
      policy.Observe({.slates = slates,
                      .response = response,
                      .reward = reward,
                      .terminated = flags,
                      .truncated = flags,
                      .next_observation = {},
                      .next_candidates = {},
                      .active = active});
    }
  }

  std::vector<int32_t> all_slates;
  std::vector<float> behaviour, marginals;  // Of the last step.
  double late_clicks = 0;                   // In the second halves of episodes.
};

std::unique_ptr<Policy> Make(bool thompson, const GlmPolicyOptions& options, const EnvironmentSpec& spec = Spec()) {
  if (thompson) {
    auto policy = GlmThompsonPolicy::Create(spec, options, 3);
    return policy.ok() ? std::unique_ptr<Policy>(*std::move(policy)) : nullptr;
  }
  auto policy = UcbGlmPolicy::Create(spec, options, 3);
  return policy.ok() ? std::unique_ptr<Policy>(*std::move(policy)) : nullptr;
}

TEST(GlmPolicyTest, BehavesTheSameWhateverTheBatch) {
  for (const bool thompson : {false, true}) {
    const std::unique_ptr<Policy> policy = Make(thompson, {});
    const Toy together(*policy, {0, 1, 2, 3, 4}, 90, 30);
    EXPECT_FALSE(policy->learns());
    for (const uint32_t stream : {0U, 3U}) {
      const Toy alone(*Make(thompson, {}), {stream}, 90, 30);
      for (size_t step = 0; step < 90; ++step) {
        for (size_t k = 0; k < kSlate; ++k) {
          ASSERT_EQ(alone.all_slates[step * kSlate + k], together.all_slates[(step * 5 + stream) * kSlate + k]);
        }
      }
    }
  }
}

TEST(GlmPolicyTest, SlatesAreDistinctCandidates) {
  for (const bool thompson : {false, true}) {
    const Toy toy(*Make(thompson, {.intercept = true}), {0, 1, 2}, 200, 50, false);
    for (size_t i = 0; i < toy.all_slates.size(); i += kSlate) {
      const std::set<int32_t> slate(&toy.all_slates[i], &toy.all_slates[i] + kSlate);
      ASSERT_EQ(slate.size(), kSlate);
      ASSERT_GE(*slate.begin(), 0);
      ASSERT_LT(*slate.rbegin(), static_cast<int32_t>(kItems));
    }
  }
}

TEST(GlmPolicyTest, SaysHowProbableItsSlateWasWhereItKnows) {
  const Toy ucb(*Make(false, {}), {0, 1}, 40, 20);
  for (const float p : ucb.behaviour) EXPECT_EQ(p, 1);
  for (const float p : ucb.marginals) EXPECT_EQ(p, 1);
  const Toy thompson(*Make(true, {}), {0, 1}, 40, 20);
  for (const float p : thompson.behaviour) EXPECT_TRUE(std::isnan(p));
  for (const float p : thompson.marginals) EXPECT_TRUE(std::isnan(p));
}

TEST(GlmPolicyTest, BreaksTiesUniformlyWithTheirProbability) {
  const std::unique_ptr<Policy> policy = Make(false, {});
  const std::vector<StreamPosition> position = {{0, 0, 0}};
  std::vector<float> alike(kItems * kFeatures, 0.5f), behaviour(1), marginals(kSlate);
  std::vector<int32_t> slate(kSlate);
  policy->Act({.observation = {}, .positions = position, .candidates = alike},
              {absl::MakeSpan(slate), absl::MakeSpan(behaviour), absl::MakeSpan(marginals)});
  EXPECT_FLOAT_EQ(behaviour[0], 1.0f / (kItems * (kItems - 1)));
  for (const float p : marginals) EXPECT_FLOAT_EQ(p, 1.0f / kItems);
}

// Random slates are clicked half of the time. The two best of six uniform features average (6 + 5) / 7 * 2 - 1 = 0.571
// of [-1, 1], where logistic(4 x) averages about 0.88.
TEST(GlmPolicyTest, LearnsWhatUsersClick) {
  constexpr uint32_t kUsers = 40, kSteps = 200;
  std::vector<uint32_t> streams(kUsers);
  for (uint32_t i = 0; i < kUsers; ++i) streams[i] = i;
  const double shown = kUsers * kSteps / 2 * kSlate;
  const Toy thompson(*Make(true, {}), streams, kSteps, kSteps);
  EXPECT_GT(thompson.late_clicks / shown, 0.82);
  const Toy ucb(*Make(false, {.optimism_scaling = 0.05}), streams, kSteps, kSteps);
  EXPECT_GT(ucb.late_clicks / shown, 0.82);
  // Forgetting at every second step leaves nothing to learn from.
  const Toy forgetful(*Make(true, {}), streams, kSteps, 2);
  EXPECT_NEAR(forgetful.late_clicks / shown, 0.5, 0.05);
}

TEST(GlmPolicyTest, LearnsNothingFromRowsWithoutAStep) {
  const std::unique_ptr<Policy> waiting = Make(false, {}), alone = Make(false, {});
  std::vector<float> candidates(kItems * kFeatures), behaviour(1), response(kSlate * kFields, 1.0f), reward(1);
  std::vector<int32_t> first(kSlate), second(kSlate);
  const std::vector<uint8_t> zero(1, 0);
  for (uint32_t step = 0; step < 30; ++step) {
    const std::vector<StreamPosition> position = {{0, 0, step}};
    Rng draws(1, Purpose::kDocument, position[0]);
    for (float& feature : candidates) feature = static_cast<float>(draws.Uniform(-1, 1));
    const PolicyInput input{.observation = {}, .positions = position, .candidates = candidates};
    waiting->Act(input, {absl::MakeSpan(first), absl::MakeSpan(behaviour)});
    alone->Act(input, {absl::MakeSpan(second), absl::MakeSpan(behaviour)});
    EXPECT_EQ(first, second);
    waiting->Observe({.slates = first,
                      .response = response,
                      .reward = reward,
                      .terminated = zero,
                      .truncated = zero,
                      .next_observation = {},
                      .next_candidates = {},
                      .active = zero});
  }
}

TEST(GlmPolicyTest, RefusesEnvironmentsAndOptionsItCannotWorkWith) {
  const auto refused = [](const EnvironmentSpec& spec, const GlmPolicyOptions& options, const char* name) {
    const absl::Status ucb = UcbGlmPolicy::Create(spec, options, 1).status();
    EXPECT_EQ(ucb.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_NE(ucb.message().find(name), absl::string_view::npos) << ucb;
    EXPECT_EQ(GlmThompsonPolicy::Create(spec, options, 1).status(), ucb);
  };
  EnvironmentSpec spec = Spec();
  spec.response_fields = {"engagement"};
  refused(spec, {}, "click");
  spec = Spec();
  spec.num_candidate_features = 0;
  refused(spec, {}, "num_candidate_features");
  spec.num_candidate_features = GlmPolicy::kMaxFeatures;
  EXPECT_TRUE(UcbGlmPolicy::Create(spec, {}, 1).ok());
  refused(spec, {.intercept = true}, "num_candidate_features");
  refused(Spec(), {.optimism_scaling = -1}, "optimism_scaling");
  refused(Spec(), {.optimism_scaling = std::numeric_limits<double>::quiet_NaN()}, "optimism_scaling");
  refused(Spec(), {.sigma0 = 0}, "sigma0");
  refused(Spec(), {.refit_growth = 0.9}, "refit_growth");
  refused(Spec(), {.max_history = 10}, "max_history");
  refused(Spec(), {.horizon = 0.5}, "horizon");
}

}  // namespace
}  // namespace recbots
