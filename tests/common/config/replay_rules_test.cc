// What ties the fields of replay's tables together: refused with field, value and bound, and let through at the bound.
#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/config/validate.h"

namespace recbots {
namespace {

using ::testing::HasSubstr;

// The learner's table, and two for other clients.
v1::ExperimentConfig GoodConfig() {
  v1::ExperimentConfig config;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      R"(environment { document_browsing {} }
         algorithm { wolpertinger {} }
         replay {
           more_tables {
             name: "events"
             columns { name: "id" type: INT64 }
             columns { name: "features" shape: 3 shape: 5 }
             sampler: HIGHEST_PRIORITY
             remover: REMOVE_LOWEST_PRIORITY
           }
           more_tables {
             name: "queue"
             sampler: OLDEST
             max_times_sampled: 1
             rate_limiter { kind: QUEUE queue_size: 500 }
           }
         })",
      &config));
  return config;
}

// A row of the environment's transitions: 2 x 10 x 4 + 4 + 4 + 3 x 4 padded, + 3 x 8 bytes.
constexpr int64_t kRowBytes = 128;

absl::Status CheckWith(const std::vector<std::string>& overrides) {
  v1::ExperimentConfig config = GoodConfig();
  for (const std::string& text : overrides) {
    const absl::Status status = ApplyOverride(text, config);
    EXPECT_TRUE(status.ok()) << status;
  }
  EnvironmentSpec spec;
  spec.name = "document_browsing";
  spec.num_user_features = spec.num_candidates = 10;
  spec.response_fields = {"accepted"};
  absl::Status status = ValidateExperimentConfig(config);
  return status.ok() ? CheckTraining(config, spec) : status;
}

TEST(ReplayRulesTest, SeveralTablesAreFine) { EXPECT_TRUE(CheckWith({}).ok()) << CheckWith({}); }

struct Wrong {
  std::string name;
  std::vector<std::string> overrides;
  std::vector<std::string> words;
};

class WrongReplayTest : public ::testing::TestWithParam<Wrong> {};

TEST_P(WrongReplayTest, IsRefusedWithFieldValueAndBound) {
  const absl::Status status = CheckWith(GetParam().overrides);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  for (const std::string& word : GetParam().words) {
    EXPECT_THAT(std::string(status.message()), HasSubstr(word));
  }
}

const Wrong kWrong[] = {
    // Ranges, inside of lists as well.
    {"CapacityInAList",
     {"replay.more_tables[1].capacity_rows=0"},
     {"replay.more_tables[1].capacity_rows 0", "1..4294967295"}},
    {"ShapeInAListInAList",
     {"replay.more_tables[0].columns[1].shape=3,0"},
     {"replay.more_tables[0].columns[1].shape[1] 0", "1..1048576"}},
    {"EnumInAList",
     {"replay.more_tables[0].sampler=SAMPLER_UNSPECIFIED"},
     {"replay.more_tables[0].sampler SAMPLER_UNSPECIFIED", "want one of UNIFORM, PRIORITIZED, OLDEST"}},
    {"ColumnTypeInAList",
     {"replay.more_tables[0].columns[0].type=TYPE_UNSPECIFIED"},
     {"replay.more_tables[0].columns[0].type", "FLOAT32, INT32, INT64"}},
    {"TimesSampled", {"replay.table.max_times_sampled=65536"}, {"max_times_sampled 65536", "0..65535"}},
    {"CopyBytes", {"replay.checkpoint.copy_bytes=8388607"}, {"checkpoint.copy_bytes 8388607", "at least 8388608"}},
    {"KeepNothing", {"replay.checkpoint.keep=0"}, {"replay.checkpoint.keep 0", "1..1000"}},
    {"Interval", {"replay.checkpoint.interval_seconds=-1"}, {"interval_seconds -1", "0..1000000"}},
    {"Annealing", {"learner.importance_annealing_updates=-1"}, {"importance_annealing_updates -1", "at least 0"}},
    // Names and columns.
    {"NoName", {"replay.more_tables[0].name="}, {"replay.more_tables[0].name \"\"", "1..64 of lower case letters"}},
    {"NameWithCapitals",
     {"replay.table.name=Transitions"},
     {"replay.table.name \"Transitions\"", "lower case letters"}},
    {"LongName",
     {"replay.table.name=" + std::string(65, 'a')},
     {"replay.table.name \"aaaa", "want 1..64 of lower case letters, digits, underscores"}},
    {"SameNames",
     {"replay.more_tables[1].name=events"},
     {"replay.more_tables[1].name \"events\"", "that of replay.more_tables[0]"}},
    {"NameOfTheLearners",
     {"replay.more_tables[0].name=transitions"},
     {"replay.more_tables[0].name \"transitions\"", "that of replay.table"}},
    {"ColumnName",
     {"replay.more_tables[0].columns[1].name=my features"},
     {"replay.more_tables[0].columns", "'my features'"}},
    {"ColumnTwice", {"replay.more_tables[0].columns[1].name=id"}, {"replay.more_tables[0].columns", "'id' twice"}},
    {"HugeRow",
     {"replay.more_tables[0].columns[1].shape=1048576"},
     {"replay.more_tables[0].columns", "row of more than 1048576 bytes at column 'features'"}},
    // Limiters.
    {"BufferBelowRatio",
     {"replay.more_tables[0].rate_limiter.error_buffer=15"},
     {"replay.more_tables[0].rate_limiter.error_buffer 15", "at least 16", "samples_per_insert 8"}},
    {"TinyRatio",
     {"replay.table.rate_limiter.samples_per_insert=1e-7"},
     {"replay.table.rate_limiter.samples_per_insert 1e-07", "0 or at least 1e-06"}},
    {"RatioOverTimesSampled",
     {"replay.table.max_times_sampled=7"},
     {"replay.table.rate_limiter.samples_per_insert 8", "at most max_times_sampled 7"}},
    {"MinSizeOverRows",
     {"replay.more_tables[0].capacity_rows=999"},
     {"replay.more_tables[0].rate_limiter.min_size 1000", "at most replay.more_tables[0].capacity_rows 999"}},
    // 1,000 rows of 72 bytes and 64 of bookkeeping.
    {"MinSizeOverBytes",
     {"replay.more_tables[0].capacity_bytes=135999"},
     {"replay.more_tables[0].capacity_bytes 135999", "at least 136000", "1000 rows of 72 bytes and up to 64"}},
    {"QueueKeepsRows",
     {"replay.more_tables[1].max_times_sampled=0"},
     {"replay.more_tables[1].max_times_sampled 0", "want 1 with rate_limiter.kind QUEUE"}},
    {"QueueTwice", {"replay.more_tables[1].max_times_sampled=2"}, {"max_times_sampled 2", "want 1"}},
    {"QueueOverRows",
     {"replay.more_tables[1].capacity_rows=499"},
     {"replay.more_tables[1].rate_limiter.queue_size 500", "at most replay.more_tables[1].capacity_rows 499"}},
    {"QueueOverBytes",
     {absl::StrCat("replay.more_tables[1].capacity_bytes=", 500 * (kRowBytes + 64) - 1)},
     {"replay.more_tables[1].capacity_bytes 95999", "at least 96000", "queue_size 500 rows of 128 bytes"}},
    {"BatchOverQueue",
     {"replay.table.rate_limiter.kind=QUEUE", "replay.table.max_times_sampled=1", "replay.table.sampler=OLDEST",
      "replay.table.rate_limiter.queue_size=31"},
     {"learner.batch_size 32", "at most replay.table.rate_limiter.queue_size 31"}},
    {"BatchOverBytes",
     {"learner.batch_size=2000", "learner.batches_in_flight=1",
      absl::StrCat("replay.table.capacity_bytes=", 2000 * (kRowBytes + 64) - 1)},
     {"replay.table.capacity_bytes 383999", "at least 384000", "learner.batch_size 2000"}},
    {"BudgetBelowWindow",
     {"replay.insert_budget_bytes=1048575"},
     {"replay.insert_budget_bytes 1048575", "at least insert_window_bytes 1048576"}},
    // The learner's table.
    {"OldestOverAndOver",
     {"replay.table.sampler=OLDEST"},
     {"replay.table.max_times_sampled 0", "at least 1", "sampler OLDEST", "one row over and over"}},
    {"NewestOverAndOver", {"replay.table.sampler=NEWEST"}, {"max_times_sampled 0", "at least 1", "sampler NEWEST"}},
    {"PrioritiesThatNobodyGives",
     {"replay.table.sampler=HIGHEST_PRIORITY"},
     {"replay.table.sampler HIGHEST_PRIORITY", "want UNIFORM, PRIORITIZED, OLDEST or NEWEST"}},
    {"RemoverOfPrioritiesThatNobodyGives",
     {"replay.table.remover=REMOVE_LOWEST_PRIORITY"},
     {"replay.table.remover REMOVE_LOWEST_PRIORITY", "want REMOVE_OLDEST or REMOVE_NEWEST, or sampler PRIORITIZED"}},
    {"GoneBeforeItsPriorityComes",
     {"replay.table.sampler=PRIORITIZED", "replay.table.max_times_sampled=1",
      "replay.table.rate_limiter.samples_per_insert=1"},
     {"replay.table.max_times_sampled 1", "want 0 or at least 2", "PRIORITIZED"}},
    {"NoPriorityOffset",
     {"replay.table.sampler=PRIORITIZED", "learner.priority_offset=0"},
     {"learner.priority_offset 0", "replay.table.sampler PRIORITIZED"}},
};

INSTANTIATE_TEST_SUITE_P(All, WrongReplayTest, ::testing::ValuesIn(kWrong),
                         [](const auto& test) { return test.param.name; });

TEST(ReplayRulesTest, TheBoundsThatMessagesNameAreLetThrough) {
  const std::vector<std::vector<std::string>> good = {
      {"replay.table.name=" + std::string(64, 'z')},
      {"replay.more_tables[0].rate_limiter.error_buffer=16"},
      {"replay.table.rate_limiter.samples_per_insert=1e-6"},
      {"replay.table.max_times_sampled=8"},
      {"replay.more_tables[0].capacity_rows=1000"},
      {"replay.more_tables[0].capacity_bytes=136000"},
      {"replay.more_tables[1].capacity_rows=500"},
      {"replay.more_tables[1].capacity_bytes=96000"},
      {"replay.table.rate_limiter.kind=QUEUE", "replay.table.max_times_sampled=1", "replay.table.sampler=OLDEST",
       "replay.table.rate_limiter.queue_size=32"},
      {"replay.table.sampler=NEWEST", "replay.table.max_times_sampled=1",
       "replay.table.rate_limiter.samples_per_insert=1"},
      {"replay.table.sampler=PRIORITIZED", "replay.table.remover=REMOVE_LOWEST_PRIORITY"},
      {"replay.table.sampler=PRIORITIZED", "replay.table.max_times_sampled=8"},
      {"replay.checkpoint.copy_bytes=8388608"},
      {"replay.insert_budget_bytes=1048576"},
      {"replay.more_tables="},
  };
  for (const auto& overrides : good) EXPECT_TRUE(CheckWith(overrides).ok()) << CheckWith(overrides);
}

TEST(ReplayRulesTest, RulesThatHoldAtTheStartHoldWhenTheLimiterChanges) {
  const v1::ExperimentConfig config = GoodConfig();
  v1::RateLimiterConfig limiter = config.replay().table().rate_limiter();
  const std::string& name = config.replay().table().name();
  EXPECT_TRUE(CheckLimiterChange(config, name, limiter).ok());
  limiter.set_error_buffer(200);
  const absl::Status status = CheckLimiterChange(config, name, limiter);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr("replay.table.rate_limiter.error_buffer 200, want at least 256"));
  EXPECT_TRUE(CheckLimiterChange(config, config.replay().more_tables(0).name(), limiter).ok())
      << "no batches of the learner there";
  limiter = config.replay().table().rate_limiter();
  limiter.set_samples_per_insert(2'000'000);
  EXPECT_THAT(std::string(CheckLimiterChange(config, name, limiter).message()),
              HasSubstr("replay.table.rate_limiter.samples_per_insert 2000000, want 0..1000000"));
  EXPECT_EQ(CheckLimiterChange(config, "third", limiter).code(), absl::StatusCode::kNotFound);
}

TEST(ReplayRulesTest, TheLearnersTableHoldsTransitions) {
  v1::ExperimentConfig config = GoodConfig();
  *config.mutable_replay()->mutable_table()->add_columns() = config.replay().more_tables(0).columns(0);
  EXPECT_TRUE(ValidateExperimentConfig(config).ok()) << "a server for others may have any columns";
  const absl::Status status = CheckReplayOfTransitions(config, kRowBytes);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("replay.table.columns has 1, want none"));
}

}  // namespace
}  // namespace recbots
