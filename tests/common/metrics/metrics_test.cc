#include "common/metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/thread.h"
#include "common/base/version.h"
#include "tests/support/source_dir.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string TypeName(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kGauge:
      return "gauge";
    case MetricType::kHistogram:
      return "histogram";
  }
  return "";
}

TEST(MetricNamesTest, AreUniqueAndFollowTheirPattern) {
  std::set<std::string> seen;
  for (const MetricDescription& metric : metric::kAll) {
    const std::string name = metric.name;
    EXPECT_TRUE(seen.insert(name).second) << name << " twice";
    EXPECT_TRUE(absl::StartsWith(name, "recbots_")) << name;
    EXPECT_EQ(absl::EndsWith(name, "_total"), metric.type == MetricType::kCounter) << name;
    EXPECT_FALSE(std::string(metric.help).empty()) << name;
  }
}

// The tables of docs/metrics.md and the list in metric_names.h say the same in the same order.
TEST(MetricNamesTest, AreWhatTheDocumentationLists) {
  std::ifstream file(testing::SourceDir() + "/docs/metrics.md");
  ASSERT_TRUE(file.is_open());
  std::vector<std::string> documented;
  for (std::string line; std::getline(file, line);) {
    if (absl::StartsWith(line, "| `recbots_")) documented.push_back(line);
  }
  std::vector<std::string> declared;
  for (const MetricDescription& metric : metric::kAll) {
    std::string label = *metric.label == '\0' ? "" : absl::StrCat("`", metric.label, "`");
    if (*metric.second_label != '\0') absl::StrAppend(&label, ", `", metric.second_label, "`");
    declared.push_back(
        absl::StrCat("| `", metric.name, "` | ", TypeName(metric.type), " | ", label, " | ", metric.help, " |"));
  }
  EXPECT_EQ(documented, declared);
}

TEST(MetricsTest, SeriesWithoutALabelExistFromTheBeginning) {
  const std::string text = Metrics().Text();
  for (const MetricDescription& metric : metric::kAll) {
    if (*metric.label != '\0' || metric.type == MetricType::kHistogram) continue;
    EXPECT_THAT(text, HasSubstr(absl::StrCat("# TYPE ", metric.name, " ", TypeName(metric.type), "\n")));
    EXPECT_THAT(text, HasSubstr(absl::StrCat("\n", metric.name, " "))) << metric.name;
  }
  EXPECT_THAT(text, HasSubstr(absl::StrCat("recbots_build_info{version=\"", kVersion, "\"} 1\n")));
}

TEST(MetricsTest, ARoleShowsItsOwnSeriesAndThoseOfEveryRole) {
  const std::string text = Metrics({"actor"}).Text();
  EXPECT_THAT(text, HasSubstr("\nrecbots_actor_env_steps_total 0"));
  EXPECT_THAT(text, HasSubstr("\nrecbots_process_uptime_seconds "));
  EXPECT_THAT(text, Not(HasSubstr("recbots_learner_")));
}

TEST(MetricsTest, TheSameSeriesIsTheSameObject) {
  Metrics metrics;
  auto& counter = metrics.counter(metric::kReplayBlocked, "t", "min_size");
  EXPECT_EQ(&counter, &metrics.counter(metric::kReplayBlocked, "t", "min_size"));
  EXPECT_NE(&counter, &metrics.counter(metric::kReplayBlocked, "t", "spi_insert"));
  counter.Increment(1.5);
  EXPECT_THAT(metrics.Text(), HasSubstr("recbots_replay_blocked_seconds_total{reason=\"min_size\",table=\"t\"} 1.5\n"));
  EXPECT_THAT(metrics.Text(), HasSubstr("recbots_replay_blocked_seconds_total{reason=\"spi_insert\",table=\"t\"} 0\n"));
}

TEST(MetricsTest, HistogramsCountInBuckets) {
  Metrics metrics;
  auto& histogram = metrics.histogram(metric::kLearnerLagUpdates, {1, 10});
  for (const double value : {0.0, 1.0, 2.0, 100.0}) histogram.Observe(value);
  const std::string text = metrics.Text();
  EXPECT_THAT(text, HasSubstr("recbots_learner_lag_updates_count 4\n"));
  EXPECT_THAT(text, HasSubstr("recbots_learner_lag_updates_sum 103\n"));
  EXPECT_THAT(text, HasSubstr("recbots_learner_lag_updates_bucket{le=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("recbots_learner_lag_updates_bucket{le=\"10\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("recbots_learner_lag_updates_bucket{le=\"+Inf\"} 4\n"));
}

TEST(MetricsTest, TellsHowFullADiskIs) {
  Metrics metrics;
  metrics.WatchDisk("run_dir", ::testing::TempDir());
  metrics.WatchDisk("checkpoint_dir", ::testing::TempDir() + "/nowhere");
  const std::string text = metrics.Text();
  EXPECT_GT(metrics.gauge(metric::kDiskBytes, "run_dir").Value(), 0);
  EXPECT_LE(metrics.gauge(metric::kDiskFreeBytes, "run_dir").Value(),
            metrics.gauge(metric::kDiskBytes, "run_dir").Value());
  EXPECT_THAT(text, HasSubstr("recbots_process_disk_free_bytes{folder=\"run_dir\"} "));
  EXPECT_THAT(text, HasSubstr("recbots_process_disk_bytes{folder=\"checkpoint_dir\"} 0\n"));
}

TEST(MetricsTest, CountsFromManyThreadsAddUp) {
  Metrics metrics;
  constexpr int kIncrements = 10000;
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (int i = 0; i < 4; ++i) {
      threads.push_back(std::make_unique<Thread>("adder", [&metrics] {
        auto& counter = metrics.counter(metric::kActorSteps);
        for (int n = 0; n < kIncrements; ++n) counter.Increment();
      }));
    }
    for (int n = 0; n < 20; ++n) EXPECT_THAT(metrics.Text(), HasSubstr("recbots_actor_env_steps_total"));
  }
  EXPECT_EQ(metrics.counter(metric::kActorSteps).Value(), 4 * kIncrements);
}

TEST(MetricsDeathTest, WhatIsNotDeclaredIsOurMistake) {
  Metrics metrics;
  const MetricDescription stray{"recbots_stray_total", MetricType::kCounter, "not in the list"};
  EXPECT_DEATH(metrics.counter(stray), "recbots_stray_total");
  EXPECT_DEATH(metrics.gauge(metric::kActorSteps), "recbots_actor_env_steps_total");
  EXPECT_DEATH(metrics.counter(metric::kActorSteps, "surplus"), "surplus");
  EXPECT_DEATH(metrics.counter(metric::kReplayBlocked), "label 'table'");
  EXPECT_DEATH(metrics.counter(metric::kReplayBlocked, "t"), "label 'reason'");
}

}  // namespace
}  // namespace recbots
