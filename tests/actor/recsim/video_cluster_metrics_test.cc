#include "actor/recsim/video_cluster_metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/support/golden.h"

namespace recbots {
namespace {

using testing::GoldenValue;

EnvironmentSpec VideoSpec(int num_clusters, int slate_size) {
  EnvironmentSpec spec;
  spec.name = "videos";
  spec.slate_size = slate_size;
  spec.num_clusters = num_clusters;
  spec.response_fields = {"click", "watch_time", "liked", "quality", "cluster_id"};
  return spec;
}

// The clusters and the longest slate of a case.
struct Extent {
  int num_clusters = 1;
  int slate_size = 1;
};

Extent ExtentOf(const GoldenValue& steps) {
  Extent extent;
  for (const GoldenValue& step : steps) {
    extent.slate_size = std::max(extent.slate_size, static_cast<int>(step.size()));
    for (const GoldenValue& document : step) {
      extent.num_clusters = std::max(extent.num_clusters, document.at(2).get<int>() + 1);
    }
  }
  return extent;
}

// RecSim names what it has seen; ours are all there, those that it lacks being 0.
void ExpectCounters(const GoldenValue& want, const ScenarioMetrics& metrics, const std::vector<double>& sums,
                    double tolerance) {
  size_t found = 0;
  for (size_t i = 0; i < sums.size(); ++i) {
    const std::string& name = metrics.counters()[i];
    found += want.contains(name);
    EXPECT_NEAR(sums[i], want.value(name, 0.0), tolerance) << name;
  }
  EXPECT_EQ(found, want.size()) << want;
}

void ExpectWritten(const GoldenValue& want, const ScenarioMetrics& metrics, const std::vector<double>& sums,
                   double tolerance) {
  size_t found = 0;
  for (const RatioMetric& ratio : metrics.ratios()) {
    const double denominator = sums[static_cast<size_t>(ratio.denominator)];
    found += want.contains(ratio.name);
    if (denominator == 0) {
      EXPECT_FALSE(want.contains(ratio.name)) << ratio.name;
      continue;
    }
    EXPECT_NEAR(sums[static_cast<size_t>(ratio.numerator)] / denominator, want.value(ratio.name, 0.0), tolerance)
        << ratio.name;
  }
  EXPECT_EQ(found, want.size()) << want;
}

TEST(VideoClusterMetricsTest, MatchesRecSim) {
  const testing::Golden golden("recsim/metrics.json");
  size_t run = 0;
  for (const GoldenValue& example : golden.at("cases")) {
    SCOPED_TRACE(example.dump());
    const GoldenValue& steps = example.at("in").at("steps");
    const Extent extent = ExtentOf(steps);
    const auto metrics = MakeVideoClusterMetrics(VideoSpec(extent.num_clusters, extent.slate_size));
    std::vector<double> sums(metrics->counters().size(), 0.0);
    VideoFields fields;
    fields.num_clusters = extent.num_clusters;
    for (const GoldenValue& step : steps) {
      std::vector<double> response;
      for (const GoldenValue& document : step) {
        for (const GoldenValue& number : document) response.push_back(number.get<double>());
      }
      CountVideoStep(fields, response.data(), static_cast<int>(step.size()), sums.data());
    }
    ExpectCounters(example.at("out").at("counters"), *metrics, sums, 1e-12);
    ExpectWritten(example.at("out").at("written"), *metrics, sums, 1e-12);
    ++run;
  }
  EXPECT_EQ(run, golden.at("cases").size());
  EXPECT_GT(run, 0u);
}

// The same cases as an environment hands them over: float32, fields by name, short slates padded.
TEST(VideoClusterMetricsTest, CountsTheColumnsOfAnEnvironment) {
  const testing::Golden golden("recsim/metrics.json");
  for (const GoldenValue& example : golden.at("cases")) {
    SCOPED_TRACE(example.dump());
    const GoldenValue& steps = example.at("in").at("steps");
    const Extent extent = ExtentOf(steps);
    const EnvironmentSpec spec = VideoSpec(extent.num_clusters, extent.slate_size);
    const auto metrics = MakeVideoClusterMetrics(spec);
    std::vector<double> sums(metrics->counters().size(), 0.0);
    for (const GoldenValue& step : steps) {
      std::vector<int32_t> slate(static_cast<size_t>(spec.slate_size), kNoItem);
      std::vector<float> response(slate.size() * spec.response_fields.size(), 0.0f);
      for (size_t k = 0; k < step.size(); ++k) {
        slate[k] = static_cast<int32_t>(k);
        response[k * 5 + 0] = step[k].at(0).get<float>();
        response[k * 5 + 3] = step[k].at(1).get<float>();
        response[k * 5 + 4] = step[k].at(2).get<float>();
      }
      metrics->Count(slate.data(), response.data(), sums.data());
    }
    ExpectCounters(example.at("out").at("counters"), *metrics, sums, 1e-5);
    ExpectWritten(example.at("out").at("written"), *metrics, sums, 1e-5);
  }
}

TEST(VideoClusterMetricsTest, CountsEveryClickOfAStep) {
  const auto metrics = MakeVideoClusterMetrics(VideoSpec(/*num_clusters=*/2, /*slate_size=*/2));
  std::vector<double> sums(metrics->counters().size(), 0.0);
  const int32_t slate[] = {4, 2};
  const float response[] = {1, 4, 0, 0.5f, 1, /**/ 1, 4, 0, 0.25f, 1};
  metrics->Count(slate, response, sums.data());
  EXPECT_EQ(sums, (std::vector<double>{1, 2, 0.75, 0, 0, 2}));
}

TEST(VideoClusterMetricsDeathTest, WantsTheFieldsAndClustersInRange) {
  EnvironmentSpec spec = VideoSpec(2, 1);
  spec.response_fields = {"click", "quality"};
  EXPECT_DEATH(MakeVideoClusterMetrics(spec), "cluster_id");
  EXPECT_DEATH(MakeVideoClusterMetrics(VideoSpec(0, 1)), "clusters");
  const auto metrics = MakeVideoClusterMetrics(VideoSpec(2, 1));
  std::vector<double> sums(metrics->counters().size(), 0.0);
  const int32_t slate[] = {0};
  const float response[] = {1, 4, 0, 0.5f, 2};
  EXPECT_DEATH(metrics->Count(slate, response, sums.data()), "cluster_id 2 .*want 0..1");
}

}  // namespace
}  // namespace recbots
