#include "learner/run/prioritizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace recbots {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(ImportanceExponentTest, GoesStraightToOneAndStaysThere) {
  const PrioritizerOptions options = {.importance_exponent = 0.4, .annealing_updates = 1000};
  EXPECT_DOUBLE_EQ(ImportanceExponent(options, 0), 0.4);
  EXPECT_DOUBLE_EQ(ImportanceExponent(options, 250), 0.55);
  EXPECT_DOUBLE_EQ(ImportanceExponent(options, 500), 0.7);
  EXPECT_EQ(ImportanceExponent(options, 1000), 1);
  EXPECT_EQ(ImportanceExponent(options, int64_t{1} << 60), 1);
  for (int64_t updates = 0; updates < 1100; ++updates) {
    EXPECT_LE(ImportanceExponent(options, updates), ImportanceExponent(options, updates + 1));
    EXPECT_LE(ImportanceExponent(options, updates), 1);
  }
}

TEST(ImportanceExponentTest, IsOneFromTheFirstWithoutAnnealing) {
  EXPECT_EQ(ImportanceExponent({.importance_exponent = 0.4, .annealing_updates = 0}, 0), 1);
  EXPECT_EQ(ImportanceExponent({.importance_exponent = 1, .annealing_updates = 10}, 3), 1);
}

TEST(PriorityOfTest, IsTheErrorsSizeAndTheOffset) {
  EXPECT_FLOAT_EQ(PriorityOf(0.5f, 0.01), 0.51f);
  EXPECT_FLOAT_EQ(PriorityOf(-0.5f, 0.01), 0.51f);
  EXPECT_FLOAT_EQ(PriorityOf(0, 0.0001), 0.0001f);
  EXPECT_EQ(PriorityOf(0, 0), 0);
}

TEST(PriorityOfTest, StaysFinite) {
  const float largest = std::numeric_limits<float>::max();
  EXPECT_EQ(PriorityOf(largest, 1e6), largest);
  EXPECT_EQ(PriorityOf(-largest, 1e38), largest);
}

TEST(PrioritizerTest, IsEnabledBySamplingByPriority) {
  v1::ExperimentConfig config;
  EXPECT_FALSE(MakePrioritizerOptions(config).enabled);
  config.mutable_replay()->mutable_table()->set_sampler(v1::TableConfig::PRIORITIZED);
  config.mutable_learner()->set_priority_offset(0.5);
  config.mutable_learner()->set_importance_exponent(0.25);
  config.mutable_learner()->set_importance_annealing_updates(77);
  const PrioritizerOptions options = MakePrioritizerOptions(config);
  EXPECT_TRUE(options.enabled);
  EXPECT_EQ(options.priority_offset, 0.5);
  EXPECT_EQ(options.importance_exponent, 0.25);
  EXPECT_EQ(options.annealing_updates, 77);
}

TEST(PrioritizerTest, HasNoRoomForAnythingWhileItIsNotEnabled) {
  Prioritizer prioritizer({});
  prioritizer.Begin(8);
  EXPECT_THAT(prioritizer.weights(), IsEmpty());
  EXPECT_THAT(prioritizer.td_errors(), IsEmpty());
}

Prioritizer Enabled(double offset = 0.5) { return Prioritizer({.enabled = true, .priority_offset = offset}); }

TEST(PrioritizerTest, GivesEachRowItsPriority) {
  Prioritizer prioritizer = Enabled();
  for (const float scale : {1.0f, 2.0f}) {
    prioritizer.Begin(3);
    ASSERT_EQ(prioritizer.weights().size(), 3u);
    for (size_t i = 0; i < 3; ++i) prioritizer.td_errors()[i] = scale * static_cast<float>(i);
    ASSERT_TRUE(prioritizer.Prioritize({7, 9, uint64_t{3} << 60}).ok());
    EXPECT_THAT(prioritizer.keys(), ElementsAre(7, 9, uint64_t{3} << 60));
    EXPECT_THAT(prioritizer.priorities(), ElementsAre(0.5f, 0.5f + scale, 0.5f + 2 * scale));
  }
  EXPECT_EQ(prioritizer.not_finite(), 0);
}

TEST(PrioritizerTest, LeavesOutWhatIsNotFinite) {
  Prioritizer prioritizer = Enabled();
  for (int batch = 1; batch <= 3; ++batch) {
    prioritizer.Begin(4);
    const float errors[] = {kNan, 1, -kInfinity, 2};
    std::copy(std::begin(errors), std::end(errors), prioritizer.td_errors().begin());
    ASSERT_TRUE(prioritizer.Prioritize({1, 2, 3, 4}).ok());
    EXPECT_THAT(prioritizer.keys(), ElementsAre(2, 4));
    EXPECT_THAT(prioritizer.priorities(), ElementsAre(1.5f, 2.5f));
    EXPECT_EQ(prioritizer.not_finite(), 2 * batch);
  }
}

TEST(PrioritizerTest, FailsWhereNothingIsFinite) {
  Prioritizer prioritizer = Enabled();
  prioritizer.Begin(2);
  prioritizer.td_errors()[0] = kNan;
  prioritizer.td_errors()[1] = kInfinity;
  const absl::Status status = prioritizer.Prioritize({1, 2});
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("all 2 TD errors of a batch are NaN or infinite"));
  EXPECT_THAT(prioritizer.keys(), IsEmpty());
  EXPECT_EQ(prioritizer.not_finite(), 2);
}

TEST(PrioritizerTest, MeansAreThoseSinceTheyWereTaken) {
  Prioritizer prioritizer = Enabled(/*offset=*/0);
  EXPECT_EQ(prioritizer.TakeMeans().weight, 0);
  for (const size_t rows : {1, 3}) {
    prioritizer.Begin(rows);
    std::fill(prioritizer.weights().begin(), prioritizer.weights().end(), rows == 1 ? 1.0f : 0.5f);
    std::fill(prioritizer.td_errors().begin(), prioritizer.td_errors().end(), rows == 1 ? 10.0f : 2.0f);
    std::vector<uint64_t> keys(rows);
    std::iota(keys.begin(), keys.end(), uint64_t{1});
    ASSERT_TRUE(prioritizer.Prioritize(keys).ok());
  }
  const Prioritizer::Means means = prioritizer.TakeMeans();
  EXPECT_DOUBLE_EQ(means.weight, 2.5 / 4);
  EXPECT_DOUBLE_EQ(means.priority, 16.0 / 4);
  EXPECT_EQ(prioritizer.TakeMeans().priority, 0);
}

}  // namespace
}  // namespace recbots
