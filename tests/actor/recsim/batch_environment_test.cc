#include "actor/recsim/batch_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "actor/recsim/model_scenario.h"
#include "tests/actor/recsim/toy_model.h"
#include "tests/conformance/environment_conformance.h"

namespace recbots {
namespace {

using ::recbots::testing::Stage;
using ::recbots::testing::ToyModel;
using ::recbots::testing::ToyModelForUser;
using ::recbots::testing::ToyOptions;
using ::testing::HasSubstr;

template <typename Model = ToyModel>
std::unique_ptr<Scenario> Make(const ToyOptions& options, int users_per_session = 1) {
  return ModelScenario<Model>::Create(options, /*seed=*/9, users_per_session).value();
}

TEST(BatchEnvironmentTest, KeepsTheConformanceOfEnvironments) {
  for (const int session : {1, 4}) {
    for (const CandidateRefresh refresh :
         {CandidateRefresh::kEveryStep, CandidateRefresh::kEveryEpisode, CandidateRefresh::kNever}) {
      const auto scenario = Make({.max_episode_steps = 5, .refresh = refresh}, session);
      EXPECT_EQ(scenario->spec().fixed_catalogue, refresh == CandidateRefresh::kNever);
      testing::ExpectSoundSteps(*scenario, 2, /*num_users=*/600, /*steps=*/30);
      testing::ExpectRefusesIllegalInput(*scenario);
      testing::ExpectIndependentOfTheBatch(*scenario, 3, /*steps=*/12);
    }
  }
  testing::ExpectIndependentOfTheBatch(*Make<ToyModelForUser>({}), 3, /*steps=*/12);
}

TEST(BatchEnvironmentTest, DrawsCandidatesWhenTheModelSays) {
  for (const CandidateRefresh refresh :
       {CandidateRefresh::kEveryStep, CandidateRefresh::kEveryEpisode, CandidateRefresh::kNever}) {
    Stage stage(*Make({.refresh = refresh}), 300, 0);
    for (size_t user = 1; user < 300; ++user) {
      const bool alike = std::equal(stage.candidates.begin(), stage.candidates.begin() + 10,
                                    stage.candidates.begin() + static_cast<std::ptrdiff_t>(10 * user));
      ASSERT_EQ(alike, refresh == CandidateRefresh::kNever) << user;
    }
    for (int step = 0; step < 20; ++step) {
      for (size_t user = 0; user < 300; ++user) {  // Candidates 3 and 4 are never shown, so they never change.
        stage.slates[2 * user] = step % 3;
        stage.slates[2 * user + 1] = (step + 1) % 3;
      }
      std::vector<float> before = stage.candidates;
      ASSERT_TRUE(stage.Step().ok());
      for (size_t user = 0; user < 300; ++user) {
        const bool same = before[10 * user + 8] == stage.candidates[10 * user + 8];
        const bool ended = stage.terminated[user] != 0;
        ASSERT_EQ(same, refresh == CandidateRefresh::kNever || (refresh == CandidateRefresh::kEveryEpisode && !ended));
        if (!ended) {  // What the step led to is what comes next.
          for (size_t i = 10 * user; i < 10 * user + 10; ++i) ASSERT_EQ(stage.candidates[i], stage.next_candidates[i]);
        }
      }
    }
  }
}

TEST(BatchEnvironmentTest, PassesTheShownDocumentsInSlateOrder) {
  Stage stage(*Make({}), 300, 0);
  RandomPolicy policy(1, 5, 2);
  for (int step = 0; step < 20; ++step) {
    stage.Act(policy);
    const std::vector<float> before = stage.candidates;
    ASSERT_TRUE(stage.Step().ok());
    for (size_t user = 0; user < 300; ++user) {
      float sum = 0;
      for (size_t k = 0; k < 2; ++k) {
        const float number = before[10 * user + 2 * static_cast<size_t>(stage.slates[2 * user + k])];
        ASSERT_EQ(stage.response[4 * user + 2 * k], number);
        sum += number;
      }
      ASSERT_FLOAT_EQ(stage.reward[user], sum);
    }
  }
}

TEST(BatchEnvironmentTest, DrawsCandidatesForTheUserWhoWillSeeThem) {
  Stage stage(*Make<ToyModelForUser>({}), 300, 0);
  RandomPolicy policy(1, 5, 2);
  for (int step = 0; step < 20; ++step) {
    for (size_t user = 0; user < 300; ++user) {
      for (size_t i = 0; i < 5; ++i) {
        ASSERT_EQ(std::floor(stage.candidates[10 * user + 2 * i]), 10 * stage.observation[2 * user + 1]);
      }
    }
    stage.Act(policy);
    ASSERT_TRUE(stage.Step().ok());
  }
}

TEST(BatchEnvironmentTest, ChangesDocumentsThatOutliveAStep) {
  Stage stage(*Make({.longest_stay = 1000, .refresh = CandidateRefresh::kEveryEpisode}), 3, 0);
  stage.slates = {4, 0, 4, 0, 4, 0};
  for (int step = 1; step <= 3; ++step) {
    ASSERT_TRUE(stage.Step().ok());
    for (size_t user = 0; user < 3; ++user) {
      if (stage.observation[2 * user + 1] == 0) continue;  // A new episode.
      EXPECT_EQ(stage.candidates[10 * user + 9], step);
      EXPECT_EQ(stage.candidates[10 * user + 1], step);
      EXPECT_EQ(stage.candidates[10 * user + 3], 0);
    }
  }
}

TEST(BatchEnvironmentTest, TakesShortSlatesWhereTheyAreAllowed) {
  Stage stage(*Make({.slate_size = 3, .min_slate_size = 0}), 2, 0);
  stage.slates = {kNoItem, kNoItem, kNoItem, 2, 1, kNoItem};
  ASSERT_TRUE(stage.Step().ok());
  EXPECT_EQ(stage.reward[0], 0);
  EXPECT_THAT(std::vector<float>(stage.response.begin(), stage.response.begin() + 6), ::testing::Each(0));
  EXPECT_EQ(stage.response[7], 2) << "the size of the slate";
  EXPECT_EQ(stage.response[10], 0) << "behind its end";

  Stage strict(*Make({.slate_size = 3, .min_slate_size = 2}), 2, 0);
  const auto refusal = [&strict](std::vector<int32_t> slates) {
    strict.slates = std::move(slates);
    const absl::Status status = strict.Step();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  EXPECT_EQ(refusal({0, 1, 2, 2, kNoItem, kNoItem}), "step: slate of user 1 has 1 items, want 2..3");
  EXPECT_EQ(refusal({0, kNoItem, 2, 0, 1, 2}), "step: slate of user 0 names position 2 behind its end (-1)");
  EXPECT_EQ(refusal({0, 1, 2, 3, 1, 3}), "step: slate of user 1 names position 3 twice, want 3 different ones");
  EXPECT_EQ(refusal({0, 1, 5, 3, 1, 2}), "step: slate of user 0 names position 5, want 0..4");
  EXPECT_EQ(refusal({0, 1, -2, 3, 1, 2}), "step: slate of user 0 names position -2, want 0..4");
}

// A session of M users is over when the last has left; nobody answers after leaving, and all see the same candidates.
TEST(BatchEnvironmentTest, SessionsLastUntilTheLastUserHasLeft) {
  constexpr size_t kUsers = 600, kSession = 3;
  Stage stage(*Make({.max_episode_steps = 5}, kSession), kUsers, 0);
  RandomPolicy policy(1, 5, 2);
  size_t waits = 0, cuts = 0;
  std::vector<bool> gone(kUsers);
  for (int step = 0; step < 60; ++step) {
    stage.Act(policy);
    const std::vector<float> seen = stage.observation;
    const auto positions = stage.environment->positions();
    const std::vector<StreamPosition> before(positions.begin(), positions.end());
    ASSERT_TRUE(stage.Step().ok());
    for (size_t user = 0; user < kUsers; ++user) {
      ASSERT_EQ(stage.active[user] == 0, gone[user]);
      const bool ends = stage.terminated[user] + stage.truncated[user] > 0;
      if (gone[user]) {
        ++waits;
        ASSERT_FALSE(ends);
        ASSERT_EQ(stage.reward[user], 0);
        ASSERT_EQ(stage.next_observation[2 * user + 1], seen[2 * user + 1]) << "nothing changes";
      } else {
        ASSERT_EQ(stage.terminated[user] == 1, seen[2 * user] == seen[2 * user + 1] + 1);
        ASSERT_EQ(stage.truncated[user] == 1, !stage.terminated[user] && before[user].step == 4);
        cuts += stage.truncated[user];
      }
      gone[user] = gone[user] || ends;
    }
    for (size_t first = 0; first < kUsers; first += kSession) {
      const bool over = gone[first] && gone[first + 1] && gone[first + 2];
      for (size_t user = first; user < first + kSession; ++user) {
        ASSERT_EQ(stage.environment->positions()[user].episode, before[user].episode + (over ? 1 : 0));
        ASSERT_EQ(stage.environment->positions()[user].step, over ? 0 : before[user].step + 1);
        for (size_t i = 0; i < 10; ++i) ASSERT_EQ(stage.candidates[10 * user + i], stage.candidates[10 * first + i]);
        if (over) gone[user] = false;
      }
    }
  }
  EXPECT_GT(waits, 0U);
  EXPECT_GT(cuts, 0U);
}

TEST(ModelScenarioTest, RefusesWhatCannotBe) {
  const auto refusal = [](const auto& made) { return std::string(made.status().message()); };
  EXPECT_EQ(refusal(ModelScenario<ToyModel>::Create({.longest_stay = 0}, 1)), "longest_stay 0, want at least 1");
  EXPECT_EQ(refusal(ModelScenario<ToyModel>::Create({.num_candidates = 2, .slate_size = 3}, 1)),
            "slate_size 3, want 1..2 (num_candidates)");
  EXPECT_EQ(refusal(ModelScenario<ToyModel>::Create({.min_slate_size = 3}, 1)),
            "min_slate_size 3, want 0..2 (slate_size)");
  EXPECT_EQ(refusal(ModelScenario<ToyModel>::Create({}, 1, 257)), "users_per_session 257, want 1..256");
  EXPECT_THAT(refusal(ModelScenario<ToyModelForUser>::Create({}, 1, 2)), HasSubstr("users_per_session 2, want 1"));
  EXPECT_THAT(refusal(ModelScenario<ToyModelForUser>::Create({.refresh = CandidateRefresh::kNever}, 1)),
              HasSubstr("candidate_refresh NEVER, want EVERY_STEP or EVERY_EPISODE"));
}

}  // namespace
}  // namespace recbots
