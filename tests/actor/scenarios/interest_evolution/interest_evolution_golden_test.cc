// Interest evolution against the reference simulator: every case of the files, through the functions that the simulator
// itself calls.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "actor/scenarios/interest_evolution/model.h"
#include "tests/support/golden_choice.h"

namespace recbots {
namespace {

using testing::GoldenValue;

void ForEachCase(const std::string& name,
                 const std::function<void(const GoldenValue& in, const GoldenValue& out)>& compare) {
  const testing::Golden golden("recsim/" + name + ".json");
  size_t compared = 0;
  for (const GoldenValue& test : golden.at("cases")) {
    SCOPED_TRACE(name + " case " + std::to_string(compared));
    compare(test.at("in"), test.at("out"));
    ++compared;
  }
  EXPECT_EQ(compared, golden.at("cases").size());
  EXPECT_GT(compared, 0u);
}

void ExpectNear(const std::vector<double>& ours, const GoldenValue& theirs) {
  ASSERT_EQ(ours.size(), theirs.size());
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_NEAR(ours[i], theirs[i].get<double>(), 1e-12) << "element " << i;
}

InterestDynamics DynamicsOf(const GoldenValue& in) {
  InterestDynamics dynamics;
  dynamics.alpha_x_intercept = in.at("alpha_x_intercept").get<double>();
  dynamics.alpha_y_intercept = in.at("alpha_y_intercept").get<double>();
  dynamics.user_update_alpha = in.at("user_update_alpha").get<double>();
  dynamics.step_penalty = in.at("step_penalty").get<double>();
  dynamics.user_quality_factor = in.at("user_quality_factor").get<double>();
  dynamics.document_quality_factor = in.at("document_quality_factor").get<double>();
  return dynamics;
}

// The only feature that is 1 where the others are 0; -1: not one-hot.
int OneHotIndex(const std::vector<double>& features) {
  int index = -1;
  for (size_t k = 0; k < features.size(); ++k) {
    if (features[k] == 0) continue;
    if (features[k] != 1 || index >= 0) return -1;
    index = static_cast<int>(k);
  }
  return index;
}

TEST(InterestEvolutionGoldenTest, UserAfterAGivenResponse) {
  int one_hot = 0;
  ForEachCase("iev_update_state", [&one_hot](const GoldenValue& in, const GoldenValue& out) {
    auto interests = in.at("interests").get<std::vector<double>>();
    auto budget = in.at("time_budget").get<double>();
    const InterestDynamics dynamics = DynamicsOf(in);
    const ChoiceModel choice = ChoiceModel::Create(testing::ChoiceOf(in)).value();
    const auto clicked = in.at("clicked").get<int>();
    double watch_time = 0;
    if (clicked < 0) {
      budget = BudgetAfterNoClick(dynamics, budget);
    } else {
      const GoldenValue& video = in.at("docs").at(static_cast<size_t>(clicked));
      const auto features = video.at("features").get<std::vector<double>>();
      const auto quality = video.at("quality").get<double>();
      watch_time = WatchTime(budget, video.at("length").get<double>());
      auto same_interests = interests;
      double same_budget = budget;
      const WatchedVideo watched = {quality, watch_time};
      ApplyClick(dynamics, choice, Dense(features), watched, in.at("u").get<double>(), {interests.data(), budget});
      if (const int index = OneHotIndex(features); index >= 0) {
        ApplyClick(dynamics, choice, OneHot{static_cast<uint32_t>(index)}, watched, in.at("u").get<double>(),
                   {same_interests.data(), same_budget});
        EXPECT_EQ(same_interests, interests) << "one-hot and dense features differ";
        EXPECT_EQ(same_budget, budget);
        ++one_hot;
      }
    }
    EXPECT_NEAR(watch_time, out.at("watch_time").get<double>(), 1e-12);
    ExpectNear(interests, out.at("interests"));
    EXPECT_NEAR(budget, out.at("time_budget").get<double>(), 1e-12);
    EXPECT_EQ(IsSpent(budget), out.at("terminal").get<bool>());
  });
  EXPECT_GT(one_hot, 0);
}

TEST(InterestEvolutionGoldenTest, WholeStepWithDefaultSettings) {
  const InterestEvolutionOptions options;
  const ChoiceModel choice = ChoiceModel::Create(options.choice).value();
  ForEachCase("iev_step", [&](const GoldenValue& in, const GoldenValue& out) {
    auto interests = in.at("interests").get<std::vector<double>>();
    auto budget = in.at("time_budget").get<double>();
    const auto qualities = in.at("qualities").get<std::vector<double>>();
    std::vector<OneHot> videos;
    for (const GoldenValue& cluster : in.at("clusters")) videos.push_back({cluster.get<uint32_t>()});
    const size_t n = videos.size();
    const std::vector<double> lengths(n, options.video_length);
    std::vector<double> watch_times(n);
    const uint64_t clicks = WatchVideos(
        choice, interests.data(), budget, ShownVideos<OneHot>{videos.data(), lengths.data(), n},
        [&in] { return in.at("u1").get<double>(); }, watch_times.data());
    const auto clicked = out.at("clicked").get<int>();
    ASSERT_EQ(clicks, clicked < 0 ? 0 : uint64_t{1} << static_cast<unsigned>(clicked));
    EXPECT_NEAR(WatchTimeReward(clicks, watch_times.data(), n), out.at("reward").get<double>(), 1e-12);
    EXPECT_EQ(ClickReward(clicks), out.at("clicks").get<double>());
    for (size_t i = 0; i < n; ++i) {
      float fields[std::size(kVideoResponseFields)];
      WriteVideoResponse((clicks >> i & 1) != 0, watch_times[i], qualities[i], videos[i].index, fields);
      for (size_t f = 0; f < std::size(kVideoResponseFields); ++f) {
        EXPECT_EQ(fields[f], out.at("response_obs")[i].at(kVideoResponseFields[f]).get<float>())
            << kVideoResponseFields[f] << " of position " << i;
      }
    }
    if (clicked < 0) {
      budget = BudgetAfterNoClick(options.dynamics(), budget);
    } else {
      const auto i = static_cast<size_t>(clicked);
      ApplyClick(options.dynamics(), choice, videos[i], {qualities[i], watch_times[i]}, in.at("u2").get<double>(),
                 {interests.data(), budget});
    }
    ExpectNear(interests, out.at("interests"));
    EXPECT_NEAR(budget, out.at("time_budget").get<double>(), 1e-12);
    EXPECT_EQ(IsSpent(budget), out.at("terminal").get<bool>());
  });
}

// Where the reference has fewer means than clusters, ours begin with the same ones.
TEST(InterestEvolutionGoldenTest, MeanQualityPerCluster) {
  ForEachCase("iev_cluster_means", [](const GoldenValue& in, const GoldenValue& out) {
    const auto clusters = in.at("F").get<int>();
    std::vector<double> means =
        ClusterMeans(clusters, in.at("min_utility").get<double>(), in.at("max_utility").get<double>());
    ASSERT_EQ(means.size(), static_cast<size_t>(clusters));
    const auto count = out.at("count").get<size_t>();
    ASSERT_LE(count, means.size());
    for (size_t i = count; i < means.size(); ++i) EXPECT_EQ(means[i], 0);
    means.resize(count);
    const GoldenValue first = out.at("first3"), last = out.at("last3");
    double sum = 0;
    for (const double mean : means) sum += mean;
    for (size_t i = 0; i < first.size(); ++i) EXPECT_NEAR(means[i], first[i].get<double>(), 1e-12);
    for (size_t i = 0; i < last.size(); ++i) {
      EXPECT_NEAR(means[count - last.size() + i], last[i].get<double>(), 1e-12);
    }
    EXPECT_NEAR(sum, out.at("sum").get<double>(), 1e-12 * static_cast<double>(count));
  });
}

TEST(InterestEvolutionGoldenTest, WatchTimeAndClickRewards) {
  ForEachCase("rewards", [](const GoldenValue& in, const GoldenValue& out) {
    const auto amounts = in.at("amount").get<std::vector<double>>();
    uint64_t clicks = 0;
    for (size_t i = 0; i < amounts.size(); ++i) clicks |= in.at("clicked")[i].get<int>() != 0 ? uint64_t{1} << i : 0;
    EXPECT_NEAR(WatchTimeReward(clicks, amounts.data(), amounts.size()), out.at("watch_time").get<double>(), 1e-12);
    EXPECT_EQ(ClickReward(clicks), out.at("clicks").get<double>());
  });
}

}  // namespace
}  // namespace recbots
