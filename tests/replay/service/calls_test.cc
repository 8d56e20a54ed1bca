// The calls that are no streams: Info, UpdatePriorities, SetRateLimiter; and who may call at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "replay/wire/sample_codec.h"
#include "tests/replay/support/raw_streams.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

TEST(InfoTest, TellsWhatTheTablesHold) {
  ReplayServer server({.name = "first",
                       .capacity_rows = 77,
                       .rate_limiter = {.min_size = 5, .samples_per_insert = 2, .error_buffer = 9}},
                      {}, {{.name = "second", .sampler = SelectorKind::kPrioritized}});
  Fill(server.table(), 4);
  const v1::InfoResponse info = RawCaller(server).Info();
  ASSERT_EQ(info.tables_size(), 2);
  const v1::TableInfo& table = info.tables(0);
  EXPECT_EQ(table.name(), "first");
  EXPECT_EQ(table.state().rows(), 4);
  EXPECT_EQ(table.state().inserted(), 4);
  EXPECT_EQ(table.state().incarnation(), server.table().incarnation());
  EXPECT_EQ(RowSchemaFromProto(table.schema()).value(), TestSchema());
  EXPECT_EQ(table.capacity_rows(), 77);
  EXPECT_GE(table.bytes(), 4 * 32);
  EXPECT_EQ(table.sampler(), "uniform");
  EXPECT_EQ(table.remover(), "oldest");
  EXPECT_EQ(table.min_size(), 5);
  EXPECT_EQ(table.samples_per_insert(), 2);
  EXPECT_EQ(table.min_diff(), 1);
  EXPECT_EQ(table.max_diff(), 19);
  EXPECT_EQ(table.inserts_blocked_on(), v1::BLOCKED_ON_NONE);
  EXPECT_EQ(table.samples_blocked_on(), v1::BLOCKED_ON_MIN_SIZE);
  EXPECT_EQ(info.tables(1).name(), "second");
  EXPECT_EQ(info.tables(1).sampler(), "prioritized");
  EXPECT_EQ(info.store_id(), server.store().id());
  EXPECT_EQ(info.checkpoint_directory(), "");
  EXPECT_LT(info.checkpoint_age_seconds(), 0);
  EXPECT_GT(info.uptime_seconds(), 0);
  EXPECT_FALSE(info.version().empty());
}

TEST(InfoTest, TellsWhoWritesAndWhoReads) {
  ReplayServer server({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}});
  RawWriter writer(server, MakeHello(1));
  v1::InsertRequest block = MakeBlock(0, 25);
  block.mutable_block()->set_weights_version(42);
  writer.Send(block);
  writer.ReceiveBlocked(v1::BLOCKED_ON_SPI_INSERT);
  RawReader reader(server, MakeFirst(1, 1, {0}));
  reader.Receive();
  const v1::InfoResponse info = RawCaller(server).Info();
  EXPECT_EQ(info.readers(), 1);
  ASSERT_EQ(info.writers_size(), 1);
  const v1::WriterInfo& entry = info.writers(0);
  EXPECT_EQ(entry.name(), "raw1");
  EXPECT_EQ(entry.table(), "transitions");
  EXPECT_THAT(entry.peer(), HasSubstr("127.0.0.1"));
  EXPECT_EQ(entry.acknowledged_rows(), 20);
  EXPECT_EQ(entry.blocked_on(), v1::BLOCKED_ON_SPI_INSERT);
  EXPECT_GT(entry.blocked_seconds(), 0);
  EXPECT_GT(entry.idle_seconds(), 0);
  EXPECT_EQ(info.tables(0).state().writers(), 1);
  ASSERT_EQ(info.tables(0).blocked_size(), 1);
  EXPECT_EQ(info.tables(0).blocked(0).reason(), v1::BLOCKED_ON_SPI_INSERT);
}

TEST(InfoTest, TellsTheNewestWeightsOfAppliedBlocks) {
  ReplayServer server;
  RawWriter writer(server, MakeHello(1));
  for (int64_t i = 0; i < 2; ++i) {
    v1::InsertRequest block = MakeBlock(i, 1);
    block.mutable_block()->set_weights_version(42 - i);
    writer.Send(block);
  }
  writer.ReceiveRows(2);
  const v1::InfoResponse info = RawCaller(server).Info();
  EXPECT_EQ(info.tables(0).weights_version(), 42);
  EXPECT_EQ(info.writers(0).weights_version(), 42);
}

class UpdatePrioritiesTest : public testing::Test {
 protected:
  UpdatePrioritiesTest() : server_({.name = "first"}, {}, {{.name = "second", .sampler = SelectorKind::kPrioritized}}) {
    Fill(server_.table("second"), 3);
    RawReader reader(server_, First());
    keys_ = {reader.Receive().header().keys(0)};
    request_.set_table("second");
  }
  static v1::SampleCredit First() {
    v1::SampleCredit first = MakeFirst(1, 1, {1});
    first.set_table("second");
    return first;
  }
  void Add(ItemKey key, float priority) {
    request_.add_keys(key);
    request_.add_priorities(priority);
  }
  grpc::Status Call() {
    return RawCaller(server_).Call(&v1::ReplayService::Stub::UpdatePriorities, request_, response_);
  }

  ReplayServer server_;
  std::vector<ItemKey> keys_;
  v1::UpdatePrioritiesRequest request_;
  v1::UpdatePrioritiesResponse response_;
};

TEST_F(UpdatePrioritiesTest, CountsWhatBecameOfThem) {
  Add(keys_[0], 5);
  Add(12345, 5);
  Add(WithShard(keys_[0], 7), 6);  // The shard is the reader's business.
  Add(keys_[0], -1);
  Add(keys_[0], std::nanf(""));
  ASSERT_TRUE(Call().ok());
  EXPECT_EQ(response_.updated(), 2);
  EXPECT_EQ(response_.stale(), 1);
  EXPECT_EQ(response_.refused(), 2);
  EXPECT_THAT(response_.refusal(), HasSubstr("priority -1, want finite and at least 0"));
}

TEST_F(UpdatePrioritiesTest, RefusesRequestsThatDoNotFit) {
  request_.add_keys(1);
  grpc::Status status = Call();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("1 keys and 0 priorities"));
  request_.mutable_keys()->Resize(kMaxPriorityUpdates + 1, 1);
  request_.mutable_priorities()->Resize(kMaxPriorityUpdates + 1, 1);
  status = Call();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("262145 keys in one message, want at most 262144"));
  request_.Clear();
  request_.set_table("third");
  EXPECT_EQ(Call().error_code(), grpc::NOT_FOUND);
}

class SetRateLimiterTest : public testing::Test {
 protected:
  grpc::Status Set(ReplayServer& server, int64_t min_size, double spi, double error_buffer) {
    v1::SetRateLimiterRequest request;
    request.set_min_size(min_size);
    request.set_samples_per_insert(spi);
    request.set_error_buffer(error_buffer);
    v1::SetRateLimiterResponse response;
    return RawCaller(server).Call(&v1::ReplayService::Stub::SetRateLimiter, request, response);
  }
};

TEST_F(SetRateLimiterTest, LetsWhoWaitsGoOn) {
  ReplayServer server({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}});
  RawWriter writer(server, MakeHello(1));
  writer.Send(MakeBlock(0, 25));
  writer.ReceiveBlocked(v1::BLOCKED_ON_SPI_INSERT);
  ASSERT_TRUE(Set(server, 10, 1, 100).ok());
  writer.ReceiveRows(25);
  EXPECT_EQ(RawCaller(server).Info().tables(0).max_diff(), 110);
}

TEST_F(SetRateLimiterTest, RefusesAsAtTheStart) {
  ReplayServer server({.capacity_rows = 100});
  for (const auto& [min_size, spi, buffer] : std::vector<std::array<double, 3>>{{0, 1, 10}, {101, 1, 10}, {1, 8, 1}}) {
    const grpc::Status status = Set(server, static_cast<int64_t>(min_size), spi, buffer);
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT) << status.error_message();
  }
  EXPECT_EQ(RawCaller(server).Info().tables(0).min_size(), 1);
}

TEST_F(SetRateLimiterTest, RefusesQueues) {
  ReplayServer server({.capacity_rows = 10,
                       .max_times_sampled = 1,
                       .rate_limiter = {.kind = RateLimiterOptions::Kind::kQueue, .queue_size = 10}});
  EXPECT_EQ(Set(server, 1, 1, 10).error_code(), grpc::FAILED_PRECONDITION);
}

TEST_F(SetRateLimiterTest, RefusesWhatAReaderThatIsConnectedCouldNeverBeServedWith) {
  ReplayServer server;
  const double before = RawCaller(server).Info().tables(0).max_diff();
  {
    RawReader large(server, MakeFirst(200, 2, {200})), small(server, MakeFirst(10, 1, {10}));
    ASSERT_TRUE(Eventually([&] { return server.service().stats("").readers == 2; }));
    const grpc::Status status = Set(server, 1, 1, 399);
    EXPECT_EQ(status.error_code(), grpc::FAILED_PRECONDITION);
    EXPECT_THAT(status.error_message(),
                HasSubstr("error_buffer 399, want at least batch_size 200 x 2 batches in flight "
                          "= 400, of a reader that is connected"));
    EXPECT_EQ(RawCaller(server).Info().tables(0).max_diff(), before) << "nothing changed";
    RawWriter writer(server, MakeHello(1));
    writer.Send(MakeBlock(0, 50));
    EXPECT_EQ(large.Receive().header().num_rows(), 200) << "and everybody goes on";
    EXPECT_EQ(small.Receive().header().num_rows(), 10);
    EXPECT_TRUE(Set(server, 1, 1, 400).ok());
    large.Cancel();
    small.Cancel();
  }
  ASSERT_TRUE(Eventually([&] { return server.service().stats("").readers == 0; }));
  EXPECT_TRUE(Set(server, 1, 1, 100).ok()) << "readers that are gone do not count";
}

TEST_F(SetRateLimiterTest, RefusesWhatTheRunsConfigurationRefuses) {
  const auto check = [](const std::string& table, const RateLimiterOptions& limiter) {
    if (limiter.error_buffer >= 256) return absl::OkStatus();
    return absl::InvalidArgumentError("error_buffer of '" + table + "', want at least 256");
  };
  ReplayServer server({.name = "transitions"}, {.check_limiter = check});
  const grpc::Status status = Set(server, 1, 8, 255);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "error_buffer of 'transitions', want at least 256");
  EXPECT_EQ(RawCaller(server).Info().tables(0).samples_per_insert(), 0);
  EXPECT_TRUE(Set(server, 1, 8, 256).ok());
}

TEST(TokenTest, WithoutItNothingIsAnswered) {
  const std::string path = testing::TempDir() + "/replay_calls_token";
  std::ofstream(path) << "a-token-of-more-than-sixteen-characters\n";
  const auto security = Security::Load({.token_path = path}).value();
  ReplayServer server({}, {.security = security});
  RawWriter writer(server);
  writer.Send(MakeHello(1));
  EXPECT_EQ(writer.Finish().error_code(), grpc::UNAUTHENTICATED);
  RawReader reader(server, MakeFirst(1, 1));
  EXPECT_EQ(reader.Finish().error_code(), grpc::UNAUTHENTICATED);
  RawCaller caller(server);
  using Stub = v1::ReplayService::Stub;
  v1::InfoResponse info;
  EXPECT_EQ(caller.Call(&Stub::Info, v1::InfoRequest(), info).error_code(), grpc::UNAUTHENTICATED);
  EXPECT_EQ(info.tables_size(), 0);
  v1::UpdatePrioritiesResponse updated;
  EXPECT_EQ(caller.Call(&Stub::UpdatePriorities, v1::UpdatePrioritiesRequest(), updated).error_code(),
            grpc::UNAUTHENTICATED);
  v1::SetRateLimiterResponse set;
  EXPECT_EQ(caller.Call(&Stub::SetRateLimiter, v1::SetRateLimiterRequest(), set).error_code(), grpc::UNAUTHENTICATED);
  v1::CheckpointResponse checkpoint;
  EXPECT_EQ(caller.Call(&Stub::Checkpoint, v1::CheckpointRequest(), checkpoint).error_code(), grpc::UNAUTHENTICATED);

  RawWriter trusted(server, security);
  trusted.Send(MakeHello(1));
  trusted.Send(MakeBlock(0, 3));
  trusted.ReceiveRows(3);
}

}  // namespace
}  // namespace recbots::replay
