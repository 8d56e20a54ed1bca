// The interest evolution model: what is refused, both samplers of videos and users, several clicks, short slates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "actor/recsim/model_scenario.h"
#include "actor/recsim/video_cluster_metrics.h"
#include "actor/scenarios/interest_evolution/model.h"
#include "tests/conformance/environment_conformance.h"
#include "tests/support/scalar_user.h"

namespace recbots {
namespace {

using Model = InterestEvolutionModel;
using Options = InterestEvolutionOptions;
using ::recbots::testing::ScalarUser;
using ::testing::StartsWith;

// --- Videos ----------------------------------------------------------------------------------------------------------

TEST(InterestEvolutionVideosTest, NormalQuantileInvertsTheNormalDistribution) {
  for (const double x : {-6.0, -4.0, -2.5, -1.5, -1.43, -1.0, -0.1, 0.0, 0.3, 1.2, 1.44, 3.0, 5.0}) {
    const double u = std::erfc(-x / std::sqrt(2.0)) / 2;
    EXPECT_NEAR(NormalQuantile(u), x, 1e-6 * (1 + std::abs(x))) << u;
  }
  // The two pieces meet.
  EXPECT_NEAR(NormalQuantile(0.075), NormalQuantile(0.075 - 1e-9), 1e-6);
  EXPECT_NEAR(NormalQuantile(0.925), -NormalQuantile(0.075), 1e-6);
}

// Of 400,000 videos: each cluster as often, quality standard normal in each; 5 standard errors.
TEST(InterestEvolutionVideosTest, ClustersAreUniformAndNormalsDoNotDependOnThem) {
  constexpr double kVideos = 400000;
  for (const uint32_t clusters : {1U, 7U, 20U, 64U}) {
    std::vector<double> count(clusters), sum(clusters), squares(clusters);
    Rng draws(3, Purpose::kTest, {.stream = clusters});
    for (int i = 0; i < kVideos; ++i) {
      Rng next(3, Purpose::kTest, {.stream = clusters, .step = static_cast<uint32_t>(i)});
      const uint32_t video = next.Bits();
      const uint32_t cluster = VideoCluster(video, clusters);
      const double z = VideoNormal(video, clusters);
      ASSERT_TRUE(std::isfinite(z));
      ++count[cluster];
      sum[cluster] += z;
      squares[cluster] += z * z;
    }
    const double p = 1.0 / clusters;
    for (uint32_t c = 0; c < clusters; ++c) {
      EXPECT_NEAR(count[c] / kVideos, p, 5 * std::sqrt(p * (1 - p) / kVideos)) << c << " of " << clusters;
      EXPECT_NEAR(sum[c] / count[c], 0, 5 / std::sqrt(count[c])) << c << " of " << clusters;
      EXPECT_NEAR(squares[c] / count[c], 1, 5 * std::sqrt(2 / count[c])) << c << " of " << clusters;
    }
  }
  for (const uint32_t video : {0U, 1U, 0x7FFFFFFFU, 0xFFFFFFFFU}) EXPECT_TRUE(std::isfinite(VideoNormal(video, 20)));
}

TEST(InterestEvolutionVideosTest, EveryNumberOfClustersHasMeans) {
  for (int clusters = 1; clusters <= 200; ++clusters) {
    const std::vector<double> means = ClusterMeans(clusters, -3, 3);
    ASSERT_EQ(means.size(), static_cast<size_t>(clusters));
    for (const double mean : means) {
      EXPECT_GE(mean, -3);
      EXPECT_LE(mean, 3);
    }
  }
  EXPECT_THAT(ClusterMeans(5, -3, 3), ::testing::ElementsAre(-3, -1.5, 0, 0, 0));
}

TEST(InterestEvolutionVideosTest, UniformVideosAreUniform) {
  constexpr uint32_t kVideos = 20000;
  std::vector<double> features(21), sum(21), squares(21);
  double lengths = 0;
  for (uint32_t video = 0; video < kVideos; ++video) {
    lengths += UniformVideoLength(video);
    UniformVideoFeatures(video, -0.5, 1, absl::MakeSpan(features));
    for (size_t k = 0; k < features.size(); ++k) {
      ASSERT_GE(features[k], -0.5);
      ASSERT_LT(features[k], 1);
      sum[k] += features[k];
      squares[k] += (features[k] - 0.25) * (features[k] - 0.25);
    }
  }
  const double variance = 1.5 * 1.5 / 12;
  for (size_t k = 0; k < features.size(); ++k) {
    EXPECT_NEAR(sum[k] / kVideos, 0.25, 5 * std::sqrt(variance / kVideos));
    EXPECT_NEAR(squares[k] / kVideos, variance, 5 * std::sqrt(0.8 * variance * variance / kVideos));
  }
  EXPECT_NEAR(lengths / kVideos, 0, 5 / std::sqrt(kVideos));
}

// --- Dynamics --------------------------------------------------------------------------------------------------------

TEST(InterestEvolutionDynamicsTest, OneHotAndDenseFeaturesAgreeBitForBit) {
  Options options;
  options.user_quality_factor = 0.3;
  const ChoiceModel choice = ChoiceModel::Create(options.choice).value();
  for (uint32_t round = 0; round < 2000; ++round) {
    Rng rng(9, Purpose::kTest, {.stream = round});
    std::vector<double> interests(20), features(20);
    for (double& interest : interests) interest = rng.Uniform(-1, 1);
    const OneHot hot{rng.Index(20)};
    features[hot.index] = 1;
    const double quality = rng.Uniform(-3, 3), u = rng.Uniform();
    auto dense = interests;
    double budget = 50, dense_budget = 50;
    EXPECT_EQ(Affinity(interests.data(), hot), Affinity(interests.data(), Dense(features)));
    ApplyClick(options.dynamics(), choice, hot, {quality, 4}, u, {interests.data(), budget});
    ApplyClick(options.dynamics(), choice, Dense(features), {quality, 4}, u, {dense.data(), dense_budget});
    EXPECT_EQ(interests, dense);
    EXPECT_EQ(budget, dense_budget);
    for (const double interest : interests) EXPECT_LE(std::abs(interest), 1);
  }
}

TEST(InterestEvolutionDynamicsTest, LaterVideosOfASlateGetTheTimeThatIsLeft) {
  ChoiceModelOptions options;
  options.kind = ChoiceKind::kPositionBased;
  options.examination = {1};
  const ChoiceModel choice = ChoiceModel::Create(options).value();
  const std::vector<double> interests = {0, 0, 0}, lengths = {4, 4, 4};
  const std::vector<OneHot> videos = {{0}, {1}, {2}};
  std::vector<double> watched(3);
  const auto watch = [&](double budget) {
    return WatchVideos(
        choice, interests.data(), budget, ShownVideos<OneHot>{videos.data(), lengths.data(), 3}, [] { return 0.0; },
        watched.data());
  };
  EXPECT_EQ(watch(100), 7u);
  EXPECT_EQ(watched, (std::vector<double>{4, 4, 4}));
  EXPECT_EQ(watch(6), 7u);
  EXPECT_EQ(watched, (std::vector<double>{4, 2, 0}));
}

// --- The model -------------------------------------------------------------------------------------------------------

void ExpectRefused(const std::function<void(Options&)>& change, const std::string& message) {
  Options options;
  change(options);
  const absl::Status status = Model::Validate(options);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << message;
  EXPECT_THAT(std::string(status.message()), StartsWith(message));
}

TEST(InterestEvolutionTest, SettingsOutOfBoundsAreRefused) {
  ASSERT_TRUE(Model::Validate(Options()).ok());
  const double nan = std::numeric_limits<double>::quiet_NaN();
  ExpectRefused([](Options& o) { o.num_candidates = 0; }, "num_candidates 0, want 1..65536");
  ExpectRefused([](Options& o) { o.slate_size = 11; }, "slate_size 11, want 1..10");
  ExpectRefused([](Options& o) { o.num_candidates = 100, o.slate_size = 65; }, "slate_size 65, want 1..64");
  ExpectRefused([](Options& o) { o.num_features = 65; }, "num_features 65, want 1..64");
  ExpectRefused([](Options& o) { o.max_episode_steps = 0; }, "max_episode_steps 0, want 1..");
  ExpectRefused([](Options& o) { o.candidate_refresh = static_cast<CandidateRefresh>(4); }, "candidate_refresh 4");
  ExpectRefused([](Options& o) { o.video_sampler = static_cast<VideoSampler>(3); }, "video_sampler 3, want 1..2");
  ExpectRefused([](Options& o) { o.user_sampler = static_cast<UserSampler>(0); }, "user_sampler 0, want 1..2");
  ExpectRefused([](Options& o) { o.reward = static_cast<EvolutionReward>(3); }, "reward 3, want 1..2");
  ExpectRefused([](Options& o) { o.time_budget = 0; }, "time_budget 0, want more than 0");
  ExpectRefused([nan](Options& o) { o.time_budget = nan; }, "time_budget nan");
  ExpectRefused([](Options& o) { o.step_penalty = -1; }, "step_penalty -1, want 0..");
  ExpectRefused([](Options& o) { o.alpha_x_intercept = 0; }, "alpha_x_intercept 0, want more than 0");
  ExpectRefused([nan](Options& o) { o.alpha_y_intercept = nan; }, "alpha_y_intercept nan");
  ExpectRefused([](Options& o) { o.quality_stddev = -0.1; }, "quality_stddev -0.1");
  ExpectRefused([](Options& o) { o.video_length = 0; }, "video_length 0, want more than 0");
  ExpectRefused([](Options& o) { o.max_feature = -1.5; }, "max_feature -1.5, want -1..1");
  ExpectRefused([](Options& o) { o.min_feature = 0.5, o.max_feature = 0.25; }, "max_feature 0.25, want 0.5..1");
  ExpectRefused([](Options& o) { o.max_video_length = 0; }, "max_video_length 0");
  ExpectRefused([nan](Options& o) { o.fractional_rho = nan; }, "fractional_rho nan");
}

TEST(InterestEvolutionTest, ChoiceModelsThatCouldNotWeighEveryScoreAreRefused) {
  ExpectRefused([](Options& o) { o.choice.min_normalizer = -0.5; }, "choice.min_normalizer -0.5, want at most -1");
  ExpectRefused([](Options& o) { o.choice.no_click_mass = -2; }, "choice.no_click_mass -2, want at least");
  // With features in a cube scores go as far as 20.
  ExpectRefused([](Options& o) { o.video_sampler = VideoSampler::kUniform; },
                "choice.min_normalizer -1, want at most -20");
  ExpectRefused(
      [](Options& o) {
        o.choice.kind = ChoiceKind::kExponentialCascade;
        o.choice.score_scaling = 1;
      },
      "choice.score_scaling 1, want at most 0.367");
}

TEST(InterestEvolutionTest, TheHardCodedSamplerHasItsOwnNumbers) {
  Options options;
  options.user_sampler = UserSampler::kHardCoded;
  const Model model(options);
  EXPECT_EQ(model.options().time_budget, 30);
  EXPECT_EQ(model.options().step_penalty, 1);
  EXPECT_EQ(model.options().user_update_alpha, 0);
  EXPECT_EQ(model.options().user_quality_factor, 1);
  EXPECT_EQ(model.options().document_quality_factor, 1);
  EXPECT_EQ(model.options().choice.attention_prob, 0.9);
  ExpectRefused(
      [](Options& o) {
        o.user_sampler = UserSampler::kHardCoded;
        o.time_budget = 50;
      },
      "time_budget 50, want it left out: user_sampler HARD_CODED_USERS has 30");
  // Nothing is given back: every user watches 30 minutes in all, less what slates without a click cost.
  ScalarUser<Model> user(model, 1, 0);
  double watched = 0;
  int skipped = 0;
  const int32_t slate[] = {0, 1, 2};
  while (!model.IsTerminal(user.user())) {
    const Model::Response response = user.Step(slate, 3);
    watched += model.Reward(response);
    skipped += response.clicks == 0;
    EXPECT_NEAR(user.user().time_budget, 30 - watched - skipped, 1e-12);
  }
}

// Defaults: also RecSim's hidden quality is the same each time it is asked for.
TEST(InterestEvolutionTest, ResponsesTellClusterAndQualityOfEveryVideoShown) {
  const Model model({});
  ScalarUser<Model> user(model, 1, 0);
  for (int step = 0; step < 20; ++step) {
    const auto videos = user.documents();
    const int32_t slate[] = {7, 2, 5};
    const Slate<Model::Document> shown(videos.data(), slate, 3);
    const Model::Response response = user.Step(slate, 3);
    std::vector<float> fields(15, 0.0f);
    model.WriteResponse(shown, response, fields.data());
    EXPECT_LE(fields[0] + fields[5] + fields[10], 1);
    for (size_t i = 0; i < 3; ++i) {
      std::vector<float> features(20, 0.0f);
      model.WriteDocument(shown[static_cast<int>(i)], features.data());
      const auto cluster = static_cast<size_t>(fields[5 * i + 4]);
      EXPECT_EQ(features[cluster], 1.0f);
      EXPECT_NEAR(fields[5 * i + 3], ClusterMeans(20, -3, 3)[cluster], 0.7);
      EXPECT_EQ(fields[5 * i + 1] > 0, fields[5 * i] == 1.0f);
      EXPECT_EQ(fields[5 * i + 2], 0.0f);
    }
  }
}

TEST(InterestEvolutionTest, AnEmptySlateIsAStepWithoutAClick) {
  const Model model({});
  ScalarUser<Model> user(model, 1, 0);
  EXPECT_EQ(user.Step(nullptr, 0).clicks, 0u);
  EXPECT_EQ(user.user().time_budget, 199.5);
}

TEST(InterestEvolutionTest, UniformVideosBelongToTheClusterOfTheirLargestFeature) {
  Options options;
  options.video_sampler = VideoSampler::kUniform;
  options.choice.kind = ChoiceKind::kMultinomialLogit;
  const Model model(options);
  EXPECT_EQ(model.spec().num_clusters, 0);
  ScalarUser<Model> user(model, 1, 0);
  int clicks = 0;
  for (int step = 0; step < 200; ++step) {
    const auto videos = user.documents();
    const auto interests = user.user().interests;
    const int32_t slate[] = {4, 0, 9};
    const Slate<Model::Document> shown(videos.data(), slate, 3);
    const Model::Response response = user.Step(slate, 3);
    for (int i = 0; i < 3; ++i) {
      std::vector<float> features(20, 0.0f);
      model.WriteDocument(shown[i], features.data());
      const auto largest = std::max_element(features.begin(), features.end()) - features.begin();
      EXPECT_EQ(response.cluster[static_cast<size_t>(i)], largest);
      EXPECT_EQ(response.quality[static_cast<size_t>(i)], 1.0);
    }
    EXPECT_EQ(interests != user.user().interests, response.clicks != 0);
    clicks += response.clicks != 0;
  }
  EXPECT_GT(clicks, 50);
}

TEST(InterestEvolutionTest, SeveralClicksAddUp) {
  Options options;
  options.choice.kind = ChoiceKind::kPositionBased;
  options.choice.examination = {1, 0.8};
  for (const auto reward : {EvolutionReward::kWatchTime, EvolutionReward::kClicks}) {
    options.reward = reward;
    const Model model(options);
    EXPECT_EQ(model.spec().max_reward, reward == EvolutionReward::kClicks ? 3 : 12);
    ScalarUser<Model> user(model, 1, 0);
    int several = 0;
    for (int step = 0; step < 200 && !model.IsTerminal(user.user()); ++step) {
      const int32_t slate[] = {0, 1, 2};
      const double before = user.user().time_budget;
      const Model::Response response = user.Step(slate, 3);
      double left = before, sum = 0;
      for (size_t i = 0; i < 3; ++i) {
        if ((response.clicks >> i & 1) == 0) continue;
        sum += reward == EvolutionReward::kClicks ? 1 : response.watch_time[i];
        left += response.watch_time[i] * (options.user_update_alpha * response.quality[i] - 1);
      }
      EXPECT_NEAR(model.Reward(response), sum, 1e-12);
      if (response.clicks == 0) left -= options.step_penalty;
      EXPECT_NEAR(user.user().time_budget, left, 1e-9);
      several += std::popcount(response.clicks) > 1;
    }
    EXPECT_GT(several, 0);
  }
}

TEST(InterestEvolutionTest, CountsVideosOfBothSamplersByCluster) {
  for (const auto sampler : {VideoSampler::kClusters, VideoSampler::kUniform}) {
    Options options;
    options.video_sampler = sampler;
    options.choice.kind = ChoiceKind::kMultinomialLogit;
    const auto scenario = ModelScenario<Model>::Create(options, 5).value();
    testing::Stage stage(*scenario, /*num_users=*/50, /*first_stream=*/0);
    const auto policy = std::move(scenario->MakeReferencePolicies().front().policy);
    std::vector<double> sums(scenario->metrics()->counters().size());
    double clicks = 0;
    for (int step = 0; step < 20; ++step) {
      stage.Act(*policy);
      ASSERT_TRUE(stage.Step().ok());
      for (size_t i = 0; i < 50; ++i) {
        scenario->metrics()->Count(&stage.slates[i * 3], &stage.response[i * 15], sums.data());
        for (size_t k = 0; k < 3; ++k) clicks += double{stage.response[i * 15 + k * 5]};
      }
    }
    double clusters = 0;
    for (size_t c = VideoCounter::kFirstCluster; c < sums.size(); ++c) clusters += sums[c];
    EXPECT_EQ(sums.size(), 4 + 20u);
    EXPECT_EQ(sums[VideoCounter::kImpression], 1000);
    EXPECT_EQ(sums[VideoCounter::kClick], clicks);
    EXPECT_EQ(clusters, clicks);
    EXPECT_GT(clicks, 0);
  }
}

// Every combination of samplers, choice models and refreshments, as an environment.
TEST(InterestEvolutionTest, AllItsVariantsAreSoundEnvironments) {
  for (int kind = 1; kind <= 6; ++kind) {
    for (const auto sampler : {VideoSampler::kClusters, VideoSampler::kUniform}) {
      Options options;
      options.choice.kind = static_cast<ChoiceKind>(kind);
      options.choice.examination = options.choice.continuation = {0.5};
      if (sampler == VideoSampler::kUniform) {
        options.choice.min_normalizer = -20;
        options.choice.score_scaling = 1e-9;
      }
      options.video_sampler = sampler;
      options.candidate_refresh = static_cast<CandidateRefresh>(1 + kind % 3);
      options.user_sampler = kind % 2 == 0 ? UserSampler::kConfigured : UserSampler::kHardCoded;
      options.max_episode_steps = 40;
      SCOPED_TRACE("choice " + std::to_string(kind) + ", video sampler " + std::to_string(static_cast<int>(sampler)));
      const auto scenario = ModelScenario<Model>::Create(options, 5);
      ASSERT_TRUE(scenario.ok()) << scenario.status();
      testing::ExpectSoundSteps(**scenario, 1, /*num_users=*/100, /*steps=*/60);
      testing::ExpectStandsRandomSlates(**scenario, 2, /*num_users=*/50, /*steps=*/30);
    }
  }
}

}  // namespace
}  // namespace recbots
