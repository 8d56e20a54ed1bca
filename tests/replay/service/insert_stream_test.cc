#include "replay/service/insert_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/replay/support/raw_streams.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

constexpr auto kSpiInsert = static_cast<size_t>(BlockedOn::kSpiInsert);

TEST(InsertStreamTest, AcknowledgesWhatIsInTheTable) {
  ReplayServer server({}, {.insert_window_bytes = 12345});
  RawWriter writer(server, MakeHello(1));
  EXPECT_EQ(writer.greeting().acknowledged_rows(), 0);
  EXPECT_EQ(writer.greeting().window_bytes(), 12345);
  EXPECT_EQ(writer.greeting().blocked_on(), v1::BLOCKED_ON_NONE);
  EXPECT_EQ(writer.greeting().store_id(), server.store().id());
  writer.Send(MakeBlock(0, 10));
  writer.Send(MakeBlock(10, 5));
  EXPECT_EQ(writer.ReceiveRows(15).acknowledged_rows(), 15);
  EXPECT_TRUE(writer.Finish().ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 15));
}

TEST(InsertStreamTest, AWriterThatComesBackIsToldWhereToResumeAndItsOldRowsAreSkipped) {
  ReplayServer server;
  {
    RawWriter writer(server, MakeHello(1));
    writer.Send(MakeBlock(0, 10));
    writer.ReceiveRows(10);
  }
  RawWriter writer(server, MakeHello(1));
  EXPECT_EQ(writer.greeting().acknowledged_rows(), 10);
  writer.Send(MakeBlock(4, 10));
  writer.ReceiveRows(14);
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 14));
  EXPECT_EQ(server.table().state().duplicates, 6);
}

TEST(InsertStreamTest, WritesToTheTableItNames) {
  ReplayServer server({.name = "first"}, {}, {{.name = "second"}});
  RawWriter first(server, MakeHello(1)), second(server, MakeHello(1, "second"));
  first.Send(MakeBlock(0, 3));
  second.Send(MakeBlock(0, 5));
  first.ReceiveRows(3);
  second.ReceiveRows(5);
  EXPECT_EQ(server.table("first").state().rows, 3);
  EXPECT_EQ(server.table("second").state().rows, 5);
}

TEST(InsertStreamTest, TakesPrioritiesWithTheirRows) {
  ReplayServer server({.sampler = SelectorKind::kHighestPriority});
  RawWriter writer(server, MakeHello(1));
  writer.Send(MakeBlock(0, 3, {1, 7, 2}));
  writer.ReceiveRows(3);
  std::vector<char> columns(TestSchema().batch_bytes(1));
  ItemKey key = 0;
  float probability = 0;
  ASSERT_EQ(server.table().Sample(1, columns.data(), &key, &probability).blocked_on, BlockedOn::kNone);
  int64_t sequence = 0;
  std::memcpy(&sequence, columns.data() + TestSchema().batch_offset(1, 1), sizeof(sequence));
  EXPECT_EQ(sequence, 1);
}

TEST(InsertStreamTest, RefusesBadBlocksWholeAndTheStreamGoesOn) {
  ReplayServer server;
  RawWriter writer(server, MakeHello(2));
  const auto expect_refusal = [&](const v1::InsertRequest& bad, absl::StatusCode code, const char* words) {
    writer.Send(bad);
    const v1::BlockRefusal refusal = writer.ReceiveRefusal();
    EXPECT_EQ(refusal.first_sequence(), bad.block().first_sequence());
    EXPECT_EQ(refusal.code(), static_cast<int>(code)) << refusal.message();
    EXPECT_THAT(refusal.message(), HasSubstr(words));
  };
  constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;
  v1::InsertRequest bad = MakeBlock(0, 10);
  (*bad.mutable_block()->mutable_rows())[100] ^= 1;
  expect_refusal(bad, absl::StatusCode::kDataLoss, "crc32c");
  bad = MakeBlock(0, 10);
  bad.mutable_block()->mutable_rows()->pop_back();
  expect_refusal(bad, kInvalid, "319 bytes for 10 rows of 32, want 320");
  bad = MakeBlock(0, 10);
  bad.mutable_block()->set_num_rows(0);
  expect_refusal(bad, kInvalid, "num_rows 0, want 1..65536");
  bad = MakeBlock(0, 10);
  bad.mutable_block()->set_first_sequence(-1);
  expect_refusal(bad, kInvalid, "first_sequence -1");
  expect_refusal(MakeBlock(0, 3, {1, std::nanf(""), 1}), kInvalid, "of row 1, want finite and at least 0");
  expect_refusal(MakeBlock(0, 3, {1, 1, -2}), kInvalid, "priority -2 of row 2");
  bad = MakeBlock(0, 3, {1, 2});
  expect_refusal(bad, kInvalid, "8 bytes of priorities for 3 rows");
  EXPECT_EQ(server.table().state().inserted, 0);
  EXPECT_EQ(server.service().stats("").refused_blocks, 7);
  writer.Send(MakeBlock(0, 10));
  writer.ReceiveRows(10);
  expect_refusal(MakeBlock(11, 10), kInvalid, "first_sequence 11, want at most 10");
  writer.Send(MakeBlock(10, 1));
  writer.ReceiveRows(11);
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 11));
  EXPECT_TRUE(writer.Finish().ok());
}

TEST(InsertStreamTest, DropsWhatComesBehindARefusedBlockUntilTheSequenceIsContinued) {
  ReplayServer server;
  RawWriter writer(server, MakeHello(2));
  v1::InsertRequest bad = MakeBlock(10, 10);
  (*bad.mutable_block()->mutable_rows())[0] ^= 1;
  writer.Send(MakeBlock(0, 10));
  writer.Send(bad);
  for (int64_t first = 20; first < 100; first += 10) writer.Send(MakeBlock(first, 10));  // Under way already.
  EXPECT_EQ(writer.ReceiveRefusal().first_sequence(), 10);
  for (int64_t first = 10; first < 100; first += 10) writer.Send(MakeBlock(first, 10));
  writer.ReceiveRows(100);
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 100));
  EXPECT_EQ(server.service().stats("").refused_blocks, 1);
  EXPECT_EQ(server.table().state().duplicates, 0);
}

TEST(InsertStreamTest, RefusesBadHellos) {
  ReplayServer server({.name = "first"}, {}, {{.name = "second"}});
  const auto refusal = [&server](const v1::InsertRequest& bad, grpc::StatusCode code) {
    RawWriter writer(server);
    writer.Send(bad);
    const grpc::Status status = writer.Finish();
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    return status.error_message();
  };
  v1::InsertRequest bad = MakeHello(1);
  bad.mutable_hello()->set_writer_id("short");
  EXPECT_THAT(refusal(bad, grpc::INVALID_ARGUMENT), HasSubstr("writer_id of 5 bytes, want 16"));
  bad = MakeHello(1);
  bad.mutable_hello()->set_writer_name(std::string(257, 'x'));
  EXPECT_THAT(refusal(bad, grpc::INVALID_ARGUMENT), HasSubstr("writer_name of 257 bytes, want at most 256"));
  bad = MakeHello(1);
  bad.mutable_hello()->clear_schema();
  EXPECT_THAT(refusal(bad, grpc::INVALID_ARGUMENT), HasSubstr("schema"));
  bad = MakeHello(1);
  bad.mutable_hello()->mutable_schema()->mutable_columns(2)->set_shape(0, 5);
  EXPECT_THAT(refusal(bad, grpc::FAILED_PRECONDITION),
              HasSubstr("of table 'first': column 2 is 'payload float32 [4]' here and 'payload float32 [5]' there"));
  EXPECT_THAT(refusal(MakeHello(1, "third"), grpc::NOT_FOUND), HasSubstr("no table 'third', there are: first, second"));
  EXPECT_THAT(refusal(MakeBlock(0, 1), grpc::INVALID_ARGUMENT), HasSubstr("want a hello"));
  EXPECT_THAT(refusal(v1::InsertRequest(), grpc::INVALID_ARGUMENT), HasSubstr("none of hello, block, commit, flush"));
  EXPECT_EQ(server.service().stats("").writers, 0) << "none was accepted";
}

TEST(InsertStreamTest, EndsStreamsThatCannotBeRead) {
  ReplayServer server;
  RawWriter twice(server, MakeHello(1));
  twice.Send(MakeHello(1));
  grpc::Status status = twice.Finish();
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("a second hello"));
  RawWriter empty(server, MakeHello(2));
  empty.Send(v1::InsertRequest());
  EXPECT_EQ(empty.Finish().error_code(), grpc::INVALID_ARGUMENT);
  RawWriter other(server, MakeHello(3));
  other.Send(MakeBlock(0, 1));
  EXPECT_EQ(other.ReceiveRows(1).acknowledged_rows(), 1) << "others go on";
}

TEST(InsertStreamTest, AMessageThatIsTooLargeEndsItsStreamOnly) {
  ReplayServer server;
  RawWriter large(server, MakeHello(1)), other(server, MakeHello(2));
  v1::InsertRequest block = MakeBlock(0, 1);
  block.mutable_block()->mutable_rows()->resize(9 << 20);
  large.Send(block);
  EXPECT_EQ(large.Finish().error_code(), grpc::RESOURCE_EXHAUSTED);
  // What the transport takes and a block may not have.
  block.mutable_block()->mutable_rows()->resize(5 << 20);
  other.Send(block);
  EXPECT_THAT(other.ReceiveRefusal().message(), HasSubstr("at most 4194304"));
  EXPECT_EQ(server.table().state().inserted, 0);
}

TEST(InsertStreamTest, SaysWhatItWaitsForAndForHowLongAndGoesOnWhenSamplesCome) {
  ReplayServer server({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}});
  RawWriter writer(server, MakeHello(1));
  writer.Send(MakeBlock(0, 25));
  EXPECT_EQ(writer.ReceiveBlocked(v1::BLOCKED_ON_SPI_INSERT).acknowledged_rows(), 20);
  // The samples go through the service, which is what wakes the writer.
  RawReader reader(server, MakeFirst(10, 1, {10}));
  reader.Receive();
  const v1::InsertAck ack = writer.ReceiveRows(25);
  EXPECT_EQ(ack.blocked_on(), v1::BLOCKED_ON_NONE);
  EXPECT_GT(ack.blocked_micros(), 0);
  EXPECT_GT(server.service().stats("").blocked[kSpiInsert], absl::ZeroDuration());
  writer.Send(MakeBlock(25, 1));
  EXPECT_EQ(writer.ReceiveRows(26).blocked_micros(), 0) << "that wait was told";
}

TEST(InsertStreamTest, WaitsForRoomUntilAReaderAcknowledges) {
  ReplayServer server({.capacity_rows = 10,
                       .sampler = SelectorKind::kOldest,
                       .max_times_sampled = 1,
                       .rate_limiter = {.kind = RateLimiterOptions::Kind::kQueue, .queue_size = 10}});
  RawWriter writer(server, MakeHello(1));
  writer.Send(MakeBlock(0, 10));
  writer.ReceiveRows(10);
  RawReader reader(server, MakeFirst(4, 2, {4}));
  reader.Receive();
  writer.Send(MakeBlock(10, 4));
  const v1::InsertAck blocked = writer.ReceiveBlocked(v1::BLOCKED_ON_CAPACITY);
  EXPECT_EQ(blocked.acknowledged_rows(), 10) << "drawn rows keep their place until they are acknowledged";
  reader.Send(MakeCredit(1));
  writer.ReceiveRows(14);
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 4, 10));
}

TEST(InsertStreamTest, SharesTheBudgetAmongWritersAndSaysSo) {
  ReplayServer server({}, {.insert_window_bytes = 100'000, .insert_budget_bytes = 160'000});
  const auto window = [](int64_t bytes) { return [bytes](const auto& ack) { return ack.window_bytes() == bytes; }; };
  RawWriter first(server, MakeHello(1));
  EXPECT_EQ(first.greeting().window_bytes(), 100'000);
  RawWriter second(server, MakeHello(2));
  EXPECT_EQ(second.greeting().window_bytes(), 80'000);
  first.ReceiveUntil(window(80'000));
  {
    RawWriter third(server, MakeHello(3));
    EXPECT_EQ(third.greeting().window_bytes(), 40'000) << "as for four";
    first.ReceiveUntil(window(40'000));
    second.ReceiveUntil(window(40'000));
    third.Cancel();
  }
  first.ReceiveUntil(window(80'000));
  std::vector<std::unique_ptr<RawWriter>> many;
  for (int i = 0; i < 62; ++i) {
    many.push_back(std::make_unique<RawWriter>(server, MakeHello(static_cast<uint8_t>(10 + i))));
  }
  EXPECT_EQ(many.back()->greeting().window_bytes(), 4096) << "the least that is given";
}

// What writers have in flight lies in front of the learner's next order.
TEST(InsertStreamTest, WindowsAreSmallAsLongAsThereIsAReader) {
  ReplayServer server({}, {.insert_window_bytes = 100'000, .insert_budget_beside_readers_bytes = 30'000});
  const auto window = [](int64_t bytes) { return [bytes](const auto& ack) { return ack.window_bytes() == bytes; }; };
  RawWriter first(server, MakeHello(1));
  EXPECT_EQ(first.greeting().window_bytes(), 100'000);
  {
    RawReader reader(server, MakeFirst(1, 1));
    first.ReceiveUntil(window(30'000));
    RawWriter second(server, MakeHello(2));
    EXPECT_EQ(second.greeting().window_bytes(), 15'000);
    first.ReceiveUntil(window(15'000));
    RawReader refused(server, MakeFirst(1, 1, {1, 1}));
    EXPECT_EQ(refused.Finish().error_code(), grpc::INVALID_ARGUMENT);
    reader.Cancel();
    second.ReceiveUntil(window(100'000));
  }
  first.ReceiveUntil(window(100'000));
}

TEST(InsertStreamTest, AWriterThatDoesNotReadIsServedAllTheSame) {
  ReplayServer server;
  RawWriter deaf(server), other(server, MakeHello(2));
  deaf.Send(MakeHello(1));
  constexpr int64_t kBlocks = 5000;
  for (int64_t i = 0; i < kBlocks; ++i) deaf.Send(MakeBlock(i, 1));
  EXPECT_TRUE(Eventually([&] { return server.table().state().inserted == kBlocks; }));
  other.Send(MakeBlock(0, 1));
  other.ReceiveRows(1);
  EXPECT_EQ(deaf.ReceiveRows(kBlocks).acknowledged_rows(), kBlocks) << "and is told when it reads";
}

// Full blocks may share an acknowledgement, but none waits for a block that does not come.
TEST(InsertStreamTest, FullBlocksAreAcknowledgedSoonToo) {
  ReplayServer server;
  constexpr int64_t kRows = 2048;  // 64 KiB.
  RawWriter writer(server, MakeHello(1));
  int64_t first = 0;
  for (const int64_t blocks : {1, 2, 30, 1}) {
    for (int64_t i = 0; i < blocks; ++i, first += kRows) writer.Send(MakeBlock(first, kRows));
    EXPECT_EQ(writer.ReceiveRows(first).acknowledged_rows(), first);
  }
  writer.Send(MakeBlock(first, kRows));
  int64_t last = 0;
  writer.SayFarewell();
  for (v1::InsertAck ack; writer.TryReceive(ack);) last = ack.acknowledged_rows();
  EXPECT_EQ(last, first + kRows) << "a farewell is answered with all there is to say";
}

constexpr absl::Duration kNever = absl::Hours(1);

// Where acknowledgements of full blocks wait for more of them, they do not when somebody waits.
TEST(InsertStreamTest, RowsThatSomebodyWaitsForAreAcknowledgedAtOnce) {
  ReplayServer server({}, {.ack_delay = kNever});
  constexpr int64_t kRows = 2048;  // 64 KiB.
  RawWriter writer(server, MakeHello(1));
  v1::InsertRequest block = MakeBlock(0, kRows);
  block.mutable_block()->set_awaited(true);
  writer.Send(block);
  EXPECT_EQ(writer.ReceiveRows(kRows).acknowledged_rows(), kRows);
  // The wish may also come behind the block.
  writer.Send(MakeBlock(kRows, kRows));
  v1::InsertRequest flush;
  flush.mutable_flush();
  writer.Send(flush);
  EXPECT_EQ(writer.ReceiveRows(2 * kRows).acknowledged_rows(), 2 * kRows);
  EXPECT_TRUE(writer.Finish().ok());
}

TEST(InsertStreamTest, SharesAmongWritersWhatMayWait) {
  ReplayServer server({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 90}},
                      {.max_waiting_rows = 40, .max_waiting = absl::ZeroDuration()});
  RawWriter first(server, MakeHello(1));
  EXPECT_EQ(first.greeting().max_waiting_rows(), 100 + 40) << "what the limiter admits at once does not wait";
  RawWriter second(server, MakeHello(2));
  EXPECT_EQ(second.greeting().max_waiting_rows(), 70);
  first.Send(MakeBlock(0, 110));
  EXPECT_EQ(first.ReceiveBlocked(v1::BLOCKED_ON_SPI_INSERT).max_waiting_rows(), 20);
  EXPECT_EQ(RawCaller(server).Info().tables(0).max_waiting_rows(), 40);
  RawWriter third(server, MakeHello(3)), fourth(server, MakeHello(4));
  EXPECT_EQ(fourth.greeting().max_waiting_rows(), 10);
}

TEST(InsertStreamTest, AnyNumberMayWaitWhereNoRatioIsHeldOrNoBoundIsAskedFor) {
  ReplayServer no_ratio;
  RawWriter writer(no_ratio, MakeHello(1));
  EXPECT_EQ(writer.greeting().max_waiting_rows(), 0);
  ReplayServer no_bound({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}},
                        {.max_waiting_rows = 0});
  RawWriter other(no_bound, MakeHello(1));
  EXPECT_EQ(other.greeting().max_waiting_rows(), 0);
}

TEST(InsertStreamTest, CountsWritersThatVanish) {
  ReplayServer server;
  RawWriter gone(server, MakeHello(1)), polite(server, MakeHello(2));
  EXPECT_EQ(server.service().stats("").writers, 2);
  EXPECT_TRUE(polite.Finish().ok());
  gone.Cancel();
  ASSERT_TRUE(Eventually([&] { return server.service().stats("").writers == 0; }));
  ASSERT_TRUE(Eventually([&] { return server.service().stats("").dead_writers == 1; }));
}

TEST(InsertStreamTest, AWriterThatVanishesWhileItWaitsLeavesNothingBehind) {
  ReplayServer server({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}});
  {
    RawWriter writer(server, MakeHello(1));
    writer.Send(MakeBlock(0, 25));
    writer.ReceiveBlocked(v1::BLOCKED_ON_SPI_INSERT);
    writer.Cancel();
  }
  ASSERT_TRUE(Eventually([&] { return server.service().stats("").writers == 0; }));
  RawReader reader(server, MakeFirst(10, 1, {10}));
  reader.Receive();
  EXPECT_EQ(server.table().state().inserted, 20);
  RawWriter again(server, MakeHello(1));
  EXPECT_EQ(again.greeting().acknowledged_rows(), 20);
}

TEST(InsertStreamTest, DrainAcknowledgesWhatIsAppliedAndEndsUnavailable) {
  ReplayServer server({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}});
  RawWriter parked(server, MakeHello(1)), idle(server, MakeHello(2));
  parked.Send(MakeBlock(0, 25));
  parked.ReceiveBlocked(v1::BLOCKED_ON_SPI_INSERT);
  server.service().Drain();
  server.service().Drain();
  EXPECT_EQ(parked.ReceiveBlocked(v1::BLOCKED_ON_DRAINING).acknowledged_rows(), 20);
  EXPECT_EQ(parked.Finish().error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(idle.Finish().error_code(), grpc::UNAVAILABLE);
  RawWriter late(server);
  EXPECT_EQ(late.Finish().error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(server.service().stats("").dead_writers, 0);
}

}  // namespace
}  // namespace recbots::replay
