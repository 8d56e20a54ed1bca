#include "replay/client/replay_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/instant.h"
#include "common/wire/experiment_identity.h"
#include "tests/replay/client/shard_server.h"

namespace recbots::replay {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::unique_ptr<ReplayWriter> MakeWriter(const ShardServer& server, ReplayWriterOptions options = {}) {
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
  ShardServer server;
  const auto writer = MakeWriter(server);
  for (int64_t first = 0; first < 50'000; first += 1000) AppendAll(*writer, MakeRows(1, first, 1000));
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 50'000));
  EXPECT_EQ(writer->stats().acknowledged_rows, 50'000);
  EXPECT_EQ(writer->stats().connections, 1);
  EXPECT_EQ(server.service().stats("").weights_version, 3);
  EXPECT_EQ(writer->Append(nullptr, 1, 0, Patience()).status().code(), absl::StatusCode::kCancelled);
}

TEST(ReplayWriterTest, AFewRowsGoWithoutAFlush) {
  ShardServer server;
  const auto writer = MakeWriter(server);
  AppendAll(*writer, MakeRows(1, 0, 3));
  EXPECT_TRUE(Eventually([&] { return server.table().state().rows == 3; }));
}

// The heart of the matter: the server dies again and again while blocks are in the air.
TEST(ReplayWriterTest, NothingIsLostAndNothingDoubledWhenTheServerIsKilled) {
  ShardServer server({.table = {.capacity_rows = 1'000'000}});
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
  ShardServer server;
  const auto writer = MakeWriter(server);
  AppendAll(*writer, MakeRows(1, 0, 1000));
  ASSERT_TRUE(writer->Flush(Patience()).ok());
  server.Kill();
  server.NewStore();
  server.Start();
  AppendAll(*writer, MakeRows(1, 1000, 1000));
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 1000, 1000));
  EXPECT_EQ(writer->stats().store_restarts, 1);
  EXPECT_EQ(writer->stats().lost_rows, 1000);
}

TEST(ReplayWriterTest, AppendWaitsAtTheLimiterWithADeadlineAndSaysWhy) {
  ShardServer server({.table = {.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}}});
  const auto writer = MakeWriter(server, {.block_bytes = 1024, .buffer_bytes = 8192});
  const auto rows = MakeRows(1, 0, 1000);
  const int64_t taken = writer->Append(rows.data(), 1000, 0, Instant::Now() + absl::Milliseconds(300)).value();
  EXPECT_LE(taken, 256 + 32) << "memory is bounded by buffer_bytes";
  EXPECT_GE(taken, 20);
  const absl::Status flushed = writer->Flush(Instant::Now() + absl::Milliseconds(200));
  EXPECT_EQ(flushed.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(flushed.message()), AllOf(HasSubstr("blocked on spi_insert; waited "),
                                                    HasSubstr(" s for acknowledgements at " + server.address())));
  EXPECT_EQ(writer->stats().blocked_on, BlockedOn::kSpiInsert);
  EXPECT_EQ(writer->stats().acknowledged_rows, 20);
  EXPECT_EQ(server.table().state().inserted, 20);
}

TEST(ReplayWriterTest, AWindowSmallerThanABlockSlowsButDoesNotStop) {
  ShardServer server({.service = {.insert_window_bytes = 1}});
  const auto writer = MakeWriter(server, {.block_bytes = 1024});
  AppendAll(*writer, MakeRows(1, 0, 5000));
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 5000));
}

TEST(ReplayWriterTest, AnotherSchemaIsFinalAndNamed) {
  ShardServer server;
  const RowSchema other = RowSchema::Create({{"writer", DType::kInt32, {}}}).value();
  const auto writer = ReplayWriter::Create(other, {.address = server.address()}).value();
  ASSERT_TRUE(Eventually([&] { return !writer->status().ok(); }));
  EXPECT_EQ(writer->status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(writer->status().message()), HasSubstr("writer int32"));
  const int32_t row[2] = {};
  EXPECT_EQ(writer->Append(row, 1, 0, Patience()).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(writer->Flush(Patience()).code(), absl::StatusCode::kOk) << "nothing was appended";
}

TEST(ReplayWriterTest, GivesUpOnAPeerThatStaysAway) {
  std::string address;
  {
    ShardServer server;
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
  ShardServer server;
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
  auto server = std::make_unique<ShardServer>(
      ShardServerOptions{.table = {.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}},
                         .service = {.max_waiting_rows = 0}});
  std::vector<std::unique_ptr<ReplayWriter>> writers;
  for (int64_t i = 0; i < 8; ++i) {
    writers.push_back(MakeWriter(*server));
    AppendAll(*writers.back(), MakeRows(i, 0, 20));
  }
  ASSERT_TRUE(Eventually([&] { return server->table().state().inserted == 20; }));
  server.reset();
  for (const auto& writer : writers)
    EXPECT_FALSE(writer->Close(Instant::Now()).ok() && writer->stats().acknowledged_rows < 20);
}

TEST(ReplayWriterTest, BlocksGrowWithRowsUnlessTheirSizeIsGiven) {
  EXPECT_EQ(DefaultBlockBytes(8), 128 << 10);
  EXPECT_EQ(DefaultBlockBytes(8192), 128 << 10);
  EXPECT_EQ(DefaultBlockBytes(20'000), 320'000);
  EXPECT_EQ(DefaultBlockBytes(40'000), 512 << 10);
  EXPECT_EQ(DefaultBlockBytes(600'000), 600'000);
}

TEST(ReplayWriterTest, RefusesOptionsOutOfRange) {
  EXPECT_THAT(std::string(ReplayWriter::Create(TestSchema(), {.block_bytes = -1}).status().message()),
              HasSubstr("block_bytes -1, want 0..4194304"));
  EXPECT_THAT(std::string(ReplayWriter::Create(TestSchema(), {.buffer_bytes = 1}).status().message()),
              HasSubstr("buffer_bytes 1, want at least block_bytes"));
}

TEST(ReplayWriterTest, RowsOfAnotherExperimentAreRefusedForGood) {
  const auto identity = [](const char* n_step) { return MakeIdentity({{"transition.n_step", n_step}}); };
  ShardServer server;
  server.table().AdoptIdentity(identity("1"));
  const auto stranger = MakeWriter(server, {.identity = identity("3")});
  ASSERT_TRUE(Eventually([&] { return !stranger->status().ok(); }));
  EXPECT_EQ(stranger->status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(stranger->status().message()),
              HasSubstr("transition.n_step: 3 of the writer, 1 of table 'transitions'"));
  const auto friendly = MakeWriter(server, {.identity = identity("1")});
  AppendAll(*friendly, MakeRows(1, 0, 3));
  EXPECT_TRUE(friendly->Close(Patience()).ok());
}

}  // namespace
}  // namespace recbots::replay
