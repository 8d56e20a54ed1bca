// What every policy must do in every scenario.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/policies/feedback.h"
#include "tests/conformance/environment_conformance.h"

namespace recbots::testing {

using PolicyFactory = std::function<std::unique_ptr<Policy>()>;

// Probabilities are numbers in (0, 1], or NaN where the policy says that it does not know them; behind the end of a
// short slate nothing is shown.
inline void ExpectSoundProbabilities(const Stage& stage) {
  const auto k = static_cast<size_t>(stage.environment->spec().slate_size);
  for (size_t i = 0; i < stage.num_users(); ++i) {
    const float slate = stage.behaviour_probability[i];
    if (!std::isnan(slate)) {
      ASSERT_GT(slate, 0) << "user " << i;
      ASSERT_LE(slate, 1) << "user " << i;
    }
    for (size_t j = 0; j < k; ++j) {
      const float position = stage.position_probability[i * k + j];
      if (stage.slates[i * k + j] == kNoItem) {
        ASSERT_EQ(position, 0) << "user " << i << ", position " << j;
      } else if (!std::isnan(position)) {
        // The slate is one of those that show this item here.
        ASSERT_GE(position, (std::isnan(slate) ? 0 : slate) * (1 - 1e-5)) << "user " << i << ", position " << j;
        ASSERT_LE(position, 1 + 1e-5) << "user " << i << ", position " << j;
      }
    }
  }
}

// A policy that says that it is stationary shows the same slates to all users and at every step, for
// certain.
inline void ExpectStationaryWhereItSaysSo(Policy& policy, Stage& stage) {
  if (!policy.stationary()) return;
  const std::vector<int32_t> slates = stage.slates;
  std::vector<StreamPosition> others(stage.num_users());
  for (size_t i = 0; i < others.size(); ++i)
    others[i] = {.stream = 1000, .episode = 9, .step = static_cast<uint32_t>(i)};
  policy.Act({stage.observation, others, stage.candidates},
             {absl::MakeSpan(stage.slates), absl::MakeSpan(stage.behaviour_probability)});
  ASSERT_EQ(stage.slates, slates);
  for (const float probability : stage.behaviour_probability) ASSERT_EQ(probability, 1);
}

// Plays `steps` steps of `num_users` users: every slate is one that the environment takes, and the steps are sound.
inline void ExpectSoundPolicy(const Scenario& scenario, Policy& policy, int num_users, int steps) {
  Stage stage(scenario, num_users, /*first_stream=*/0);
  for (int step = 0; step < steps && !::testing::Test::HasFatalFailure(); ++step) {
    const auto positions = stage.environment->positions();
    const std::vector<StreamPosition> before(positions.begin(), positions.end());
    stage.Act(policy);
    ExpectSoundProbabilities(stage);
    ExpectStationaryWhereItSaysSo(policy, stage);
    const absl::Status status = stage.StepBuffer::Step(*stage.environment);
    ASSERT_TRUE(status.ok()) << status;
    policy.Observe(FeedbackOf(stage));
    stage.Advance();
    ExpectSoundStep(stage, before);
  }
}

// The users that `make`'s policies play come out the same alone, in small batches and in a large one. Not for policies
// that learn across users.
inline void ExpectPolicyIndependentOfTheBatch(const Scenario& scenario, const PolicyFactory& make, int num_users,
                                              int steps) {
  const int session = scenario.spec().users_per_session;
  num_users = num_users / session * session;
  const auto whole = PlayAndHash(scenario, *make(), num_users, /*first_stream=*/0, steps);
  for (const int size : {session, 13 * session}) {
    std::map<std::pair<uint32_t, uint32_t>, uint64_t> pieces;
    for (int first = 0; first < num_users; first += size) {
      pieces.merge(
          PlayAndHash(scenario, *make(), std::min(size, num_users - first), static_cast<uint32_t>(first), steps));
    }
    EXPECT_EQ(pieces, whole) << "batches of " << size;
  }
}

// Told nothing but what it says that it needs, a policy does the same as when it is told everything. For all policies,
// those that learn across users too.
inline void ExpectPolicyReadsOnlyWhatItNeeds(const Scenario& scenario, const PolicyFactory& make, int num_users,
                                             int steps) {
  num_users = std::max(1, num_users / scenario.spec().users_per_session) * scenario.spec().users_per_session;
  const std::unique_ptr<Policy> told_all = make(), told_needs = make();
  Stage all(scenario, num_users, /*first_stream=*/0), needs(scenario, num_users, /*first_stream=*/0);
  const auto bits = [](const std::vector<float>& values) {
    return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  };
  for (int step = 0; step < steps; ++step) {
    all.Act(*told_all);
    needs.Act(*told_needs);
    ASSERT_EQ(all.slates, needs.slates) << "step " << step;
    ASSERT_EQ(bits(all.behaviour_probability), bits(needs.behaviour_probability)) << "step " << step;
    ASSERT_EQ(bits(all.position_probability), bits(needs.position_probability)) << "step " << step;
    ASSERT_TRUE(all.StepBuffer::Step(*all.environment).ok());
    told_all->Observe(FeedbackOf(all));
    // What is not needed would be seen to be wrong.
    std::fill(needs.next_observation.begin(), needs.next_observation.end(), NAN);
    std::fill(needs.next_candidates.begin(), needs.next_candidates.end(), NAN);
    ASSERT_TRUE(StepAndObserve(*needs.environment, *told_needs, needs).ok());
    all.Advance();
    needs.Advance();
  }
}

}  // namespace recbots::testing
