// What every environment must do, whatever its scenario. A scenario's test calls these with its own Scenario.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actor/recsim/scenario.h"
#include "common/base/state_archive.h"
#include "common/base/status_macros.h"
#include "common/base/thread.h"
#include "common/policies/feedback.h"
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

// Plays `policy` for `steps` steps; returns a hash of all that happened per (stream, episode), unfinished episodes
// included.
inline std::map<std::pair<uint32_t, uint32_t>, uint64_t> PlayAndHash(const Scenario& scenario, Policy& policy,
                                                                     int num_users, uint32_t first_stream, int steps) {
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> hashes;
  Stage stage(scenario, num_users, first_stream);
  for (int step = 0; step < steps; ++step) {
    const auto positions = stage.environment->positions();
    const std::vector<StreamPosition> before(positions.begin(), positions.end());
    stage.Act(policy);
    std::vector<float> seen = stage.observation, offered = stage.candidates;
    EXPECT_TRUE(stage.StepBuffer::Step(*stage.environment).ok());
    policy.Observe(FeedbackOf(stage));
    stage.Advance();
    for (size_t i = 0; i < stage.num_users(); ++i) {
      uint64_t& hash = hashes.try_emplace({before[i].stream, before[i].episode}, 14695981039346656037ULL).first->second;
      hash = Mix(hash, &before[i].step, sizeof(before[i].step));
      for (const auto* column :
           {&seen, &offered, &stage.response, &stage.reward, &stage.next_observation, &stage.next_candidates}) {
        hash = MixRow(hash, *column, i, stage.num_users());
      }
      hash = MixRow(hash, stage.slates, i, stage.num_users());
      hash = MixRow(hash, stage.terminated, i, stage.num_users());
      hash = MixRow(hash, stage.truncated, i, stage.num_users());
      hash = MixRow(hash, stage.active, i, stage.num_users());
    }
  }
  return hashes;
}

// Whether two steps have the same bits, in the columns that every step writes.
inline ::testing::AssertionResult SameStep(const StepBuffer& one, const StepBuffer& other) {
  const auto differ = [](const char* column) { return ::testing::AssertionFailure() << column << " differ"; };
  if (one.response != other.response) return differ("responses");
  if (one.reward != other.reward) return differ("rewards");
  if (one.terminated != other.terminated || one.truncated != other.truncated) return differ("ends");
  if (one.active != other.active) return differ("active users");
  if (one.following_observation != other.following_observation) return differ("observations");
  if (one.following_candidates != other.following_candidates) return differ("candidates");
  return ::testing::AssertionSuccess();
}

// What a step led to may be left out, in parts or whole: everything else stays the same bit for bit.
inline void ExpectOptionalColumnsChangeNothing(const Scenario& scenario, uint64_t policy_seed, int num_users,
                                               int steps) {
  const EnvironmentSpec& spec = scenario.spec();
  RandomPolicy policy(policy_seed, spec.num_candidates, spec.slate_size);
  num_users = std::max(1, num_users / spec.users_per_session) * spec.users_per_session;
  for (const auto& [observation, candidates] : {std::pair{false, false}, {false, true}, {true, false}}) {
    Stage whole(scenario, num_users, /*first_stream=*/0), part(scenario, num_users, /*first_stream=*/0);
    for (int step = 0; step < steps; ++step) {
      whole.Act(policy);
      part.slates = whole.slates;
      StepColumns columns = part.columns();
      if (!observation) columns.next_observation = {};
      if (!candidates) columns.next_candidates = {};
      ASSERT_TRUE(part.environment->Step(part.slates, columns).ok());
      ASSERT_TRUE(whole.StepBuffer::Step(*whole.environment).ok());
      ASSERT_TRUE(SameStep(part, whole)) << "step " << step;
      ASSERT_TRUE(!observation || part.next_observation == whole.next_observation) << "step " << step;
      ASSERT_TRUE(!candidates || part.next_candidates == whole.next_candidates) << "step " << step;
      whole.Advance();
      part.Advance();
    }
  }
}

// An environment that loads what another one saved goes on with the same bits.
inline void ExpectGoesOnFromItsState(const Scenario& scenario, uint64_t policy_seed, int num_users, int steps) {
  const EnvironmentSpec& spec = scenario.spec();
  RandomPolicy policy(policy_seed, spec.num_candidates, spec.slate_size);
  num_users = std::max(1, num_users / spec.users_per_session) * spec.users_per_session;
  Stage one(scenario, num_users, /*first_stream=*/0), other(scenario, num_users, /*first_stream=*/0);
  for (int step = 0; step < 2 * steps; ++step) {
    if (step == steps) {
      StateArchive saved;
      one.environment->TransferState(saved);
      one.TransferState(saved);
      ASSERT_TRUE(saved.Finish().ok()) << saved.Finish();
      const std::string bytes = saved.TakeBytes();
      StateArchive loading = StateArchive::Loading(bytes);
      other.environment->TransferState(loading);
      other.TransferState(loading);
      ASSERT_TRUE(loading.Finish().ok()) << loading.Finish();
    }
    one.Act(policy);
    ASSERT_TRUE(one.StepBuffer::Step(*one.environment).ok());
    if (step >= steps) {
      other.Act(policy);
      ASSERT_TRUE(other.StepBuffer::Step(*other.environment).ok());
      ASSERT_EQ(other.slates, one.slates) << "step " << step;
      ASSERT_TRUE(SameStep(other, one)) << "step " << step;
      ASSERT_EQ(other.next_observation, one.next_observation) << "step " << step;
      ASSERT_EQ(other.next_candidates, one.next_candidates) << "step " << step;
      other.Advance();
    }
    one.Advance();
  }
}

// The same users come out bit for bit the same alone, in small batches and in one large batch.
inline void ExpectIndependentOfTheBatch(const Scenario& scenario, uint64_t policy_seed, int steps) {
  const EnvironmentSpec& spec = scenario.spec();
  const int session = spec.users_per_session;
  const int num_users = 4096 / session * session;
  RandomPolicy policy(policy_seed, spec.num_candidates, spec.slate_size);
  const auto whole = PlayAndHash(scenario, policy, num_users, /*first_stream=*/0, steps);
  for (const int size : {64 * session, 257 * session}) {
    std::map<std::pair<uint32_t, uint32_t>, uint64_t> pieces;
    for (int first = 0; first < num_users; first += size) {
      pieces.merge(
          PlayAndHash(scenario, policy, std::min(size, num_users - first), static_cast<uint32_t>(first), steps));
    }
    EXPECT_EQ(pieces, whole) << "batches of " << size;
  }
  for (const uint32_t stream : {0U, 1U, 255U, 256U, 1000U, 4000U}) {
    const uint32_t first = stream / static_cast<uint32_t>(session) * static_cast<uint32_t>(session);
    for (const auto& [key, hash] : PlayAndHash(scenario, policy, session, first, steps)) {
      EXPECT_EQ(hash, whole.at(key)) << "stream " << key.first << ", episode " << key.second << " alone";
    }
  }
}

// {1, 2, 4} threads x {1, 64, 4096} users a batch: the same bytes of every user.
inline void ExpectIndependentOfThreads(const Scenario& scenario, uint64_t policy_seed, int steps) {
  using Hashes = std::map<std::pair<uint32_t, uint32_t>, uint64_t>;
  const EnvironmentSpec& spec = scenario.spec();
  const int session = spec.users_per_session;
  const int num_users = 4096 / session * session;
  Hashes expected;
  for (const int num_threads : {1, 2, 4}) {
    for (const int size : {1, 64, 4096}) {
      const int batch = std::max(1, size / session) * session;
      std::vector<Hashes> parts(static_cast<size_t>(num_threads));
      {
        std::vector<std::unique_ptr<Thread>> threads;
        for (int t = 0; t < num_threads; ++t) {
          threads.push_back(std::make_unique<Thread>("conformance", [&, t] {
            RandomPolicy policy(policy_seed, spec.num_candidates, spec.slate_size);
            for (int first = t * batch; first < num_users; first += num_threads * batch) {
              const int n = std::min(batch, num_users - first);
              parts[static_cast<size_t>(t)].merge(
                  PlayAndHash(scenario, policy, n, static_cast<uint32_t>(first), steps));
            }
          }));
        }
      }
      Hashes all;
      for (Hashes& part : parts) all.merge(part);
      if (expected.empty()) expected = all;
      EXPECT_EQ(all, expected) << num_threads << " threads, batches of " << batch;
    }
  }
}

// One step's columns against the contract of Environment; `before` are the positions at which the slates were shown.
inline void ExpectSoundStep(const Stage& stage, const std::vector<StreamPosition>& before) {
  const EnvironmentSpec& spec = stage.environment->spec();
  const size_t features = stage.num_features();
  const size_t offered = stage.candidates.size() / stage.num_users();
  for (size_t i = 0; i < stage.num_users(); ++i) {
    ASSERT_LE(stage.terminated[i], 1);
    ASSERT_LE(stage.truncated[i], 1);
    ASSERT_LE(stage.terminated[i] + stage.truncated[i], 1) << "terminated and truncated at once";
    ASSERT_GE(stage.reward[i], spec.min_reward);
    ASSERT_LE(stage.reward[i], spec.max_reward);
    const bool left = stage.terminated[i] + stage.truncated[i] > 0;
    const StreamPosition after = stage.environment->positions()[i];
    const bool ended = after.episode != before[i].episode;
    ASSERT_EQ(after.stream, before[i].stream);
    ASSERT_EQ(after.episode, before[i].episode + (ended ? 1 : 0));
    ASSERT_EQ(after.step, ended ? 0 : before[i].step + 1);
    if (spec.users_per_session == 1) {
      ASSERT_EQ(ended, left);
      ASSERT_EQ(stage.active[i], 1);
    }
    if (stage.active[i] == 0) {
      ASSERT_FALSE(left);
      ASSERT_EQ(stage.reward[i], 0);
      continue;
    }
    if (spec.max_episode_steps > 0) {
      const auto limit = static_cast<uint32_t>(spec.max_episode_steps);
      ASSERT_EQ(stage.truncated[i] == 1, !stage.terminated[i] && before[i].step + 1 == limit);
    }
    if (!ended) {
      const auto same = [i](const std::vector<float>& led_to, const std::vector<float>& next, size_t width) {
        const auto row = static_cast<std::ptrdiff_t>(i * width);
        return std::equal(led_to.begin() + row, led_to.begin() + row + static_cast<std::ptrdiff_t>(width),
                          next.begin() + row);
      };
      ASSERT_TRUE(same(stage.next_observation, stage.observation, features));
      ASSERT_TRUE(same(stage.next_candidates, stage.candidates, offered));
    }
  }
  for (const auto* column :
       {&stage.response, &stage.next_observation, &stage.observation, &stage.next_candidates, &stage.candidates}) {
    for (const float value : *column) ASSERT_TRUE(std::isfinite(value));
  }
}

// Random slates, legal ones of every allowed length and illegal ones of every kind: illegal ones are refused and change
// nothing. Plays `steps` steps of every user.
inline void ExpectStandsRandomSlates(const Scenario& scenario, uint64_t seed, int num_users, int steps) {
  const EnvironmentSpec& spec = scenario.spec();
  const auto k = static_cast<size_t>(spec.slate_size);
  const auto n = static_cast<uint32_t>(spec.num_candidates);
  Stage stage(scenario, num_users, 0);
  RandomPolicy policy(seed, spec.num_candidates, spec.slate_size);
  Rng rng(seed, Purpose::kTest, {});
  for (int step = 0; step < steps && !::testing::Test::HasFatalFailure(); ++step) {
    rng = Rng(seed, Purpose::kTest, {0, 0, static_cast<uint32_t>(step)});
    const auto positions = stage.environment->positions();
    const std::vector<StreamPosition> before(positions.begin(), positions.end());
    stage.Act(policy);
    for (size_t i = 0; i < stage.num_users(); ++i) {
      const uint32_t size = static_cast<uint32_t>(spec.min_slate_size) +
                            rng.Index(static_cast<uint32_t>(spec.slate_size - spec.min_slate_size + 1));
      for (size_t j = size; j < k; ++j) stage.slates[i * k + j] = kNoItem;
    }
    const std::vector<int32_t> legal = stage.slates;
    int32_t* const slate = stage.slates.data() + rng.Index(static_cast<uint32_t>(stage.num_users())) * k;
    switch (rng.Index(4)) {
      case 0:
        slate[rng.Index(static_cast<uint32_t>(k))] = static_cast<int32_t>(n + rng.Index(1000));
        break;
      case 1:
        slate[rng.Index(static_cast<uint32_t>(k))] = -2 - static_cast<int32_t>(rng.Index(1000));
        break;
      case 2:
        if (k > 1) {  // Twice the same.
          slate[0] = slate[1] = static_cast<int32_t>(rng.Index(n));
        } else {
          slate[0] = INT32_MAX;
        }
        break;
      default:
        stage.slates.push_back(0);  // Too long.
    }
    ASSERT_EQ(stage.Step().code(), absl::StatusCode::kInvalidArgument);
    stage.slates = legal;
    const absl::Status status = stage.Step();
    ASSERT_TRUE(status.ok()) << status;
    ExpectSoundStep(stage, before);
  }
}

inline void ExpectSoundSteps(const Scenario& scenario, uint64_t policy_seed, int num_users, int steps) {
  RandomPolicy policy(policy_seed, scenario.spec().num_candidates, scenario.spec().slate_size);
  Stage stage(scenario, num_users, /*first_stream=*/5 * static_cast<uint32_t>(scenario.spec().users_per_session));
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
  const EnvironmentSpec& spec = scenario.spec();
  // More than one chunk; the last user's slate is the bad one.
  const int num_users = 300 * spec.users_per_session;
  RandomPolicy policy(1, spec.num_candidates, spec.slate_size);
  Stage stage(scenario, num_users, 0), untouched(scenario, num_users, 0);
  stage.Act(policy);
  untouched.Act(policy);
  const bool may_be_short = spec.min_slate_size < spec.slate_size;
  for (const int32_t bad : {may_be_short ? -2 : kNoItem, spec.num_candidates, INT32_MAX, INT32_MIN}) {
    const int32_t good = std::exchange(stage.slates.back(), bad);
    const absl::Status status = stage.Step();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(status.message().find(std::to_string(bad)), absl::string_view::npos) << status;
    EXPECT_NE(status.message().find("user " + std::to_string(num_users - 1)), absl::string_view::npos) << status;
    stage.slates.back() = good;
  }
  if (spec.slate_size > 1) {
    const int32_t good = std::exchange(stage.slates.back(), stage.slates[stage.slates.size() - 2]);
    EXPECT_NE(stage.Step().message().find("twice"), absl::string_view::npos);
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
