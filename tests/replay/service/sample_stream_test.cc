#include "replay/service/sample_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "tests/replay/support/raw_streams.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

TableOptions QueueOptions(int64_t size) {
  return {.capacity_rows = size,
          .sampler = SelectorKind::kOldest,
          .max_times_sampled = 1,
          .rate_limiter = {.kind = RateLimiterOptions::Kind::kQueue, .queue_size = size}};
}

std::vector<int64_t> Sequences(const v1::SampleBatch& batch) {
  const auto rows = static_cast<size_t>(batch.header().num_rows());
  std::vector<int64_t> sequences(rows);
  std::memcpy(sequences.data(), batch.columns().data() + TestSchema().batch_offset(1, rows), rows * 8);
  return sequences;
}

bool Waits(ReplayServer& server, BlockedOn reason) {
  return Eventually(
      [&] { return server.service().stats("").blocked[static_cast<size_t>(reason)] > absl::ZeroDuration(); });
}

TEST(SampleStreamTest, SendsRowsByColumnsWithKeysAndProbabilities) {
  ReplayServer server;
  Fill(server.table(), 100);
  RawReader reader(server, MakeFirst(10, 1, {10}));
  const v1::SampleBatch batch = reader.Receive();
  EXPECT_TRUE(batch.last_part());
  const v1::SampleHeader& header = batch.header();
  EXPECT_EQ(header.payload_bytes(), static_cast<int64_t>(TestSchema().batch_bytes(10)));
  EXPECT_EQ(batch.columns().size(), TestSchema().batch_bytes(10));
  EXPECT_EQ(header.num_rows(), 10);
  EXPECT_EQ(header.keys_size(), 10);
  ASSERT_EQ(header.probabilities_size(), 10);
  for (const float probability : header.probabilities()) EXPECT_FLOAT_EQ(probability, 0.01f);
  EXPECT_EQ(header.table().rows(), 100);
  EXPECT_EQ(header.table().sampled(), 10);
  EXPECT_EQ(header.table().total_weight(), 100u);
  EXPECT_EQ(header.table().incarnation(), server.table().incarnation());
  EXPECT_EQ(header.blocked_on(), v1::BLOCKED_ON_NONE);
  for (size_t i = 0; i < 10; ++i) {
    TestRow row;
    std::memcpy(&row.writer, batch.columns().data() + TestSchema().batch_offset(0, 10) + i * 8, 8);
    row.sequence = Sequences(batch)[i];
    std::memcpy(row.payload, batch.columns().data() + TestSchema().batch_offset(2, 10) + i * 16, 16);
    EXPECT_EQ(row, MakeRow(1, row.sequence));
  }
}

TEST(SampleStreamTest, ReadsFromTheTableItNames) {
  ReplayServer server({.name = "first"}, {}, {{.name = "second"}});
  Fill(server.table("second"), 5);
  v1::SampleCredit first = MakeFirst(3, 1, {3});
  first.set_table("second");
  RawReader reader(server, first);
  EXPECT_EQ(reader.Receive().header().table().rows(), 5);
}

TEST(SampleStreamTest, RefusesWhatItCouldNeverServe) {
  ReplayServer server({.rate_limiter = {.min_size = 1, .samples_per_insert = 1, .error_buffer = 100}});
  const auto refusal = [&server](const v1::SampleCredit& first, grpc::StatusCode code) {
    RawReader reader(server, first);
    const grpc::Status status = reader.Finish();
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    return status.error_message();
  };
  EXPECT_THAT(refusal(MakeFirst(-1, 1), grpc::INVALID_ARGUMENT), HasSubstr("max_rows -1, want 0..65536"));
  EXPECT_THAT(refusal(MakeFirst(65537, 1), grpc::INVALID_ARGUMENT), HasSubstr("max_rows 65537"));
  EXPECT_THAT(refusal(MakeFirst(1, 0), grpc::INVALID_ARGUMENT), HasSubstr("max_batches 0, want 1..1024"));
  EXPECT_THAT(refusal(MakeFirst(1, 1025), grpc::INVALID_ARGUMENT), HasSubstr("max_batches 1025"));
  EXPECT_THAT(refusal(MakeFirst(51, 2), grpc::FAILED_PRECONDITION), HasSubstr("102"));
  EXPECT_THAT(refusal(MakeFirst(0, 1), grpc::FAILED_PRECONDITION), HasSubstr("65536"));
  EXPECT_THAT(refusal(MakeFirst(5, 2, {6}), grpc::INVALID_ARGUMENT), HasSubstr("a batch of 6 rows, want 0..5"));
  EXPECT_THAT(refusal(MakeFirst(5, 2, {-1}), grpc::INVALID_ARGUMENT), HasSubstr("a batch of -1 rows"));
  EXPECT_THAT(refusal(MakeFirst(5, 2, {1, 1, 1}), grpc::INVALID_ARGUMENT), HasSubstr("3 batches outstanding"));
  v1::SampleCredit other = MakeFirst(1, 1);
  other.mutable_schema()->mutable_columns(0)->set_name("author");
  EXPECT_THAT(refusal(other, grpc::FAILED_PRECONDITION), HasSubstr("column 0 is 'writer int64'"));
  other = MakeFirst(1, 1);
  other.set_table("nowhere");
  EXPECT_THAT(refusal(other, grpc::NOT_FOUND), HasSubstr("no table 'nowhere', there are: transitions"));
  other = MakeFirst(1, 1);
  other.add_keys(1);
  EXPECT_THAT(refusal(other, grpc::INVALID_ARGUMENT), HasSubstr("1 keys and 0 priorities"));
  EXPECT_TRUE(Eventually([&] { return server.service().stats("").readers == 0; }));
}

TEST(SampleStreamTest, RefusesAcknowledgementsOfWhatWasNotDrawn) {
  ReplayServer server;
  Fill(server.table(), 10);
  for (const int64_t acknowledged : {-1, 2}) {
    RawReader reader(server, MakeFirst(1, 2, {1}));
    reader.Receive();
    reader.Send(MakeCredit(acknowledged));
    const grpc::Status status = reader.Finish();
    EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr("want 0..1"));
  }
}

TEST(SampleStreamTest, SplitsLargeBatchesAndSendsNoMoreThanOrdered) {
  ReplayServer server;
  Fill(server.table(), 1000);
  RawReader reader(server, MakeFirst(40'000, 1, {40'000}));  // 1.28 MB: two parts.
  const v1::SampleBatch first = reader.Receive();
  EXPECT_EQ(first.header().num_rows(), 40'000);
  EXPECT_EQ(first.columns().size(), size_t{1} << 20);
  EXPECT_FALSE(first.last_part());
  const v1::SampleBatch second = reader.Receive();
  EXPECT_FALSE(second.has_header());
  EXPECT_TRUE(second.last_part());
  EXPECT_EQ(static_cast<int64_t>(first.columns().size() + second.columns().size()), first.header().payload_bytes());
  reader.Send(MakeCredit(1, {40'000}));
  reader.Receive();
  EXPECT_EQ(server.table().state().sampled, 80'000) << "no batch that was not ordered";
}

TEST(SampleStreamTest, OrdersOfDifferentSizesComeInTheirOrder) {
  ReplayServer server;
  Fill(server.table(), 100);
  RawReader reader(server, MakeFirst(20, 8, {3, 0, 20, 1}));
  for (const int rows : {3, 0, 20, 1}) {
    const v1::SampleBatch batch = reader.Receive();
    EXPECT_EQ(batch.header().num_rows(), rows);
    EXPECT_EQ(batch.columns().size(), rows == 0 ? 0 : TestSchema().batch_bytes(static_cast<size_t>(rows)));
    EXPECT_TRUE(batch.last_part());
  }
}

TEST(SampleStreamTest, ABatchOfNoRowsIsTheStateOfTheTableAtOnce) {
  ReplayServer server({.rate_limiter = {.min_size = 50}});
  Fill(server.table(), 7);
  RawReader reader(server, MakeFirst(10, 1, {0}));
  const v1::SampleBatch batch = reader.Receive();
  EXPECT_EQ(batch.header().num_rows(), 0);
  EXPECT_EQ(batch.header().table().rows(), 7);
  EXPECT_EQ(batch.header().table().total_weight(), 0u) << "no sample is admitted yet";
  EXPECT_EQ(batch.header().blocked_on(), v1::BLOCKED_ON_MIN_SIZE);
  reader.Send(MakeCredit(1, {0}));
  reader.Receive();
}

TEST(SampleStreamTest, RefundsBatchesThatWereNotAcknowledged) {
  ReplayServer server;
  Fill(server.table(), 100);
  {
    RawReader reader(server, MakeFirst(10, 3, {10, 5, 10}));
    for (int i = 0; i < 3; ++i) reader.Receive();
    reader.Send(MakeCredit(2, {10}));
    reader.Receive();
    reader.Cancel();
  }
  ASSERT_TRUE(Eventually([&] { return server.service().stats("").readers == 0; }));
  EXPECT_EQ(server.table().state().sampled, 35);
  EXPECT_EQ(server.table().state().refunded, 20);
  EXPECT_EQ(RawCaller(server).Info().tables(0).state().sampled(), 15);
}

TEST(SampleStreamTest, ARefundLetsOthersGoOn) {
  ReplayServer server({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}});
  Fill(server.table(), 10);
  RawReader dies(server, MakeFirst(10, 1, {10}));
  dies.Receive();
  RawReader waits(server, MakeFirst(10, 1, {10}));
  ASSERT_TRUE(Waits(server, BlockedOn::kSpiSample));
  dies.Cancel();
  const v1::SampleBatch batch = waits.Receive();
  EXPECT_EQ(batch.header().blocked_on(), v1::BLOCKED_ON_SPI_SAMPLE);
  EXPECT_GT(batch.header().blocked_micros(), 0);
}

TEST(SampleStreamTest, LeasedRowsComeBackWhenTheirReaderDiesAndGoWhenItAcknowledges) {
  ReplayServer server(QueueOptions(100));
  Fill(server.table(), 10);
  {
    RawReader dies(server, MakeFirst(4, 2, {4, 4}));
    EXPECT_EQ(Sequences(dies.Receive()), (std::vector<int64_t>{0, 1, 2, 3}));
    EXPECT_EQ(Sequences(dies.Receive()), (std::vector<int64_t>{4, 5, 6, 7}));
    dies.Send(MakeCredit(1));
    ASSERT_TRUE(Eventually([&] { return server.table().state().consumed == 4; }));
    dies.Cancel();
  }
  ASSERT_TRUE(Eventually([&] { return server.table().state().leased == 0; }));
  RawReader next(server, MakeFirst(6, 1, {6}));
  EXPECT_EQ(Sequences(next.Receive()), (std::vector<int64_t>{4, 5, 6, 7, 8, 9}));
  next.Send(MakeCredit(1));
  EXPECT_TRUE(next.Finish().ok());
  ASSERT_TRUE(Eventually([&] { return server.table().state().consumed == 10; }));
  EXPECT_EQ(server.table().state().rows, 0);
}

TEST(SampleStreamTest, UsesPrioritiesBeforeTheNextDraw) {
  ReplayServer server({.sampler = SelectorKind::kHighestPriority});
  Fill(server.table(), 3);
  RawReader reader(server, MakeFirst(1, 2, {1}));
  const v1::SampleBatch first = reader.Receive();
  v1::SampleCredit credit = MakeCredit(1, {1});
  credit.add_keys(first.header().keys(0));
  credit.add_priorities(0.25f);
  reader.Send(credit);
  const v1::SampleBatch second = reader.Receive();
  EXPECT_NE(second.header().keys(0), first.header().keys(0));
  EXPECT_EQ(second.header().table().priorities_updated(), 1);
}

TEST(SampleStreamTest, BadPrioritiesAreRefusedForTheirRowAndStaleOnesCounted) {
  ReplayServer server({.capacity_rows = 4, .sampler = SelectorKind::kPrioritized});
  Fill(server.table(), 4);
  RawReader reader(server, MakeFirst(4, 2, {4}));
  const v1::SampleBatch first = reader.Receive();
  Fill(server.table(), 4, 4);  // All that were drawn are gone.
  v1::SampleCredit credit = MakeCredit(1, {1});
  credit.add_keys(first.header().keys(0));
  credit.add_priorities(1);
  for (const float bad : {-1.f, std::nanf(""), std::numeric_limits<float>::infinity()}) {
    credit.add_keys(first.header().keys(1));
    credit.add_priorities(bad);
  }
  reader.Send(credit);
  const v1::TableState state = reader.Receive().header().table();
  EXPECT_EQ(state.priorities_stale(), 1);
  EXPECT_EQ(state.priorities_refused(), 3);
  EXPECT_EQ(state.priorities_updated(), 0);
}

TEST(SampleStreamTest, APriorityAboveZeroWakesWhoWaitsForOne) {
  ReplayServer server({.sampler = SelectorKind::kPrioritized});
  RawWriter writer(server, MakeHello(1));
  writer.Send(MakeBlock(0, 2, {0, 0}));
  writer.ReceiveRows(2);
  RawReader reader(server, MakeFirst(1, 1, {1}));
  ASSERT_TRUE(Waits(server, BlockedOn::kItems));
  writer.Send(MakeBlock(2, 1, {3}));
  const v1::SampleBatch batch = reader.Receive();
  EXPECT_EQ(batch.header().blocked_on(), v1::BLOCKED_ON_ITEMS);
  EXPECT_EQ(Sequences(batch), std::vector<int64_t>{2});
}

TEST(SampleStreamTest, WaitsForMinSizeAndSaysSo) {
  ReplayServer server({.rate_limiter = {.min_size = 50}});
  RawReader reader(server, MakeFirst(10, 1, {10}));
  ASSERT_TRUE(Waits(server, BlockedOn::kMinSize));
  EXPECT_EQ(RawCaller(server).Info().tables(0).samples_blocked_on(), v1::BLOCKED_ON_MIN_SIZE);
  RawWriter writer(server, MakeHello(1));
  writer.Send(MakeBlock(0, 50));
  EXPECT_EQ(reader.Receive().header().blocked_on(), v1::BLOCKED_ON_MIN_SIZE);
}

TEST(SampleStreamTest, AReaderThatDoesNotReadCostsABoundAndHoldsNobodyUp) {
  ReplayServer server;
  Fill(server.table(), 1000);
  std::vector<int32_t> orders(64, 30'000);  // 64 batches of 960 kB.
  RawReader deaf(server, MakeFirst(30'000, 64, orders)), other(server, MakeFirst(10, 1, {10}));
  other.Receive();
  // What is drawn is what the transport took, and one batch that waits for it.
  ASSERT_TRUE(Eventually([&] { return server.table().state().sampled >= 30'000; }));
  RawWriter writer(server, MakeHello(1));
  for (int64_t i = 0; i < 100; ++i) writer.Send(MakeBlock(i * 10, 10));
  writer.ReceiveRows(1000);
  EXPECT_LT(server.table().state().sampled, 40 * 30'000);
  deaf.Cancel();
  ASSERT_TRUE(Eventually([&] { return server.service().stats("").readers == 1; }));
  EXPECT_EQ(server.table().state().sampled - server.table().state().refunded, 10);
}

TEST(SampleStreamTest, BoundsTheRowsThatAreOutstanding) {
  ReplayServer server;
  Fill(server.table(), 10);
  RawReader reader(server, MakeFirst(65'536, 1024, std::vector<int32_t>(65, 65'536)));
  const grpc::Status status = reader.Finish();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("4259840 rows outstanding, want at most 4194304"));
}

TEST(SampleStreamTest, DrainEndsReadersUnavailable) {
  ReplayServer server({.rate_limiter = {.min_size = 50}});
  RawReader waits(server, MakeFirst(10, 1, {10}));
  ASSERT_TRUE(Waits(server, BlockedOn::kMinSize));
  server.service().Drain();
  EXPECT_EQ(waits.Finish().error_code(), grpc::UNAVAILABLE);
  RawReader late(server, MakeFirst(10, 1));
  EXPECT_EQ(late.Finish().error_code(), grpc::UNAVAILABLE);
}

TEST(SampleStreamTest, StoppingTheServerEndsStreamsThatWait) {
  ReplayServer server({.rate_limiter = {.min_size = 50}});
  RawReader reader(server, MakeFirst(10, 1, {10}));
  ASSERT_TRUE(Waits(server, BlockedOn::kMinSize));
  server.Kill();
  EXPECT_FALSE(reader.Finish().ok());
}

}  // namespace
}  // namespace recbots::replay
