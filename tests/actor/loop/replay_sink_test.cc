#include "actor/loop/replay_sink.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "replay/client/replay_sampler.h"
#include "tests/replay/client/shard_server.h"

namespace recbots {
namespace {

using replay::Eventually;
using replay::Patience;
using replay::TestRow;

constexpr int kUsers = 8;

absl::string_view BytesOf(const std::vector<TestRow>& rows) {
  return {replay::Bytes(rows), rows.size() * sizeof(TestRow)};
}

std::unique_ptr<replay::ReplayWriter> MakeWriter(const replay::ShardServer& server, absl::Duration max_waiting) {
  auto writer =
      replay::ReplayWriter::Create(replay::TestSchema(), {.address = server.address(), .max_waiting = max_waiting});
  RECBOTS_CHECK_OK(writer.status());
  RECBOTS_CHECK(Eventually([&] { return (*writer)->stats().connected_shards == 1; }));
  return *std::move(writer);
}

TEST(ReplaySinkTest, HandsOverRowsInTheirOrder) {
  replay::ShardServer server;
  const auto writer = MakeWriter(server, absl::Seconds(1));
  ReplaySink sink(*writer, sizeof(TestRow), [] { return false; });
  for (int step = 0; step < 3; ++step) {
    ASSERT_TRUE(sink.Append(BytesOf(replay::MakeRows(1, step * kUsers, kUsers)), kUsers, 1).ok());
  }
  ASSERT_TRUE(sink.Append("", 0, 1).ok());
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(replay::AllRows(server.table()), replay::MakeRows(1, 0, 3 * kUsers));
}

TEST(ReplaySinkTest, EndsWhenItIsToldTo) {
  replay::ShardServer server({.table = {.rate_limiter = {.min_size = 1, .samples_per_insert = 1, .error_buffer = 2}}});
  const auto writer = MakeWriter(server, absl::InfiniteDuration());
  WaitBoard waits;
  std::vector<WaitInfo> seen;
  const auto stop = [&] {
    seen = waits.waits();
    return !seen.empty();
  };
  ReplaySink sink(*writer, sizeof(TestRow), stop, &waits, {.thing = "room in table t", .peer = "here"});
  EXPECT_EQ(sink.Append(BytesOf(replay::MakeRows(1, 0, 1000)), 1000, 1).code(), absl::StatusCode::kCancelled);
  ASSERT_EQ(seen.size(), 1u) << "it shows what it waits for";
  EXPECT_EQ(DescribeWait(seen[0].thing, seen[0].peer), "room in table t at here");
  EXPECT_TRUE(waits.waits().empty());
}

// Where one row of a step comes in and the others are dropped, it must not always be the same user's.
TEST(ReplaySinkTest, RowsThatAreKeptAreOfAllUsers) {
  replay::ShardServer server({.table = {.rate_limiter = {.min_size = 1, .samples_per_insert = 1, .error_buffer = 2}},
                              .service = {.max_waiting_rows = 2}});
  const auto writer = MakeWriter(server, absl::Milliseconds(2));
  const auto reader = replay::ReplaySampler::Create(
                          replay::TestSchema(), {.address = server.address(), .batch_size = 1, .batches_in_flight = 1})
                          .value();
  ReplaySink sink(*writer, sizeof(TestRow), [] { return false; });
  int64_t step = 0;
  for (; writer->dropped_rows() < 100 * kUsers; ++step) {
    std::vector<TestRow> rows;
    for (int user = 0; user < kUsers; ++user) rows.push_back(replay::MakeRow(user, step));
    ASSERT_TRUE(writer->AwaitRoom(kUsers, Patience()).ok());
    ASSERT_TRUE(sink.Append(BytesOf(rows), kUsers, 1).ok());
    ASSERT_TRUE(reader->Next(Patience()).ok());
  }
  std::map<int64_t, int> rows_of;
  for (const TestRow& row : replay::AllRows(server.table())) ++rows_of[row.writer];
  EXPECT_EQ(rows_of.size(), static_cast<size_t>(kUsers));
  const auto few = server.table().state().rows / kUsers / 4;
  for (const auto& [user, rows] : rows_of) EXPECT_GT(rows, few) << "user " << user;
}

}  // namespace
}  // namespace recbots
