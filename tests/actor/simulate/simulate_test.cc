#include "actor/simulate/simulate.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "actor/recsim/model_scenario.h"
#include "actor/scenarios/document_browsing/model.h"
#include "tests/actor/simulate/fake_videos.h"
#include "tests/actor/simulate/simulate_support.h"

namespace recbots {
namespace {

using ::testing::AllOf;
using testing::AnyLengthPolicy;
using testing::Factory;
using ::testing::HasSubstr;
using testing::MakeFakeVideos;
using testing::ReplayedStep;

PolicyFactory AnyLength(int min_size) {
  return Factory([min_size] { return std::make_unique<AnyLengthPolicy>(min_size); });
}

// The bytes of everything that must not depend on threads and users.
std::string Fingerprint(const SimulationResult& result) {
  std::string text = absl::StrCat(result.episodes, " ", result.env_steps, " ", result.stopped);
  for (const MetricEstimate& metric : result.metrics) {
    text += metric.name + metric.unit;
    for (const double number : {metric.value, metric.standard_error}) {
      text.append(reinterpret_cast<const char*>(&number), sizeof(number));
    }
  }
  return text;
}

double Value(const SimulationResult& result, const std::string& name) {
  const MetricEstimate* const metric = result.Find(name);
  EXPECT_NE(metric, nullptr) << name;
  return metric == nullptr ? std::nan("") : metric->value;
}

// What RecSim's runner and its metrics would say of these steps.
std::map<std::string, double> Expected(const std::vector<ReplayedStep>& steps) {
  std::map<std::pair<int64_t, int>, double> returns;
  std::map<std::string, double> sums;
  double terminated = 0;
  double truncated = 0;
  for (const ReplayedStep& step : steps) {
    returns[{step.episode, step.user}] += static_cast<double>(step.reward);
    terminated += step.terminated;
    truncated += step.truncated;
    bool any = false;
    for (size_t k = 0; k < 2; ++k) {
      if (step.response[3 * k] == 0) continue;
      any = true;
      sums["click"] += 1;
      sums["quality"] += static_cast<double>(step.response[3 * k + 1]);
      sums[absl::StrCat("cluster_", step.response[3 * k + 2])] += 1;
    }
    if (!any) sums["no_click"] += 1;
  }
  const auto users = static_cast<double>(returns.size());
  const auto impressions = static_cast<double>(steps.size());
  double mean = 0;
  for (const auto& [user, value] : returns) mean += value / users;
  double variance = 0;
  for (const auto& [user, value] : returns) variance += (value - mean) * (value - mean) / users;
  std::map<std::string, double> expected = {{"AverageEpisodeRewards", mean},
                                            {"StdEpisodeRewards", std::sqrt(variance)},
                                            {"AverageEpisodeLength", impressions / users},
                                            {"TerminatedShare", terminated / users},
                                            {"TruncatedShare", truncated / users},
                                            {"CTR", sums["click"] / impressions},
                                            {"AverageQuality", sums["quality"] / sums["click"]}};
  for (const char* name : {"cluster_0", "cluster_1", "cluster_2", "no_click"}) {
    expected[absl::StrCat("cluster_watch_count_frac/", name)] = sums[name] / impressions;
  }
  return expected;
}

class SimulateSessionsTest : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(SimulateSessionsTest, ReportsWhatAReplayFinds) {
  const auto [users_per_session, min_slate_size] = GetParam();
  const auto scenario = MakeFakeVideos(users_per_session, {.min_slate_size = min_slate_size});
  AnyLengthPolicy policy(min_slate_size);
  const int64_t episodes = 150;
  const std::vector<ReplayedStep> steps = testing::Replay(*scenario, policy, episodes);
  const auto result =
      Simulate(*scenario, AnyLength(min_slate_size), {.episodes = episodes, .threads = 2, .users = 20}, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->episodes, episodes);
  EXPECT_EQ(result->env_steps, static_cast<int64_t>(steps.size()));
  EXPECT_FALSE(result->stopped);
  const auto expected = Expected(steps);
  EXPECT_EQ(result->metrics.size(), expected.size());
  for (const auto& [name, value] : expected) EXPECT_NEAR(Value(*result, name), value, 1e-12) << name;
  EXPECT_NEAR(Value(*result, "TerminatedShare") + Value(*result, "TruncatedShare"), 1, 1e-12);
  EXPECT_GT(Value(*result, "TruncatedShare"), 0);
}

TEST_P(SimulateSessionsTest, IsTheSameForAnyThreadsAndUsers) {
  const auto [users_per_session, min_slate_size] = GetParam();
  const auto scenario = MakeFakeVideos(users_per_session, {.min_slate_size = min_slate_size});
  std::string want;
  for (const int threads : {1, 2, 4}) {
    for (const int users : {1, 64, 4096}) {
      SCOPED_TRACE(absl::StrCat(threads, " threads, ", users, " users"));
      const auto result = Simulate(*scenario, AnyLength(min_slate_size),
                                   {.episodes = 1234, .threads = threads, .users = users}, nullptr);
      ASSERT_TRUE(result.ok()) << result.status();
      if (want.empty()) want = Fingerprint(*result);
      EXPECT_EQ(Fingerprint(*result), want);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sessions, SimulateSessionsTest,
                         ::testing::Combine(::testing::Values(1, 2, 3), ::testing::Values(0, 1, 2)));

// Random browsing has an exact value: the mean must be within 5 of its own standard errors.
TEST(SimulateTest, FindsTheExactValueOfBrowsing) {
  DocumentBrowsingOptions options;
  options.num_documents = 3;
  options.acceptance = {0.1, 0.9, 0.4, 0.2, 0.1, 0.8, 0.5, 0.5, 0.5};
  const auto scenario = ModelScenario<DocumentBrowsingModel>::Create(options, /*seed=*/5);
  ASSERT_TRUE(scenario.ok()) << scenario.status();
  const PolicyFactory random = [&]() -> absl::StatusOr<std::unique_ptr<Policy>> {
    return std::move((*scenario)->MakeReferencePolicies()[0].policy);
  };
  const auto result = Simulate(**scenario, random, {.episodes = 20000, .threads = 2}, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  const MetricEstimate* const reward = result->Find("AverageEpisodeRewards");
  ASSERT_NE(reward, nullptr);
  EXPECT_GT(reward->standard_error, 0);
  EXPECT_NEAR(reward->value, (*scenario)->RandomValue().value(), 5 * reward->standard_error);
  EXPECT_NEAR(reward->standard_error, Value(*result, "StdEpisodeRewards") / std::sqrt(20000 - 1),
              1e-12);  // Users are alone: the error of a mean.
  EXPECT_EQ(result->Find("CTR"), nullptr);
}

TEST(SimulateTest, LearningPoliciesMeetOneUserAfterTheOther) {
  const auto scenario = MakeFakeVideos();
  testing::LearningPolicy::Seen seen;
  const auto learner = Factory([&seen] { return std::make_unique<testing::LearningPolicy>(seen); });
  const auto result = Simulate(*scenario, learner, {.episodes = 50, .threads = 4, .users = 64}, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->threads, 1);
  EXPECT_EQ(result->users, 1);
  EXPECT_EQ(seen.most_users, 1u);
  EXPECT_TRUE(seen.next_columns);
  EXPECT_EQ(static_cast<int64_t>(seen.step_feedback.size()), result->env_steps);
  std::vector<uint32_t> streams(50);
  for (uint32_t i = 0; i < 50; ++i) streams[i] = i;
  EXPECT_EQ(seen.streams, streams);
}

// A shorter run is the beginning of a longer one.
TEST(SimulateTest, StopsWithTheEpisodesFinishedInOrder) {
  const auto scenario = MakeFakeVideos();
  for (const int threads : {1, 3}) {
    std::atomic<int> questions{0};
    SimulationOptions options = {.episodes = 1000000, .threads = threads, .users = 4};
    options.should_stop = [&questions] { return ++questions > 2000; };
    const auto stopped = Simulate(*scenario, AnyLength(2), options, nullptr);
    ASSERT_TRUE(stopped.ok()) << stopped.status();
    EXPECT_TRUE(stopped->stopped);
    ASSERT_GT(stopped->episodes, 1);
    ASSERT_LT(stopped->episodes, 1000000);
    auto whole = Simulate(*scenario, AnyLength(2), {.episodes = stopped->episodes}, nullptr);
    ASSERT_TRUE(whole.ok()) << whole.status();
    whole->stopped = true;
    EXPECT_EQ(Fingerprint(*stopped), Fingerprint(*whole));
  }
}

TEST(SimulateTest, StoppedBeforeTheFirstEpisodeHasNoMetrics) {
  const auto scenario = MakeFakeVideos();
  SimulationOptions options = {.episodes = 10};
  options.should_stop = [] { return true; };
  const auto result = Simulate(*scenario, AnyLength(2), options, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->episodes, 0);
  EXPECT_TRUE(result->stopped);
  EXPECT_TRUE(result->metrics.empty());
}

TEST(SimulateTest, OneEpisodeHasNoStandardErrors) {
  const auto scenario = MakeFakeVideos();
  const auto result = Simulate(*scenario, AnyLength(2), {.episodes = 1, .threads = 4}, nullptr);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->threads, 1);
  for (const MetricEstimate& metric : result->metrics) EXPECT_TRUE(std::isnan(metric.standard_error)) << metric.name;
}

TEST(SimulateTest, SaysWhichEpisodesARefusedSlateBelongsTo) {
  const auto scenario = MakeFakeVideos();
  for (const int threads : {1, 4}) {
    const auto illegal = Factory([] { return std::make_unique<testing::IllegalPolicy>(37); });
    const auto result = Simulate(*scenario, illegal, {.episodes = 1000, .threads = threads, .users = 10}, nullptr);
    EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(result.status().message()),
                AllOf(HasSubstr("step 0 of episodes 30..39"), HasSubstr("position 9"), HasSubstr("want 0..4")));
  }
}

TEST(SimulateTest, PassesOnWhyThereIsNoPolicy) {
  const auto scenario = MakeFakeVideos();
  const PolicyFactory none = []() -> absl::StatusOr<std::unique_ptr<Policy>> {
    return absl::InvalidArgumentError("epsilon 7, want 0..1");
  };
  EXPECT_EQ(Simulate(*scenario, none, {}, nullptr).status().message(), "epsilon 7, want 0..1");
}

TEST(SimulateTest, RefusesOptionsOutOfBounds) {
  const auto refused = [](const SimulationOptions& options, int users_per_session, const std::string& message) {
    const auto scenario = MakeFakeVideos(users_per_session);
    const absl::Status status = ValidateSimulation(scenario->spec(), options);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message(), message);
    EXPECT_EQ(Simulate(*scenario, AnyLength(2), options, nullptr).status(), status);
  };
  refused({.episodes = 0}, 1, "episodes 0, want 1..1000000000");
  refused({.episodes = 1000000001}, 1, "episodes 1000000001, want 1..1000000000");
  refused({.threads = 0}, 1, "threads 0, want 1..256");
  refused({.threads = 257}, 1, "threads 257, want 1..256");
  refused({.users = 0}, 1, "users 0, want 1..65536");
  refused({.users = 65537}, 1, "users 65537, want 1..65536");
  refused({.episodes = 1000000000}, 8, "episodes 1000000000, want 1..536870911 with 8 users per session");
  EXPECT_TRUE(ValidateSimulation(MakeFakeVideos(4)->spec(), {.episodes = 1000000000}).ok());
}

}  // namespace
}  // namespace recbots
