#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actor/recsim/history_environment.h"
#include "actor/recsim/history_scenario.h"
#include "actor/recsim/model_scenario.h"
#include "actor/scenarios/choc_kale/model.h"
#include "actor/scenarios/document_browsing/model.h"
#include "actor/scenarios/interest_evolution/model.h"
#include "actor/scenarios/interest_exploration/model.h"
#include "tests/conformance/environment_conformance.h"

namespace recbots {
namespace {

using ::testing::ElementsAre;
using testing::Stage;

// One user, episodes of two steps, the second truncated. Sees the number of its step, 0 at the start; candidates are
// (t, 100 + t) at the t-th step of all. The item shown first is clicked, for t + 1 minutes.
class ScriptedEnvironment final : public Environment {
 public:
  ScriptedEnvironment() {
    spec_.name = "scripted";
    spec_.num_user_features = 1;
    spec_.num_candidates = 2;
    spec_.num_candidate_features = 1;
    spec_.slate_size = 1;
    spec_.response_fields = {"click", "minutes"};
    spec_.fixed_catalogue = false;
  }
  const EnvironmentSpec& spec() const override { return spec_; }
  int num_users() const override { return 1; }
  void Reset(absl::Span<float> observation, absl::Span<float> candidates) override {
    observation[0] = 0;
    Offer(candidates);
  }
  absl::Status Step(absl::Span<const int32_t>, const StepColumns& out) override {
    out.response[0] = 1;
    out.response[1] = static_cast<float>(++steps_);
    const bool ends = steps_ % 2 == 0;
    out.reward[0] = 0;
    out.terminated[0] = 0;
    out.truncated[0] = ends ? 1 : 0;
    out.next_observation[0] = ends ? 2 : 1;
    out.observation[0] = ends ? 0 : 1;
    position_.step = ends ? 0 : 1;
    if (!out.next_candidates.empty()) out.next_candidates[0] = out.next_candidates[1] = ends ? 5 : Now();
    if (!out.next_candidates.empty() && !ends) out.next_candidates[1] = 100 + Now();
    Offer(out.candidates);
    return absl::OkStatus();
  }
  absl::Span<const StreamPosition> positions() const override { return absl::MakeConstSpan(&position_, 1); }

 private:
  float Now() const { return static_cast<float>(steps_); }
  void Offer(absl::Span<float> candidates) const {
    candidates[0] = Now();
    candidates[1] = 100 + Now();
  }
  EnvironmentSpec spec_;
  StreamPosition position_;
  int steps_ = 0;
};

std::unique_ptr<HistoryEnvironment> Remembering(const HistoryOptions& options) {
  auto inner = std::make_unique<ScriptedEnvironment>();
  History history = MakeHistory(options, inner->spec()).value();
  return std::make_unique<HistoryEnvironment>(std::move(inner), std::move(history));
}

// User feature; two entries of (click, minutes, whether there was a response) and their flags; of decay 1: steps,
// shown, clicks, clicked, minutes.
TEST(HistoryEnvironmentTest, WritesTheEpisodeSoFar) {
  const auto environment = Remembering({.length = 2, .trace_decay = {1}, .trace_scale = 1});
  StepBuffer step(environment->spec(), 1);
  ASSERT_EQ(environment->spec().num_user_features, 1 + 2 * 3 + 2 + 5);
  EXPECT_EQ(environment->spec().num_history_features, 2 * 3 + 2 + 5);
  step.Reset(*environment);
  EXPECT_THAT(step.observation, ElementsAre(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0));
  step.slates = {1};
  ASSERT_TRUE(step.Step(*environment).ok());
  EXPECT_THAT(step.next_observation, ElementsAre(1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 100, 1, 100, 1));
  EXPECT_EQ(step.following_observation, step.next_observation);
  step.Advance();
  step.slates = {0};
  ASSERT_TRUE(step.Step(*environment).ok());
  // The episode ended: what the step led to remembers it all, and the new episode nothing.
  EXPECT_THAT(step.next_observation, ElementsAre(2, 1, 2, 1, 1, 1, 1, 1, 1, 2, 101, 2, 101, 3));
  EXPECT_THAT(step.following_observation, ElementsAre(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0));
  step.Advance();
  step.slates = {0};
  ASSERT_TRUE(step.Step(*environment).ok());
  EXPECT_THAT(step.next_observation, ElementsAre(1, 1, 3, 1, 0, 0, 0, 1, 1, 1, 2, 1, 2, 3)) << "item 0 was 2 by then";
}

// Candidates that a step led to are remembered also where the caller does not want to have them.
TEST(HistoryEnvironmentTest, RemembersCandidatesThatNobodyAskedFor) {
  const auto environment =
      Remembering({.length = 2, .remember_user = true, .remember_response = false, .remember_candidates = true});
  StepBuffer step(environment->spec(), 1);
  step.Reset(*environment);
  StepColumns columns = step.columns();
  columns.next_candidates = {};
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(environment->Step(step.slates, columns).ok());
  EXPECT_THAT(step.next_observation, ElementsAre(2, /*newest*/ 2, 5, 5, /*before*/ 1, 1, 101, /*filled*/ 1, 1));
  EXPECT_THAT(step.following_observation, ElementsAre(0, 0, 2, 102, 0, 0, 0, 1, 0));
  columns.next_observation = {};
  ASSERT_TRUE(environment->Step(step.slates, columns).ok());
  EXPECT_THAT(step.following_observation, ElementsAre(1, 1, 3, 103, 0, 2, 102, 1, 1));
}

using MakeInner = std::function<std::unique_ptr<Scenario>()>;

template <typename Model>
MakeInner Of(int users_per_session = 1) {
  return [=] {
    typename Model::Options options;
    if constexpr (requires { options.time_budget; }) options.time_budget = 7;
    if constexpr (requires { options.max_episode_steps; }) options.max_episode_steps = 9;
    return ModelScenario<Model>::Create(options, /*seed=*/5, users_per_session).value();
  };
}

const HistoryOptions kAll = {
    .length = 3, .remember_user = true, .remember_candidates = true, .trace_decay = {0.8, 1}, .trace_scale = 20};

// What happened in a user's episode: rows of the environment without history.
struct Remembered {
  std::vector<float> observation, candidates, response;  // Of the start: no response.
  std::vector<int32_t> slate;
};

template <typename T>
std::vector<T> Row(const std::vector<T>& column, size_t row, size_t rows) {
  const auto width = static_cast<std::ptrdiff_t>(column.size() / rows);
  const auto first = column.begin() + static_cast<std::ptrdiff_t>(row) * width;
  return {first, first + width};
}

// The statistics of kAll by UserStatistics of one user alone, fed with its whole episode.
std::vector<float> Replayed(const std::vector<Remembered>& episode, const EnvironmentSpec& spec) {
  const History history = MakeHistory(kAll, spec).value();
  std::vector<float> out;
  for (const auto& statistics : history.parts) {
    statistics->Reserve(1);
    for (size_t t = 0; t < episode.size(); ++t) {
      const UserView view = {episode[t].observation, episode[t].candidates};
      if (t == 0) {
        statistics->Begin(0, view);
      } else {
        statistics->Add(0, {episode[t].slate, episode[t].response}, view);
      }
    }
    out.resize(out.size() + static_cast<size_t>(statistics->width()));
    statistics->Write(0, absl::MakeSpan(out).last(static_cast<size_t>(statistics->width())));
  }
  return out;
}

std::vector<float> With(std::vector<float> features, const std::vector<Remembered>& episode,
                        const EnvironmentSpec& spec) {
  const std::vector<float> statistics = Replayed(episode, spec);
  features.insert(features.end(), statistics.begin(), statistics.end());
  return features;
}

// The same slates with and without history: all columns are the same, and observations are followed by what the episode
// was.
void ExpectHistoryOfEpisodes(const MakeInner& make, int num_users, int steps) {
  const auto plain = make();
  const auto scenario = HistoryScenario::Create(make(), kAll).value();
  Stage without(*plain, num_users, 0), with(*scenario, num_users, 0);
  const EnvironmentSpec& spec = plain->spec();
  RandomPolicy policy(1, spec.num_candidates, spec.slate_size);
  const size_t n = without.num_users();
  std::vector<std::vector<Remembered>> episodes(n);
  const auto begin = [&](size_t i) {
    episodes[i] = {{Row(without.observation, i, n), Row(without.candidates, i, n), {}, {}}};
    EXPECT_EQ(Row(with.observation, i, n), With(episodes[i][0].observation, episodes[i], spec)) << "start of " << i;
  };
  for (size_t i = 0; i < n; ++i) begin(i);
  for (int step = 0; step < steps && !::testing::Test::HasFailure(); ++step) {
    without.Act(policy);
    with.slates = without.slates;
    ASSERT_TRUE(without.Step().ok());
    ASSERT_TRUE(with.Step().ok());
    EXPECT_EQ(with.reward, without.reward);
    EXPECT_EQ(with.response, without.response);
    EXPECT_EQ(with.terminated, without.terminated);
    EXPECT_EQ(with.truncated, without.truncated);
    EXPECT_EQ(with.active, without.active);
    EXPECT_EQ(with.candidates, without.candidates);
    EXPECT_EQ(with.next_candidates, without.next_candidates);
    for (size_t i = 0; i < n; ++i) {
      const std::vector<float> led_to = Row(without.next_observation, i, n);
      if (without.active[i] != 0) {
        episodes[i].push_back(
            {led_to, Row(without.next_candidates, i, n), Row(without.response, i, n), Row(without.slates, i, n)});
      }
      EXPECT_EQ(Row(with.next_observation, i, n), With(led_to, episodes[i], spec)) << "user " << i << ", step " << step;
      if (with.environment->positions()[i].step == 0) {
        begin(i);
      } else {
        EXPECT_EQ(Row(with.observation, i, n), With(Row(without.observation, i, n), episodes[i], spec));
      }
    }
  }
}

std::unique_ptr<Scenario> Browsing() {
  DocumentBrowsingOptions options;
  options.num_documents = 3;
  options.acceptance = {0.1, 0.9, 0.2, 0.8, 0.3, 0.4, 0.5, 0.6, 0.7};
  return ModelScenario<DocumentBrowsingModel>::Create(options, /*seed=*/5, /*users_per_session=*/1).value();
}

TEST(HistoryScenarioTest, ChangesObservationsAndNothingElse) {
  ExpectHistoryOfEpisodes(Of<InterestEvolutionModel>(), /*num_users=*/30, /*steps=*/40);
  ExpectHistoryOfEpisodes(Of<InterestExplorationModel>(), 30, 40);
  ExpectHistoryOfEpisodes(Of<ChocKaleModel>(), 30, 40);
  ExpectHistoryOfEpisodes(Browsing, 30, 40);
}

TEST(HistoryScenarioTest, KeepsWhatAUserHadWhoWaitsForTheOthers) {
  ExpectHistoryOfEpisodes(Of<InterestEvolutionModel>(/*users_per_session=*/3), 30, 60);
  ExpectHistoryOfEpisodes(Of<ChocKaleModel>(/*users_per_session=*/2), 30, 60);
}

// Same users, same choices, same rewards, to the last bit.
TEST(HistoryScenarioTest, ReferencePoliciesPlayAsTheyDidWithout) {
  for (const MakeInner& make :
       {Of<InterestEvolutionModel>(), Of<InterestExplorationModel>(), Of<ChocKaleModel>(), MakeInner(Browsing)}) {
    const auto plain = make();
    const auto scenario = HistoryScenario::Create(make(), kAll).value();
    auto references = plain->MakeReferencePolicies(), wrapped = scenario->MakeReferencePolicies();
    ASSERT_EQ(wrapped.size(), references.size());
    for (size_t p = 0; p < references.size(); ++p) {
      SCOPED_TRACE(plain->spec().name + ", " + references[p].name);
      EXPECT_EQ(wrapped[p].name, references[p].name);
      EXPECT_EQ(wrapped[p].policy->learns(), references[p].policy->learns());
      Stage without(*plain, 40, 0), with(*scenario, 40, 0);
      for (int step = 0; step < 50; ++step) {
        for (const auto& [stage, policy] :
             {std::pair{&without, references[p].policy.get()}, std::pair{&with, wrapped[p].policy.get()}}) {
          stage->Act(*policy);
          ASSERT_TRUE(stage->StepBuffer::Step(*stage->environment).ok());
          policy->Observe(FeedbackOf(*stage));
          stage->Advance();
        }
        ASSERT_EQ(with.slates, without.slates);
        ASSERT_EQ(with.reward, without.reward);
        ASSERT_EQ(std::memcmp(with.behaviour_probability.data(), without.behaviour_probability.data(),
                              with.behaviour_probability.size() * sizeof(float)),
                  0);
      }
    }
  }
}

TEST(HistoryScenarioTest, KnowsTheValuesOfTheScenarioWithin) {
  const auto plain = Browsing();
  const auto scenario = HistoryScenario::Create(Browsing(), kAll).value();
  EXPECT_EQ(scenario->spec().name, plain->spec().name);
  EXPECT_EQ(scenario->OptimalValue().value(), plain->OptimalValue().value());
  EXPECT_EQ(scenario->RandomValue().value(), plain->RandomValue().value());
  EXPECT_FALSE(plain->AllObservations().empty());
  EXPECT_TRUE(scenario->AllObservations().empty());
  EXPECT_EQ(scenario->ExactValue({}, {}).status().code(), absl::StatusCode::kUnimplemented);
  const auto videos = HistoryScenario::Create(Of<InterestEvolutionModel>()(), kAll).value();
  ASSERT_NE(videos->metrics(), nullptr);
  EXPECT_FALSE(videos->metrics()->ratios().empty());
}

}  // namespace
}  // namespace recbots
