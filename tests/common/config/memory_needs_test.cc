// Sizes whose product does not fit the memory: told before anything is allocated.
#include "common/config/memory_needs.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "common/config/config.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int64_t kGigabyte = 1'000'000'000;
constexpr MemorySharers kAll = {.replays = 1, .learners = 1, .actors = 1, .evaluators = 1};

v1::ExperimentConfig Parse(const std::string& text) {
  v1::ExperimentConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &config)) << text;
  return config;
}

// Slates of 3 of N videos with 20 features, for users with 20.
EnvironmentSpec Videos(int num_candidates) {
  EnvironmentSpec spec;
  spec.name = "videos";
  spec.num_user_features = 20;
  spec.num_candidates = num_candidates;
  spec.num_candidate_features = 20;
  spec.fixed_catalogue = false;
  spec.slate_size = 3;
  spec.response_fields = {"click"};
  return spec;
}

std::string Refusal(const std::string& config, const EnvironmentSpec& spec, const MemorySharers& sharers,
                    int64_t memory_bytes) {
  const absl::Status status = CheckMemory(MemoryNeedsOf(Parse(config), spec, sharers), memory_bytes);
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status)) << status;
  return std::string(status.message());
}

TEST(MemoryNeedsTest, WhatShipsAndTheDefaultsFitASmallMachine) {
  EXPECT_EQ(Refusal("algorithm { slate_q {} }", Videos(10), kAll, kGigabyte), "");
  EXPECT_EQ(Refusal("algorithm { slate_q {} }", Videos(100), kAll, 2 * kGigabyte), "");
}

TEST(MemoryNeedsTest, EachProcessIsAskedForItsOwnSizesOnly) {
  const std::string many_users = "algorithm { slate_q {} } actor { users: 1048576 }";
  EXPECT_THAT(Refusal(many_users, Videos(1000), {.actors = 1}, 16 * kGigabyte), StartsWith("actor.users 1048576"));
  EXPECT_EQ(Refusal(many_users, Videos(1000), {.replays = 1, .learners = 1, .evaluators = 1}, 16 * kGigabyte), "");
}

// Rows hold none of it, but an update copies it for each row of its batch.
TEST(MemoryNeedsTest, AFixedCatalogueTakesMemoryOfTheLearnerAlone) {
  EnvironmentSpec catalogue = Videos(100);
  catalogue.fixed_catalogue = true;
  const std::string many_rows =
      "algorithm { slate_q {} } replay { table { capacity_bytes: 900000000000 capacity_rows: 10000000 } }";
  EXPECT_THAT(Refusal(many_rows, Videos(100), {.replays = 1}, 16 * kGigabyte), HasSubstr("capacity_rows"));
  EXPECT_EQ(Refusal(many_rows, catalogue, {.replays = 1}, 16 * kGigabyte), "");
  catalogue.num_candidates = 60000;
  const std::string few_items = "algorithm { slate_q { proposal {} } } learner { batch_size: 8192 }";
  EXPECT_THAT(Refusal(few_items, catalogue, {.learners = 1}, 16 * kGigabyte), StartsWith("learner.batch_size 8192"));
}

// The setting, its value and a bound; with the bound it fits.
struct TooLarge {
  std::string config;
  std::string setting;
  MemorySharers sharers;
  int num_candidates;
};

TEST(MemoryNeedsTest, NamesTheSettingItsValueAndTheLargestThatFits) {
  const std::vector<TooLarge> cases = {
      {"algorithm { slate_q {} }", "actor { users: 1048576 }", {.actors = 1}, 1000},
      {"algorithm { slate_q {} }", "evaluator { users: 1048576 episodes: 1000000000 }", {.evaluators = 1}, 1000},
      {"algorithm { slate_q {} }", "learner { batch_size: 65536 }", {.learners = 1}, 1000},
      {"algorithm { full_slate_q {} }", "learner { batch_size: 65536 }", {.learners = 1}, 40},
      {"algorithm { dqn {} }",
       "replay { table { capacity_bytes: 9000000000000000000 capacity_rows: 4294967295 } }",
       {.replays = 1},
       100},
      {"algorithm { dqn {} }",
       "replay { table { capacity_bytes: 9000000000000000000 capacity_rows: 10000000 } }",
       {.replays = 1},
       100},
  };
  for (const TooLarge& c : cases) {
    const std::string refusal = Refusal(c.config + c.setting, Videos(c.num_candidates), c.sharers, 16 * kGigabyte);
    ASSERT_THAT(refusal, HasSubstr(", want at most ")) << c.setting;
    const std::string path = refusal.substr(0, refusal.find(' '));
    const std::string bound = refusal.substr(refusal.find("at most ") + 8);
    const int64_t largest = std::stoll(bound);
    const auto with = [&](int64_t value) {
      v1::ExperimentConfig config = Parse(c.config + c.setting);
      EXPECT_TRUE(ApplyOverride(path + "=" + std::to_string(value), config).ok()) << path;
      return CheckMemory(MemoryNeedsOf(config, Videos(c.num_candidates), c.sharers), 16 * kGigabyte).ok();
    };
    EXPECT_TRUE(with(largest)) << refusal;
    EXPECT_FALSE(with(largest + std::max<int64_t>(1, largest / 1000))) << refusal;
    EXPECT_THAT(refusal, HasSubstr("90 % of the memory here are 14.4 GB"));
  }
}

TEST(MemoryNeedsTest, LargeNetworksAreNamedByTheirUnits) {
  EnvironmentSpec spec = Videos(10);
  spec.num_user_features = 65536;
  EXPECT_THAT(Refusal("algorithm { slate_q { q { hidden_units: 4096 } } }", spec, {.learners = 1}, 4 * kGigabyte),
              StartsWith("algorithm.slate_q.q.hidden_units 4096, want at most "));
}

// Each holds everything, and what it exchanges.
TEST(MemoryNeedsTest, SeveralLearnersAddUp) {
  EnvironmentSpec spec = Videos(10);
  spec.num_user_features = 65536;
  const std::string config = "algorithm { slate_q { q { hidden_units: 4096 } } }";
  EXPECT_EQ(Refusal(config, spec, {.learners = 1}, 16 * kGigabyte), "");
  EXPECT_THAT(Refusal(config, spec, {.learners = 3}, 16 * kGigabyte),
              AllOf(StartsWith("algorithm.slate_q.q.hidden_units 4096, want at most "), HasSubstr("; 3 times")));
}

TEST(MemoryNeedsTest, ProcessesOnOneMachineAddUp) {
  const std::string config = "algorithm { slate_q {} } actor { users: 10000 }";  // 2.4 GB each, and its rows.
  EXPECT_EQ(Refusal(config, Videos(1000), {.actors = 1}, 16 * kGigabyte), "");
  EXPECT_THAT(Refusal(config, Videos(1000), {.actors = 8}, 16 * kGigabyte),
              AllOf(StartsWith("actor.users 10000, want at most "), HasSubstr("; 8 times")));
}

// Nothing overflows: sums are of doubles.
TEST(MemoryNeedsTest, TheLargestSettingsAreRefusedAndNotWrappedAround) {
  EnvironmentSpec spec = Videos(1 << 20);
  spec.num_user_features = 1 << 16;
  spec.num_candidate_features = 1 << 16;
  spec.slate_size = 1;
  const std::string all =
      "algorithm { dqn { q { hidden_units: 4096 second_hidden_units: 4096 n_step: 64 } } } actor { users: 1048576 } "
      "learner { batch_size: 65536 batches_in_flight: 1024 } evaluator { users: 1048576 episodes: 1000000000 } "
      "replay { table { capacity_rows: 4294967295 capacity_bytes: 9223372036854775807 } "
      "checkpoint { copy_bytes: 9223372036854775807 } }";
  EXPECT_THAT(Refusal(all, spec, {.replays = 64, .learners = 1, .actors = 256, .evaluators = 1, .checkpoints = true},
                      std::numeric_limits<int64_t>::max()),
              HasSubstr("all sizes together"));
}

TEST(MemoryNeedsTest, TablesWithColumnsOfTheirOwnCountToo) {
  const v1::ReplayConfig config = Parse(
                                      "replay { table { columns { name: 'x' shape: 1000 } capacity_rows: 10000000 "
                                      "capacity_bytes: 1000000000000 } more_tables { name: 'more' } }")
                                      .replay();
  const absl::Status status = CheckMemory(TableNeeds(config, 100, 1, false), 16 * kGigabyte);
  EXPECT_THAT(std::string(status.message()), StartsWith("replay.table.capacity_rows 10000000, want at most 3"));
}

TEST(MemoryNeedsTest, BookkeepingCountsBeforeTheSizeOfATransitionIsKnown) {
  v1::ReplayConfig config;
  EXPECT_TRUE(CheckMemory(TableNeeds(config, 0, 1, false), 16 * kGigabyte).ok());
  config.mutable_table()->set_capacity_rows(4'000'000'000);
  config.mutable_table()->set_capacity_bytes(int64_t{1} << 50);
  EXPECT_THAT(std::string(CheckMemory(TableNeeds(config, 0, 1, false), 16 * kGigabyte).message()),
              HasSubstr("(16 B each: bookkeeping of a row)"));
}

TEST(MemoryNeedsTest, WhatIsSimulatedAtOnce) {
  EXPECT_TRUE(CheckMemory({PlayingNeed("--users", 64, Videos(10), 4)}, kGigabyte).ok());
  const absl::Status status = CheckMemory({PlayingNeed("--users", 65536, Videos(65536), 256)}, 16 * kGigabyte);
  EXPECT_THAT(std::string(status.message()),
              StartsWith("--users 65536, want at most 3: it takes 264 TB (15.7 MB each: "));
}

}  // namespace
}  // namespace recbots
