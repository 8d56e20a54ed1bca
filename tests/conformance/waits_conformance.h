// What every environment must do where some of its users wait while others step (Environment::StepSome), and where some
// of them are reset (ResetSome).
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "tests/conformance/environment_conformance.h"

namespace recbots::testing {

// Fills a mask per session: 1 with probability 1 / `one_in`.
inline std::vector<uint8_t> DrawMask(const EnvironmentSpec& spec, size_t num_users, uint32_t one_in, Rng& rng) {
  std::vector<uint8_t> mask(num_users);
  const auto session = static_cast<size_t>(spec.users_per_session);
  for (size_t first = 0; first < num_users; first += session) {
    std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(first), session, rng.Index(one_in) == 0 ? 1 : 0);
  }
  return mask;
}

// The row of a column, as a hash: rows with histories are long.
template <typename T>
uint64_t RowOf(const std::vector<T>& column, size_t row, size_t rows) {
  return MixRow(14695981039346656037ULL, column, row, rows);
}

// Everything that a step writes of a user.
inline std::vector<uint64_t> StepOf(const StepBuffer& step, size_t user) {
  const size_t users = step.reward.size();
  std::vector<uint64_t> row;
  for (const auto* column : {&step.response, &step.reward, &step.next_observation, &step.following_observation,
                             &step.next_candidates, &step.following_candidates}) {
    row.push_back(RowOf(*column, user, users));
  }
  for (const auto* column : {&step.terminated, &step.truncated, &step.active}) {
    row.push_back(RowOf(*column, user, users));
  }
  return row;
}

// By (stream, episode, step): what the step led to, and what the episode began with.
using Steps = std::map<std::vector<uint32_t>, std::vector<uint64_t>>;

// A user who waits is written nothing new: no response, no reward, no end, and the observation of before.
inline void ExpectWaits(const StepBuffer& step, size_t user) {
  const size_t users = step.reward.size();
  ASSERT_EQ(step.reward[user], 0);
  ASSERT_EQ(step.terminated[user] + step.truncated[user] + step.active[user], 0);
  const size_t width = step.response.size() / users;
  for (size_t i = 0; i < width; ++i) ASSERT_EQ(step.response[user * width + i], 0);
  for (const auto* column : {&step.next_observation, &step.following_observation}) {
    ASSERT_EQ(RowOf(*column, user, users), RowOf(step.observation, user, users));
  }
  for (const auto* column : {&step.next_candidates, &step.following_candidates}) {
    ASSERT_EQ(RowOf(*column, user, users), RowOf(step.candidates, user, users));
  }
}

// All steps of users who never wait, by position.
inline Steps StepsWithoutWaits(const Scenario& scenario, uint64_t policy_seed, int num_users, int steps) {
  RandomPolicy policy(policy_seed, scenario.spec().num_candidates, scenario.spec().slate_size);
  Stage stage(scenario, num_users, /*first_stream=*/0);
  Steps all;
  for (int step = 0; step < steps; ++step) {
    const auto positions = stage.environment->positions();
    const std::vector<StreamPosition> before(positions.begin(), positions.end());
    stage.Act(policy);
    EXPECT_TRUE(stage.StepBuffer::Step(*stage.environment).ok());
    for (size_t i = 0; i < stage.num_users(); ++i) {
      all[{before[i].stream, before[i].episode, before[i].step}] = StepOf(stage, i);
    }
    stage.Advance();
  }
  return all;
}

// With a third of the users held at each step, chosen at random: every step that is made is bit for bit the one of
// users who never wait, and who waits keeps what it had.
inline void ExpectHeldUsersStandStill(const Scenario& scenario, uint64_t policy_seed, int num_users, int steps) {
  const EnvironmentSpec& spec = scenario.spec();
  num_users = std::max(1, num_users / spec.users_per_session) * spec.users_per_session;
  const Steps expected = StepsWithoutWaits(scenario, policy_seed, num_users, steps);
  RandomPolicy policy(policy_seed, spec.num_candidates, spec.slate_size);
  Stage stage(scenario, num_users, /*first_stream=*/0);
  int64_t held = 0, stepped = 0;
  for (int step = 0; step < steps && !::testing::Test::HasFatalFailure(); ++step) {
    const auto positions = stage.environment->positions();
    const std::vector<StreamPosition> before(positions.begin(), positions.end());
    Rng rng(policy_seed, Purpose::kTest, {0, 0, static_cast<uint32_t>(step)});
    const std::vector<uint8_t> hold = DrawMask(spec, stage.num_users(), 3, rng);
    stage.Act(policy);
    const absl::Status status = stage.environment->StepSome(stage.slates, {.hold = hold}, stage.columns());
    ASSERT_TRUE(status.ok()) << status;
    for (size_t i = 0; i < stage.num_users(); ++i) {
      if (hold[i] != 0) {
        ++held;
        ExpectWaits(stage, i);
        ASSERT_EQ(stage.environment->positions()[i].step, before[i].step);
        ASSERT_EQ(stage.environment->positions()[i].episode, before[i].episode);
      } else {
        ++stepped;
        ASSERT_EQ(StepOf(stage, i), expected.at({before[i].stream, before[i].episode, before[i].step}))
            << "user " << i << ", step " << step;
      }
    }
    stage.Advance();
  }
  ASSERT_GT(held, 0);
  ASSERT_GT(stepped, held);
}

// Without auto_start users whose episode is over wait, with what the last step led to, until they are reset: then they
// begin the episode that they would have begun at once.
inline void ExpectEndedUsersWait(const Scenario& scenario, uint64_t policy_seed, int num_users, int steps) {
  const EnvironmentSpec& spec = scenario.spec();
  num_users = std::max(1, num_users / spec.users_per_session) * spec.users_per_session;
  const Steps expected = StepsWithoutWaits(scenario, policy_seed, num_users, steps);
  RandomPolicy policy(policy_seed, spec.num_candidates, spec.slate_size);
  Stage stage(scenario, num_users, /*first_stream=*/0);
  const auto session = static_cast<size_t>(spec.users_per_session);
  std::vector<uint8_t> gone(stage.num_users()), over(stage.num_users());
  int64_t waits = 0, resets = 0;
  for (int step = 0; step < steps && !::testing::Test::HasFatalFailure(); ++step) {
    const auto positions = stage.environment->positions();
    const std::vector<StreamPosition> before(positions.begin(), positions.end());
    stage.Act(policy);
    // Holding who waits anyway changes nothing.
    StepWaits how = {.auto_start = false};
    if (step % 2 == 1) how.hold = over;
    const absl::Status status = stage.environment->StepSome(stage.slates, how, stage.columns());
    ASSERT_TRUE(status.ok()) << status;
    for (size_t i = 0; i < stage.num_users(); ++i) {
      if (over[i] != 0) {
        ++waits;
        ExpectWaits(stage, i);
        continue;
      }
      std::vector<uint64_t> want = expected.at({before[i].stream, before[i].episode, before[i].step});
      const bool left = stage.terminated[i] + stage.truncated[i] != 0;
      gone[i] |= left ? 1 : 0;
      want[3] = want[2];  // No new episode is begun: what follows is what the step led to.
      want[5] = want[4];
      ASSERT_EQ(StepOf(stage, i), want) << "user " << i << ", step " << step;
    }
    stage.Advance();
    for (size_t first = 0; first < stage.num_users(); first += session) {
      const auto here = gone.begin() + static_cast<std::ptrdiff_t>(first);
      const bool ended = std::find(here, here + static_cast<std::ptrdiff_t>(session), 0) ==
                         here + static_cast<std::ptrdiff_t>(session);
      std::fill_n(over.begin() + static_cast<std::ptrdiff_t>(first), session, ended ? 1 : 0);
    }
    if (step % 3 != 2) continue;
    // Two of three of those whose episode is over.
    Rng rng(policy_seed, Purpose::kTest, {1, 0, static_cast<uint32_t>(step)});
    std::vector<uint8_t> mask = DrawMask(spec, stage.num_users(), 3, rng);
    for (size_t i = 0; i < mask.size(); ++i) mask[i] = over[i] != 0 && mask[i] == 0 ? 1 : 0;
    const std::vector<float> observation = stage.observation, candidates = stage.candidates;
    ASSERT_TRUE(
        stage.environment->ResetSome(mask, absl::MakeSpan(stage.observation), absl::MakeSpan(stage.candidates)).ok());
    for (size_t i = 0; i < mask.size(); ++i) {
      const StreamPosition after = stage.environment->positions()[i];
      if (mask[i] == 0) {
        ASSERT_EQ(RowOf(stage.observation, i, mask.size()), RowOf(observation, i, mask.size()));
        ASSERT_EQ(RowOf(stage.candidates, i, mask.size()), RowOf(candidates, i, mask.size()));
        continue;
      }
      ++resets;
      gone[i] = over[i] = 0;
      ASSERT_EQ(after.step, 0u);
      ASSERT_GT(after.episode, 0u);
      // `expected` has this as what followed the last step of the episode before.
      const auto begun = expected.lower_bound({after.stream, after.episode, 0});
      if (begun == expected.begin()) continue;
      const auto last = std::prev(begun);
      ASSERT_EQ(last->first[1], after.episode - 1);
      ASSERT_EQ(RowOf(stage.observation, i, mask.size()), last->second[3]);
      ASSERT_EQ(RowOf(stage.candidates, i, mask.size()), last->second[5]);
    }
  }
  ASSERT_GT(waits, 0);
  ASSERT_GT(resets, 0);
  stage.Act(policy);
  ASSERT_TRUE(stage.StepBuffer::Step(*stage.environment).ok());
  for (size_t i = 0; i < stage.num_users(); ++i) {
    if (over[i] != 0) ExpectWaits(stage, i);
  }
}

// Masks of the wrong length or that divide a session, a first reset of some: refused, and nothing is changed. A reset
// of all is Reset, and after a reset in mid-episode the next episode begins.
inline void ExpectRefusesBadMasks(const Scenario& scenario) {
  const EnvironmentSpec& spec = scenario.spec();
  const int num_users = 3 * spec.users_per_session;
  const auto users = static_cast<size_t>(num_users);
  RandomPolicy policy(1, spec.num_candidates, spec.slate_size);
  Stage stage(scenario, num_users, 0), other(scenario, num_users, 0);
  stage.Act(policy);
  other.Act(policy);
  const std::vector<uint8_t> all(users, 1), short_mask(users - 1, 1);
  EXPECT_EQ(stage.environment->StepSome(stage.slates, {.hold = short_mask}, stage.columns()).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(
      stage.environment->ResetSome(short_mask, absl::MakeSpan(stage.observation), absl::MakeSpan(stage.candidates))
          .code(),
      absl::StatusCode::kInvalidArgument);
  if (spec.users_per_session > 1) {
    std::vector<uint8_t> divided(users);
    divided[1] = 1;
    const absl::Status status = stage.environment->StepSome(stage.slates, {.hold = divided}, stage.columns());
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find("session"), absl::string_view::npos) << status;
  }
  const std::unique_ptr<Environment> fresh = scenario.MakeEnvironment(num_users, 0);
  std::vector<uint8_t> some = all;
  std::fill_n(some.begin(), spec.users_per_session, 0);
  std::vector<float> observation = stage.observation, candidates = stage.candidates;
  EXPECT_EQ(fresh->ResetSome(some, absl::MakeSpan(observation), absl::MakeSpan(candidates)).code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(fresh->ResetSome(all, absl::MakeSpan(observation), absl::MakeSpan(candidates)).ok());
  EXPECT_EQ(observation, stage.observation);
  EXPECT_EQ(candidates, stage.candidates);

  ASSERT_TRUE(stage.Step().ok());
  ASSERT_TRUE(other.Step().ok());
  EXPECT_EQ(stage.observation, other.observation);
  ASSERT_TRUE(
      stage.environment->ResetSome(all, absl::MakeSpan(stage.observation), absl::MakeSpan(stage.candidates)).ok());
  other.Reset(*other.environment);
  EXPECT_EQ(stage.observation, other.observation);
  EXPECT_EQ(stage.candidates, other.candidates);
}

}  // namespace recbots::testing
