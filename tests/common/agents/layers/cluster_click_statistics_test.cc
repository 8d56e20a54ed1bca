#include "common/agents/layers/cluster_click_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/golden.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

EnvironmentSpec SpecWith(int num_clusters, int slate_size) {
  EnvironmentSpec spec;
  spec.name = "toy";
  spec.slate_size = slate_size;
  spec.num_clusters = num_clusters;
  spec.response_fields = {"quality", "cluster_id", "click"};
  return spec;
}

std::vector<float> Written(const UserStatistics& statistics, size_t user) {
  std::vector<float> out(static_cast<size_t>(statistics.width()), -1);
  statistics.Write(user, absl::MakeSpan(out));
  return out;
}

// One slate, padded to K, given as [click, cluster] pairs.
void AddSlate(ClusterClickStatistics& statistics, size_t user, const std::vector<std::vector<float>>& responses,
              size_t slate_size) {
  std::vector<int32_t> slate(slate_size, kNoItem);
  std::vector<float> response(3 * slate_size);
  for (size_t k = 0; k < responses.size(); ++k) {
    slate[k] = static_cast<int32_t>(k);
    response[3 * k] = 0.7f;
    response[3 * k + 1] = responses[k][1];
    response[3 * k + 2] = responses[k][0];
  }
  statistics.Add(user, {.slate = slate, .response = response}, {});
}

TEST(ClusterClickStatisticsTest, CountsAsInTheGoldenCases) {
  const testing::Golden golden("recsim/cluster_click_stats.json");
  size_t cases = 0;
  for (const auto& c : golden.at("cases")) {
    SCOPED_TRACE(c.dump());
    constexpr size_t kSlate = 8;  // More than any case has, so that ends of short slates are met.
    auto statistics = ClusterClickStatistics::Create(SpecWith(c.at("in").at("clusters").get<int>(), kSlate));
    ASSERT_TRUE(statistics.ok()) << statistics.status();
    (*statistics)->Reserve(2);
    for (const auto& responses : c.at("in").at("responses")) {
      if (responses.is_null()) {
        (*statistics)->Begin(1, {});
      } else {
        AddSlate(**statistics, 1, responses.get<std::vector<std::vector<float>>>(), kSlate);
      }
    }
    auto want = c.at("out").at("impressions").get<std::vector<float>>();
    const auto clicks = c.at("out").at("clicks").get<std::vector<float>>();
    want.insert(want.end(), clicks.begin(), clicks.end());
    EXPECT_EQ(Written(**statistics, 1), want);
    EXPECT_EQ(Written(**statistics, 0), std::vector<float>(want.size(), 0.0f));
    ++cases;
  }
  EXPECT_GT(cases, 0U);
  EXPECT_THAT(golden.at("cases"), SizeIs(cases));
}

TEST(ClusterClickStatisticsTest, KeepsUsersApartAndForgetsAtTheStartOfAnEpisode) {
  auto statistics = ClusterClickStatistics::Create(SpecWith(2, 1));
  ASSERT_TRUE(statistics.ok()) << statistics.status();
  (*statistics)->Reserve(1);
  AddSlate(**statistics, 0, {{1, 1}}, 1);
  (*statistics)->Reserve(3);
  AddSlate(**statistics, 2, {{0, 0}}, 1);
  EXPECT_EQ(Written(**statistics, 0), (std::vector<float>{0, 1, 0, 1}));
  EXPECT_EQ(Written(**statistics, 1), (std::vector<float>{0, 0, 0, 0}));
  EXPECT_EQ(Written(**statistics, 2), (std::vector<float>{1, 0, 0, 0}));
  (*statistics)->Begin(0, {});
  EXPECT_EQ(Written(**statistics, 0), (std::vector<float>{0, 0, 0, 0}));
  EXPECT_EQ(Written(**statistics, 2), (std::vector<float>{1, 0, 0, 0}));
}

TEST(ClusterClickStatisticsTest, SaysWhatTheEnvironmentLacks) {
  EnvironmentSpec spec = SpecWith(0, 1);
  EXPECT_THAT(ClusterClickStatistics::Create(spec).status().ToString(), HasSubstr("toy has num_clusters 0"));
  spec = SpecWith(2, 1);
  spec.response_fields = {"click", "engagement"};
  EXPECT_THAT(ClusterClickStatistics::Create(spec).status().ToString(),
              HasSubstr("need the response field cluster_id: toy has click, engagement"));
  spec.response_fields = {"cluster_id"};
  EXPECT_EQ(ClusterClickStatistics::Create(spec).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ClusterClickStatisticsDeathTest, RefusesAnUnknownCluster) {
  ::testing::GTEST_FLAG(death_test_style) = "threadsafe";
  auto statistics = ClusterClickStatistics::Create(SpecWith(2, 1));
  ASSERT_TRUE(statistics.ok()) << statistics.status();
  (*statistics)->Reserve(1);
  EXPECT_DEATH(AddSlate(**statistics, 0, {{1, 2}}, 1), "cluster_id 2, want 0..1");
  EXPECT_DEATH(AddSlate(**statistics, 0, {{1, -1}}, 1), "cluster_id -1");
}

}  // namespace
}  // namespace recbots
