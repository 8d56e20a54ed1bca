// What every environment must do, whatever its scenario. A scenario's test calls these with its own Scenario.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actor/recsim/scenario.h"
#include "common/base/status_macros.h"
#include "common/policies/random_policy.h"
#include "common/rl/step_buffer.h"

namespace recbots::testing {

// An environment with the columns it is stepped with.
class Stage : public StepBuffer {
 public:
  Stage(const Scenario& scenario, int num_users, uint32_t first_stream)
      : StepBuffer(scenario.spec(), num_users), environment(scenario.MakeEnvironment(num_users, first_stream)) {
    // Filled with what an environment must overwrite.
    for (auto* column : {&response, &reward, &observation, &next_observation, &following_observation, &candidates,
                         &next_candidates, &following_candidates}) {
      std::fill(column->begin(), column->end(), NAN);
    }
    for (auto* column : {&terminated, &truncated, &active}) std::fill(column->begin(), column->end(), 77);
    Reset(*environment);
  }

  void Act(Policy& policy) {
    policy.Act({observation, environment->positions(), candidates},
               {absl::MakeSpan(slates), absl::MakeSpan(behaviour_probability), absl::MakeSpan(position_probability)});
  }
  // Afterwards `observation` and `candidates` are those of the next step.
  absl::Status Step() {
    RECBOTS_RETURN_IF_ERROR(StepBuffer::Step(*environment));
    Advance();
    return absl::OkStatus();
  }
  size_t num_users() const { return reward.size(); }
  size_t num_features() const { return observation.size() / num_users(); }

  std::unique_ptr<Environment> environment;
};

inline uint64_t Mix(uint64_t hash, const void* data, size_t bytes) {  // FNV-1a
  for (size_t i = 0; i < bytes; ++i) hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 1099511628211ULL;
  return hash;
}
template <typename T>
uint64_t MixRow(uint64_t hash, const std::vector<T>& column, size_t row, size_t rows) {
  const size_t width = column.size() / rows;
  return Mix(hash, column.data() + row * width, width * sizeof(T));
}

// Plays `policy` for so many steps; a hash of all that happened per (stream, episode), unfinished episodes included.
inline std::map<std::pair<uint32_t, uint32_t>, uint64_t> PlayAndHash(const Scenario& scenario, Policy& policy,
                                                                     int num_users, uint32_t first_stream, int steps) {
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> hashes;
  Stage stage(scenario, num_users, first_stream);
  for (int step = 0; step < steps; ++step) {
    const auto positions = stage.environment->positions();
    const std::vector<StreamPosition> before(positions.begin(), positions.end());
    stage.Act(policy);
    std::vector<float> seen = stage.observation;
    EXPECT_TRUE(stage.Step().ok());
    for (size_t i = 0; i < stage.num_users(); ++i) {
      uint64_t& hash = hashes.try_emplace({before[i].stream, before[i].episode}, 14695981039346656037ULL).first->second;
      hash = Mix(hash, &before[i].step, sizeof(before[i].step));
      for (const auto* column : {&seen, &stage.response, &stage.reward, &stage.next_observation}) {
        hash = MixRow(hash, *column, i, stage.num_users());
      }
      hash = MixRow(hash, stage.slates, i, stage.num_users());
      hash = MixRow(hash, stage.terminated, i, stage.num_users());
      hash = MixRow(hash, stage.truncated, i, stage.num_users());
    }
  }
  return hashes;
}

// The same users come out bit for bit the same alone, in small batches and in one large batch.
inline void ExpectIndependentOfTheBatch(const Scenario& scenario, uint64_t policy_seed, int steps) {
  constexpr int kUsers = 4096;
  const EnvironmentSpec& spec = scenario.spec();
  RandomPolicy policy(policy_seed, spec.num_candidates, spec.slate_size);
  const auto whole = PlayAndHash(scenario, policy, kUsers, /*first_stream=*/0, steps);
  for (const int size : {64, 257}) {
    std::map<std::pair<uint32_t, uint32_t>, uint64_t> pieces;
    for (int first = 0; first < kUsers; first += size) {
      pieces.merge(PlayAndHash(scenario, policy, std::min(size, kUsers - first), static_cast<uint32_t>(first), steps));
    }
    EXPECT_EQ(pieces, whole) << "batches of " << size;
  }
  for (const uint32_t stream : {0U, 1U, 255U, 256U, 1000U, 4095U}) {
    for (const auto& [key, hash] : PlayAndHash(scenario, policy, 1, stream, steps)) {
      EXPECT_EQ(hash, whole.at(key)) << "stream " << key.first << ", episode " << key.second << " alone";
    }
  }
}

// One step's columns against the contract of Environment; `before` are the positions at which the slates were shown.
inline void ExpectSoundStep(const Stage& stage, const std::vector<StreamPosition>& before) {
  const EnvironmentSpec& spec = stage.environment->spec();
  const size_t features = stage.num_features();
  for (size_t i = 0; i < stage.num_users(); ++i) {
    ASSERT_LE(stage.terminated[i], 1);
    ASSERT_LE(stage.truncated[i], 1);
    ASSERT_LE(stage.terminated[i] + stage.truncated[i], 1) << "terminated and truncated at once";
    ASSERT_GE(stage.reward[i], spec.min_reward);
    ASSERT_LE(stage.reward[i], spec.max_reward);
    const bool ended = stage.terminated[i] + stage.truncated[i] > 0;
    const StreamPosition after = stage.environment->positions()[i];
    ASSERT_EQ(after.stream, before[i].stream);
    ASSERT_EQ(after.episode, before[i].episode + (ended ? 1 : 0));
    ASSERT_EQ(after.step, ended ? 0 : before[i].step + 1);
    if (spec.max_episode_steps > 0) {
      const auto limit = static_cast<uint32_t>(spec.max_episode_steps);
      ASSERT_EQ(stage.truncated[i] == 1, !stage.terminated[i] && before[i].step + 1 == limit);
    }
    if (!ended) {
      ASSERT_EQ(std::memcmp(&stage.next_observation[i * features], &stage.observation[i * features],
                            features * sizeof(float)),
                0);
    }
  }
  for (const auto* column : {&stage.response, &stage.next_observation, &stage.observation}) {
    for (const float value : *column) ASSERT_TRUE(std::isfinite(value));
  }
}

inline void ExpectSoundSteps(const Scenario& scenario, uint64_t policy_seed, int num_users, int steps) {
  RandomPolicy policy(policy_seed, scenario.spec().num_candidates, scenario.spec().slate_size);
  Stage stage(scenario, num_users, /*first_stream=*/5);
  for (int step = 0; step < steps && !::testing::Test::HasFatalFailure(); ++step) {
    const auto positions = stage.environment->positions();
    const std::vector<StreamPosition> before(positions.begin(), positions.end());
    stage.Act(policy);
    ASSERT_TRUE(stage.Step().ok());
    ExpectSoundStep(stage, before);
  }
}

// Illegal slates and columns of the wrong length are refused, and nobody is stepped.
inline void ExpectRefusesIllegalInput(const Scenario& scenario) {
  constexpr int kUsers = 300;  // More than one chunk; the last user's slate is the bad one.
  const EnvironmentSpec& spec = scenario.spec();
  RandomPolicy policy(1, spec.num_candidates, spec.slate_size);
  Stage stage(scenario, kUsers, 0), untouched(scenario, kUsers, 0);
  stage.Act(policy);
  untouched.Act(policy);
  for (const int32_t bad : {-1, spec.num_candidates, INT32_MAX, INT32_MIN}) {
    const int32_t good = std::exchange(stage.slates.back(), bad);
    const absl::Status status = stage.Step();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find(std::to_string(bad)), absl::string_view::npos) << status;
    EXPECT_NE(status.message().find("user 299"), absl::string_view::npos) << status;
    stage.slates.back() = good;
  }
  StepColumns columns = stage.columns();
  columns.reward.remove_suffix(1);
  EXPECT_EQ(stage.environment->Step(stage.slates, columns).code(), absl::StatusCode::kInvalidArgument);
  const auto too_few = absl::MakeConstSpan(stage.slates).subspan(1);
  EXPECT_EQ(stage.environment->Step(too_few, stage.columns()).code(), absl::StatusCode::kInvalidArgument);

  ASSERT_TRUE(stage.Step().ok());
  ASSERT_TRUE(untouched.Step().ok());
  EXPECT_EQ(stage.reward, untouched.reward);
  EXPECT_EQ(stage.observation, untouched.observation);
}

}  // namespace recbots::testing
