#include "common/config/group_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace recbots {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

v1::ExperimentConfig ConfigOf(int64_t capacity_rows) {
  v1::ExperimentConfig config;
  config.mutable_learner()->set_batch_size(100);
  config.mutable_learner()->set_batches_in_flight(4);
  config.mutable_replay()->mutable_table()->set_capacity_rows(capacity_rows);
  return config;
}

TEST(GroupRulesTest, RowsThatStayAsOftenAsTheyAreDrawnNeedNoRoom) { EXPECT_TRUE(CheckGroup(ConfigOf(100), 64).ok()); }

TEST(GroupRulesTest, RowsThatGoNeedRoomForTheBatchesOfAllLearners) {
  for (const bool queue : {false, true}) {
    v1::ExperimentConfig config = ConfigOf(1199);
    if (queue) config.mutable_replay()->mutable_table()->mutable_rate_limiter()->set_kind(v1::RateLimiterConfig::QUEUE);
    if (!queue) config.mutable_replay()->mutable_table()->set_max_times_sampled(3);
    EXPECT_TRUE(CheckGroup(config, 1).ok());
    EXPECT_TRUE(CheckGroup(config, 2).ok());
    const absl::Status status = CheckGroup(config, 3);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr("replay.table.capacity_rows 1199, want at least 1200 with 3 learners"),
                      HasSubstr("learner.batch_size 100 x learner.batches_in_flight 4")));
    config.mutable_replay()->mutable_table()->set_capacity_rows(1200);
    EXPECT_TRUE(CheckGroup(config, 3).ok());
    config.mutable_replay()->mutable_table()->set_capacity_bytes(1200 * 164 - 1);
    EXPECT_TRUE(CheckGroup(config, 3).ok()) << "the size of a row is not known yet";
    EXPECT_THAT(std::string(CheckGroup(config, 3, /*row_bytes=*/100).message()),
                HasSubstr("replay.table.capacity_bytes 196799, want at least 196800 with 3 learners"));
    config.mutable_replay()->mutable_table()->set_capacity_bytes(1200 * 164);
    EXPECT_TRUE(CheckGroup(config, 3, /*row_bytes=*/100).ok());
  }
}

}  // namespace
}  // namespace recbots
