// What waits behind a limiter: how much of it, how old it gets, and what makes room for what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <vector>

#include "common/base/instant.h"
#include "common/base/thread.h"
#include "replay/client/replay_sampler.h"
#include "replay/client/replay_writer.h"
#include "tests/replay/client/shard_server.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

// Admits 20 rows and holds what comes behind them.
constexpr RateLimiterOptions kHolds = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10};
constexpr RateLimiterOptions kAdmitsAll = {.min_size = 1};

std::unique_ptr<ReplayWriter> MakeWriter(const std::string& address, ReplayWriterOptions options = {}) {
  options.address = address;
  options.writer_name = "test";
  auto writer = ReplayWriter::Create(TestSchema(), options);
  RECBOTS_CHECK_OK(writer.status());
  return *std::move(writer);
}

// Appends rows first.. until none is taken for a while; returns how many were.
int64_t AppendWhatIsTaken(ReplayWriter& writer, int64_t first, int64_t most) {
  const auto rows = MakeRows(1, first, most);
  return writer.Append(rows.data(), most, 0, Instant::Now() + absl::Milliseconds(300)).value();
}

bool Holds(ReplayWriter& writer) {
  return Eventually([&writer] { return writer.stats().blocked_on == BlockedOn::kSpiInsert; });
}

// Lets everything in that waits.
void Open(ShardServer& server) {
  ASSERT_TRUE(server.table().SetRateLimiter(kAdmitsAll).ok());
  const auto sampler = ReplaySampler::Create(TestSchema(), {.address = server.address(), .batch_size = 1}).value();
  ASSERT_TRUE(sampler->Next(Patience()).ok()) << "whose draw wakes the writers";
}

TEST(WaitingRowsTest, AppendWaitsWhenItsShareWaits) {
  ShardServer server({.table = {.rate_limiter = kHolds}, .service = {.max_waiting_rows = 64}});
  const auto writer = MakeWriter(server.address());
  ASSERT_TRUE(Eventually([&] { return writer->stats().connected_shards == 1; }));
  const int64_t taken = AppendWhatIsTaken(*writer, 0, 10'000);
  EXPECT_GE(taken, 20 + 10) << "as many wait as came in, or half of that";
  EXPECT_LE(taken, 20 + 64);
  EXPECT_EQ(writer->stats().waiting_rows, taken - 20);
  Open(server);
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, taken)) << "nothing is dropped where nobody asks for it";
  EXPECT_EQ(writer->stats().dropped_rows, 0);
}

TEST(WaitingRowsTest, AwaitRoomTellsWhenRowsAreWanted) {
  ShardServer server({.table = {.rate_limiter = kHolds}, .service = {.max_waiting_rows = 64}});
  const auto writer = MakeWriter(server.address());
  ASSERT_TRUE(Eventually([&] { return writer->stats().connected_shards == 1; }));
  // Steps of 25 rows: more than a share at first, and nevertheless never cut in two.
  int64_t made = 0;
  while (writer->AwaitRoom(25, Instant::Now() + absl::Milliseconds(300)).ok()) {
    const auto rows = MakeRows(1, made, 25);
    ASSERT_EQ(writer->Append(rows.data(), 25, 0, Instant::Now()).value(), 25);
    made += 25;
    ASSERT_LE(made, 20 + 64 + 25);
  }
  const absl::Status held = writer->AwaitRoom(25, Instant::Now());
  EXPECT_EQ(held.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(held.message()), HasSubstr("no room for 25 rows; blocked on spi_insert"));
  Open(server);
  EXPECT_TRUE(writer->AwaitRoom(25, Patience()).ok());
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(writer->AwaitRoom(25, Patience()).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, made));
}

TEST(WaitingRowsTest, NewerRowsTakeThePlaceOfThoseThatWaitedTooLong) {
  ShardServer server({.table = {.rate_limiter = kHolds}, .service = {.max_waiting_rows = 64}});
  const auto writer = MakeWriter(server.address(), {.max_waiting = absl::Milliseconds(20)});
  ASSERT_TRUE(Eventually([&] { return writer->stats().connected_shards == 1; }));
  int64_t made = 0;
  while (writer->dropped_rows() < 100) {
    ASSERT_TRUE(writer->AwaitRoom(25, Patience()).ok());
    const auto rows = MakeRows(1, made, 25);
    ASSERT_EQ(writer->Append(rows.data(), 25, 0, Instant::Now()).value(), 25);
    made += 25;
  }
  Open(server);
  ASSERT_TRUE(writer->Close(Patience()).ok());
  const ReplayWriterStats stats = writer->stats();
  EXPECT_EQ(stats.appended_rows, made);
  EXPECT_EQ(stats.lost_rows, 0);
  EXPECT_EQ(stats.waiting_rows, 0);
  EXPECT_EQ(stats.acknowledged_rows, made - stats.dropped_rows);
  std::vector<TestRow> rows = AllRows(server.table());
  EXPECT_EQ(static_cast<int64_t>(rows.size()), made - stats.dropped_rows);
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i], MakeRow(1, rows[i].sequence));
    if (i > 0) {
      EXPECT_GT(rows[i].sequence, rows[i - 1].sequence);
    }
  }
  EXPECT_EQ(rows.back().sequence, made - 1) << "the newest are there";
}

TEST(WaitingRowsTest, RowsThatAreFlushedAndThoseOfDurableWritersAreNotDropped) {
  const std::string folder = (std::filesystem::path(testing::TempDir()) / "replay_waiting_durable").string();
  std::filesystem::remove_all(folder);
  ShardServer server({.table = {.rate_limiter = kHolds}, .checkpoint_directory = folder});
  for (const bool durable : {false, true}) {
    const auto writer = MakeWriter(server.address(), {.durable = durable, .max_waiting = absl::Milliseconds(1)});
    ASSERT_TRUE(Eventually([&] { return writer->stats().connected_shards == 1; }));
    const auto rows = MakeRows(1, 0, 100);
    ASSERT_TRUE(writer->AwaitRoom(100, Patience()).ok());
    ASSERT_EQ(writer->Append(rows.data(), 100, 0, Instant::Now()).value(), 100) << "a step is never cut in two";
    if (!durable) {
      EXPECT_FALSE(writer->Flush(Instant::Now()).ok());
    }
    ASSERT_TRUE(Holds(*writer));
    // Many times max_waiting, without room: AwaitRoom comes back only at its deadline.
    EXPECT_FALSE(writer->AwaitRoom(100, Instant::Now() + absl::Milliseconds(50)).ok());
    EXPECT_EQ(writer->stats().dropped_rows, 0);
  }
}

TEST(WaitingRowsTest, AnOutageIsWhatTheBufferIsFor) {
  ShardServer server({.table = {.rate_limiter = kHolds}, .service = {.max_waiting_rows = 64}});
  const auto writer = MakeWriter(server.address(), {.block_bytes = 1024, .buffer_bytes = 128 << 10});
  ASSERT_TRUE(Eventually([&] { return writer->stats().connected_shards == 1; }));
  const int64_t taken = AppendWhatIsTaken(*writer, 0, 10'000);
  ASSERT_TRUE(Holds(*writer));
  server.Kill();
  ASSERT_TRUE(Eventually([&] { return writer->stats().connected_shards == 0; }));
  const int64_t more = AppendWhatIsTaken(*writer, taken, 10'000);
  EXPECT_GT(more, 2000) << "4,096 rows fit";
  server.Start();
  ASSERT_TRUE(Holds(*writer));
  EXPECT_EQ(AppendWhatIsTaken(*writer, taken + more, 10), 0) << "and then the share counts again";
  Open(server);
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, taken + more));
}

// A fleet of writers of which each would fill its buffer of 65,536 rows: how many rows come in between the making of a
// row and its coming in does not depend on the number of writers.
class FleetTest : public testing::TestWithParam<int> {
 protected:
  static constexpr int64_t kStep = 8;
  static constexpr int64_t kMaxWaiting = 512;
  static constexpr int64_t kRows = 20'000;

  // Makes rows when they are wanted; each says how many rows had come in when it was made.
  void Run(ReplayWriter& writer, int64_t number) {
    std::vector<TestRow> rows(kStep);
    int64_t made = 0;
    while (!stop_) {
      const absl::Status room = writer.AwaitRoom(kStep, Instant::Now() + absl::Milliseconds(20));
      if (absl::IsDeadlineExceeded(room)) continue;
      ASSERT_TRUE(room.ok()) << room;
      const auto now = static_cast<float>(server_.table().state().inserted);
      for (TestRow& row : rows) row = {number, made++, {now}};
      const auto taken = writer.Append(rows.data(), kStep, 0, Patience());
      ASSERT_TRUE(taken.ok()) << taken.status();
      ASSERT_EQ(*taken, kStep);
    }
  }

  std::atomic<bool> stop_{false};
  ShardServer server_{{.table = {.capacity_rows = 100'000,
                                 .rate_limiter = {.min_size = 64, .samples_per_insert = 8, .error_buffer = 64}},
                       .service = {.max_waiting_rows = kMaxWaiting}}};
};

TEST_P(FleetTest, MoreWritersMakeNothingOlder) {
  std::vector<std::unique_ptr<ReplayWriter>> writers;
  for (int i = 0; i < GetParam(); ++i) writers.push_back(MakeWriter(server_.address()));
  for (const auto& writer : writers) {
    ASSERT_TRUE(Eventually([&] { return writer->stats().connected_shards == 1; }))
        << "before, the buffer would be filled";
  }
  {
    std::vector<std::unique_ptr<Thread>> threads;
    for (size_t i = 0; i < writers.size(); ++i) {
      threads.push_back(
          std::make_unique<Thread>("writer", [this, i, &writers] { Run(*writers[i], static_cast<int64_t>(i)); }));
    }
    const auto sampler = ReplaySampler::Create(TestSchema(), {.address = server_.address(), .batch_size = 32}).value();
    bool all_is_well = true;
    while (all_is_well && server_.table().state().inserted < kRows) {
      auto batch = sampler->Next(Patience());
      all_is_well = batch.ok();
      EXPECT_TRUE(batch.ok()) << batch.status();
      if (batch.ok()) sampler->Recycle(*std::move(batch));
    }
    stop_ = true;
  }
  Open(server_);
  int64_t appended = 0;
  for (const auto& writer : writers) {
    ASSERT_TRUE(writer->Close(Patience()).ok());
    appended += writer->stats().appended_rows;
    EXPECT_EQ(writer->stats().dropped_rows, 0);
  }
  const std::vector<TestRow> rows = AllRows(server_.table());
  EXPECT_EQ(static_cast<int64_t>(rows.size()), appended);
  std::map<int64_t, int64_t> next;  // Sequence number by writer.
  std::vector<int64_t> ages;        // In rows.
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].sequence, next[rows[i].writer]++) << "a row is missing, or out of order";
    ages.push_back(static_cast<int64_t>(i) - static_cast<int64_t>(rows[i].payload[0]));
  }
  // In turn, so what waits goes in before it: the fleet's rows, or where a share is less than a step a step of each;
  // and the rows of those whose turn comes once more. A thread that the system lets wait makes a few rows older than
  // that.
  const int64_t most = std::max(kMaxWaiting, GetParam() * kStep) + GetParam() * kStep;
  std::sort(ages.begin(), ages.end());
  const int64_t age = ages[ages.size() * 9 / 10];
  std::cout << GetParam() << " writers: " << age << " rows came in before one that was made (at most " << ages.back()
            << "), want at most " << 2 * most << "\n";
  EXPECT_LE(age, 2 * most);
}

INSTANTIATE_TEST_SUITE_P(Writers, FleetTest, testing::Values(1, 8, 32));

}  // namespace
}  // namespace recbots::replay
