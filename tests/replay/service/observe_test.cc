// Streams of readers who look on while others train (SampleCredit.observe).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/wire/experiment_identity.h"
#include "tests/replay/support/raw_streams.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

v1::SampleCredit Look(int32_t max_rows, int32_t max_batches, const std::vector<int32_t>& rows = {}) {
  v1::SampleCredit credit = MakeFirst(max_rows, max_batches, rows);
  credit.set_observe(true);
  return credit;
}

grpc::Status Ended(ReplayServer& server, const v1::SampleCredit& first) { return RawReader(server, first).Finish(); }

// With a ratio of 1 and an allowance of 20 rows, one batch too many would stop the trainer or the writer.
TEST(ObserveTest, TakesNothingFromTheTrainersRatio) {
  ReplayServer server({.rate_limiter = {.min_size = 20, .samples_per_insert = 1, .error_buffer = 20}});
  RawWriter writer(server, MakeHello(1));
  writer.Send(MakeBlock(0, 40));
  writer.ReceiveBlocked(v1::BLOCKED_ON_NONE);
  ASSERT_TRUE(Eventually([&] { return server.table().state().inserted == 40; }));
  RawReader observer(server, Look(1000, 4, {1000, 1000, 1000, 1000}));
  for (int64_t i = 1; i <= 50; ++i) {
    const v1::SampleBatch batch = observer.Receive();
    ASSERT_EQ(batch.header().num_rows(), 1000);
    ASSERT_EQ(batch.header().table().sampled(), 0);
    ASSERT_EQ(batch.header().probabilities(0), 1.0f / 40);
    observer.Send(MakeCredit(i, {1000}));
  }
  const ReplayServiceStats stats = server.service().stats("");
  EXPECT_EQ(stats.readers, 0);
  EXPECT_EQ(stats.observers, 1);
  EXPECT_GE(stats.observed_rows, 50'000);
  EXPECT_EQ(RawCaller(server).Info().readers(), 0);
  EXPECT_EQ(RawCaller(server).Info().tables(0).counters().at("observed"), server.service().stats("").observed_rows);
  EXPECT_EQ(server.table().state().sampled, 0);
  RawReader trainer(server, MakeFirst(10, 2, {10, 10}));
  EXPECT_EQ(trainer.Receive().header().num_rows(), 10);
  EXPECT_EQ(trainer.Receive().header().table().sampled(), 20);
  observer.Cancel();
  EXPECT_TRUE(Eventually([&] { return server.service().stats("").observers == 0; }));
  EXPECT_EQ(server.table().state().refunded, 0) << "nothing was drawn that could be given back";
}

TEST(ObserveTest, WaitsForTheFirstRowOnly) {
  ReplayServer server({.rate_limiter = {.min_size = 50}});
  RawReader observer(server, Look(4, 3, {0, 4}));
  EXPECT_EQ(observer.Receive().header().blocked_on(), v1::BLOCKED_ON_ITEMS);
  ASSERT_TRUE(Eventually([&] { return server.service().stats("").observers == 1; }));
  RawWriter writer(server, MakeHello(1));
  writer.Send(MakeBlock(0, 1));
  const v1::SampleBatch batch = observer.Receive();
  EXPECT_EQ(batch.header().num_rows(), 4);
  EXPECT_EQ(batch.header().blocked_on(), v1::BLOCKED_ON_ITEMS);
  observer.Send(MakeCredit(2, {0}));
  EXPECT_EQ(observer.Receive().header().blocked_on(), v1::BLOCKED_ON_NONE);
  for (const absl::Duration blocked : server.service().stats("").blocked) EXPECT_EQ(blocked, absl::ZeroDuration());
}

TEST(ObserveTest, KeepsTheWindowsOfWriters) {
  ReplayServer server;
  Fill(server.table(), 10);
  RawWriter writer(server, MakeHello(1));
  RawReader observer(server, Look(4, 1, {4}));
  observer.Receive();
  writer.Send(MakeBlock(0, 5));
  EXPECT_EQ(writer.ReceiveRows(5).window_bytes(), writer.greeting().window_bytes());
  RawReader trainer(server, MakeFirst(4, 1, {4}));
  trainer.Receive();
  const auto narrow = [&](const v1::InsertAck& ack) { return ack.window_bytes() < writer.greeting().window_bytes(); };
  writer.ReceiveUntil(narrow);
}

TEST(ObserveTest, RefusesWhatWouldDisturb) {
  ReplayServer server;
  Fill(server.table(), 10);
  const auto refusal = [&server](const v1::SampleCredit& first) {
    const grpc::Status status = Ended(server, first);
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
    return status.error_message();
  };
  v1::SampleCredit credit = Look(1, 1);
  credit.add_keys(7);
  credit.add_priorities(1);
  EXPECT_THAT(refusal(credit), HasSubstr("1 keys and 1 priorities of a reader who looks on, want 0"));
  credit = Look(1, 1);
  credit.set_streams_below(9);
  EXPECT_THAT(refusal(credit), HasSubstr("streams_below 9 of a reader who looks on, want 0"));
  EXPECT_EQ(server.table().state().streams_below, 0);
  EXPECT_THAT(refusal(Look(40'000, 1)),
              HasSubstr("max_rows 40000 has 1280000 bytes, want at most 1048576 for a reader who looks on"));
  RawReader late(server, Look(1, 1, {1}));
  late.Receive();
  v1::SampleCredit next = MakeCredit(1);
  next.add_keys(7);
  next.add_priorities(1);
  late.Send(next);
  EXPECT_EQ(late.Finish().error_code(), grpc::INVALID_ARGUMENT);
}

TEST(ObserveTest, RefusesAQueue) {
  ReplayServer server({.capacity_rows = 10,
                       .sampler = SelectorKind::kOldest,
                       .max_times_sampled = 1,
                       .rate_limiter = {.kind = RateLimiterOptions::Kind::kQueue, .queue_size = 10}});
  const grpc::Status status = Ended(server, Look(1, 1, {1}));
  EXPECT_EQ(status.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("table 'transitions' is a queue"));
}

TEST(ObserveTest, NeverDecidesTheSchema) {
  ReplayServer server({}, {}, {}, {}, std::optional<Store::SchemaCheck>(nullptr));
  const grpc::Status status = Ended(server, Look(1, 1, {1}));
  EXPECT_EQ(status.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("the schema of table 'transitions' is not known yet"));
  EXPECT_FALSE(RawCaller(server).Info().tables(0).has_schema());
}

TEST(ObserveTest, OfAnotherExperimentIsRefusedByName) {
  ReplayServer server;
  server.table().AdoptIdentity(MakeIdentity({{"environment.seed", "1"}}));
  v1::SampleCredit first = Look(1, 1, {0});
  *first.mutable_identity() = MakeIdentity({{"environment.seed", "2"}});
  const grpc::Status status = Ended(server, first);
  EXPECT_EQ(status.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("environment.seed: 2 of the reader, 1 of table 'transitions'"));
}

}  // namespace
}  // namespace recbots::replay
