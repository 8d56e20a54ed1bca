#include "replay/client/replay_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "replay/client/block_ring.h"
#include "replay/table/column_batch.h"
#include "tests/replay/support/replay_server.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<ReplayWriter> MakeWriter(const ReplayServer& server, ReplayWriterOptions options = {}) {
  options.address = server.address();
  options.writer_name = "test";
  auto writer = ReplayWriter::Create(TestSchema(), options);
  RECBOTS_CHECK_OK(writer.status());
  return *std::move(writer);
}

void AppendAll(ReplayWriter& writer, const std::vector<TestRow>& rows) {
  const auto taken = writer.Append(rows.data(), static_cast<int64_t>(rows.size()), /*weights_version=*/3, Patience());
  ASSERT_TRUE(taken.ok()) << taken.status();
  ASSERT_EQ(*taken, static_cast<int64_t>(rows.size()));
}

TEST(ReplayWriterTest, RowsArriveInOrder) {
  ReplayServer server;
  const auto writer = MakeWriter(server);
  for (int64_t first = 0; first < 50'000; first += 1000) AppendAll(*writer, MakeRows(1, first, 1000));
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 50'000));
  EXPECT_EQ(writer->stats().acknowledged_rows, 50'000);
  EXPECT_EQ(writer->stats().connections, 1);
  EXPECT_EQ(server.service().stats().weights_version, 3);
  EXPECT_EQ(writer->Append(nullptr, 1, 0, Patience()).status().code(), absl::StatusCode::kCancelled);
}

TEST(ReplayWriterTest, AFewRowsGoWithoutAFlush) {
  ReplayServer server;
  const auto writer = MakeWriter(server);
  AppendAll(*writer, MakeRows(1, 0, 3));
  EXPECT_TRUE(Eventually([&] { return server.table().state().rows == 3; }));
}

// The heart of the matter: the server dies again and again while blocks are in the air.
TEST(ReplayWriterTest, NothingIsLostAndNothingDoubledWhenTheServerIsKilled) {
  ReplayServer server({.capacity_rows = 1'000'000});
  const auto writer = MakeWriter(server, {.block_bytes = 4096});
  constexpr int64_t kRows = 400'000;
  constexpr int64_t kKills = 5;
  for (int64_t first = 0; first < kRows; first += 1000) {
    AppendAll(*writer, MakeRows(1, first, 1000));
    if (first % (kRows / kKills) == kRows / kKills / 2) {
      server.Kill();
      server.Start();
    }
  }
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(server.table().state().inserted, kRows);
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, kRows));
  EXPECT_GE(writer->stats().connections, 2);
  EXPECT_EQ(writer->stats().store_restarts, 0);
}

TEST(ReplayWriterTest, GoesOnAsANewWriterWhenTheStoreWasRestarted) {
  ReplayServer server;
  const auto writer = MakeWriter(server);
  AppendAll(*writer, MakeRows(1, 0, 1000));
  ASSERT_TRUE(writer->Flush(Patience()).ok());
  server.Kill();
  server.NewTable();
  server.Start();
  AppendAll(*writer, MakeRows(1, 1000, 1000));
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 1000, 1000));
  EXPECT_EQ(writer->stats().store_restarts, 1);
}

TEST(ReplayWriterTest, AppendWaitsAtTheLimiterWithADeadlineAndSaysWhy) {
  ReplayServer server({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}});
  const auto writer = MakeWriter(server, {.block_bytes = 1024, .buffer_bytes = 8192});
  const auto rows = MakeRows(1, 0, 1000);
  const int64_t taken = writer->Append(rows.data(), 1000, 0, absl::Now() + absl::Milliseconds(300)).value();
  EXPECT_LE(taken, 256 + 32) << "memory is bounded by buffer_bytes";
  EXPECT_GE(taken, 20);
  const absl::Status flushed = writer->Flush(absl::Now() + absl::Milliseconds(200));
  EXPECT_EQ(flushed.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(flushed.message()), HasSubstr("blocked on spi_insert"));
  EXPECT_EQ(writer->stats().blocked_on, BlockedOn::kSpiInsert);
  EXPECT_EQ(writer->stats().acknowledged_rows, 20);
  EXPECT_EQ(server.table().state().inserted, 20);
}

TEST(ReplayWriterTest, AWindowSmallerThanABlockSlowsButDoesNotStop) {
  ReplayServer server({}, {.insert_window_bytes = 1});
  const auto writer = MakeWriter(server, {.block_bytes = 1024});
  AppendAll(*writer, MakeRows(1, 0, 5000));
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 5000));
}

TEST(ReplayWriterTest, AnotherSchemaIsFinalAndNamed) {
  ReplayServer server;
  const RowSchema other = RowSchema::Create({{"writer", DType::kInt32, {}}}).value();
  const auto writer = ReplayWriter::Create(other, {.address = server.address()}).value();
  ASSERT_TRUE(Eventually([&] { return !writer->status().ok(); }));
  EXPECT_EQ(writer->status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(writer->status().message()), HasSubstr("'writer int64' here and 'writer int32' there"));
  const int32_t row[2] = {};
  EXPECT_EQ(writer->Append(row, 1, 0, Patience()).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(writer->Flush(Patience()).code(), absl::StatusCode::kOk) << "nothing was appended";
}

TEST(ReplayWriterTest, GivesUpOnAPeerThatStaysAway) {
  std::string address;
  {
    ReplayServer server;
    address = server.address();
  }
  const auto writer =
      ReplayWriter::Create(TestSchema(), {.address = address, .retry = {.give_up_after = absl::Milliseconds(500)}})
          .value();
  const auto rows = MakeRows(1, 0, 1);
  ASSERT_EQ(writer->Append(rows.data(), 1, 0, Patience()).value(), 1);
  const absl::Status status = writer->Flush(Patience());
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr(address));
}

TEST(ReplayWriterTest, ReconnectsAfterADrain) {
  ReplayServer server;
  const auto writer = MakeWriter(server);
  AppendAll(*writer, MakeRows(1, 0, 100));
  server.service().Drain();
  server.Kill();
  server.Start();
  AppendAll(*writer, MakeRows(1, 100, 100));
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 200));
}

TEST(ReplayWriterTest, ManyWritersAndReadersStopWhileTheyWait) {
  auto server = std::make_unique<ReplayServer>(
      TableOptions{.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}});
  std::vector<std::unique_ptr<ReplayWriter>> writers;
  for (int64_t i = 0; i < 8; ++i) {
    writers.push_back(MakeWriter(*server));
    AppendAll(*writers.back(), MakeRows(i, 0, 20));
  }
  ASSERT_TRUE(Eventually([&] { return server->table().state().inserted == 20; }));
  server.reset();
  for (const auto& writer : writers)
    EXPECT_FALSE(writer->Close(absl::Now()).ok() && writer->stats().acknowledged_rows < 20);
}

TEST(ReplayWriterTest, RefusesOptionsOutOfRange) {
  EXPECT_THAT(std::string(ReplayWriter::Create(TestSchema(), {.block_bytes = 0}).status().message()),
              HasSubstr("block_bytes 0, want 1..4194304"));
  EXPECT_THAT(std::string(ReplayWriter::Create(TestSchema(), {.buffer_bytes = 1}).status().message()),
              HasSubstr("buffer_bytes 1, want at least block_bytes"));
}

TEST(BlockRingTest, KeepsTheBlockThatIsBeingWritten) {
  BlockRing ring(/*row_bytes=*/32, /*block_rows=*/4, /*num_blocks=*/3);
  const auto rows = MakeRows(1, 0, 20);
  EXPECT_EQ(ring.Append(Bytes(rows), 20, 1), 4);
  EXPECT_EQ(ring.Append(Bytes(rows), 2, 1), 2);
  EXPECT_EQ(ring.filling_rows(), 2);
  EXPECT_EQ(ring.Send(0).block().num_rows(), 4);
  EXPECT_EQ(ring.bytes_in_flight(), 128);
  ring.Release(4, /*last_sent_is_being_written=*/true);
  EXPECT_EQ(ring.acknowledged_rows(), 4);
  EXPECT_EQ(ring.bytes_in_flight(), 0);
  ring.Release(4, /*last_sent_is_being_written=*/false);
  EXPECT_EQ(ring.Append(Bytes(rows), 20, 1), 2);
  EXPECT_EQ(ring.Append(Bytes(rows), 20, 1), 4);
  EXPECT_EQ(ring.Append(Bytes(rows), 20, 1), 4);
  EXPECT_TRUE(ring.full());
  EXPECT_EQ(ring.Append(Bytes(rows), 20, 1), 0);
  EXPECT_EQ(ring.Send(4).block().first_sequence(), 0);
  ring.Release(6, false);
  EXPECT_EQ(ring.Forget(), 4) << "a block of which only a part is acknowledged goes again whole";
}

}  // namespace
}  // namespace recbots::replay
