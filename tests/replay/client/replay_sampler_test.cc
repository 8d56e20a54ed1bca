#include "replay/client/replay_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <utility>

#include "common/base/instant.h"
#include "common/base/mutex.h"
#include "common/base/thread.h"
#include "common/wire/experiment_identity.h"
#include "replay/client/replay_writer.h"
#include "tests/replay/client/shard_server.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<ReplaySampler> MakeSampler(const ShardServer& server, ReplaySamplerOptions options = {}) {
  options.address = server.address();
  auto sampler = ReplaySampler::Create(TestSchema(), options);
  RECBOTS_CHECK_OK(sampler.status());
  return *std::move(sampler);
}

void Fill(Table& table, int64_t rows) {
  const auto all = MakeRows(1, 0, rows);
  ASSERT_EQ(table.Append(Bytes(all), rows), rows);
}

void ExpectWholeRows(const ColumnBatch& batch) {
  for (size_t i = 0; i < static_cast<size_t>(batch.num_rows()); ++i) {
    const TestRow want = MakeRow(batch.column<int64_t>(0)[i], batch.column<int64_t>(1)[i]);
    ASSERT_EQ(std::memcmp(want.payload, &batch.column<float>(2)[i * 4], sizeof(want.payload)), 0);
  }
}

TEST(ReplaySamplerTest, BatchesOfAnySizeArriveWhole) {
  ShardServer server;
  Fill(server.table(), 1000);
  for (const int32_t batch_size : {1, 100, 40'000}) {
    const auto sampler = MakeSampler(server, {.batch_size = batch_size});
    for (int i = 0; i < 5; ++i) {
      auto sampled = sampler->Next(Patience());
      ASSERT_TRUE(sampled.ok()) << sampled.status();
      EXPECT_EQ(sampled->batch.num_rows(), batch_size);
      EXPECT_EQ(sampled->table.rows(), 1000);
      EXPECT_EQ(sampled->table.incarnation(), server.table().incarnation());
      ExpectWholeRows(sampled->batch);
      sampler->Recycle(*std::move(sampled));
    }
    EXPECT_EQ(sampler->stats().batches, 5);
  }
}

TEST(ReplaySamplerTest, NeverMoreBatchesAreDrawnThanOrdered) {
  ShardServer server;
  Fill(server.table(), 100);
  const auto sampler = MakeSampler(server, {.batch_size = 10, .batches_in_flight = 3});
  ASSERT_TRUE(Eventually([&] { return server.table().state().sampled == 30; }));
  // The one in the learner's hands counts until it comes for the next one.
  for (int64_t sampled = 30; sampled < 100; sampled += 10) {
    ASSERT_TRUE(sampler->Next(Patience()).ok());
    ASSERT_TRUE(Eventually([&] { return server.table().state().sampled == sampled; }));
  }
}

TEST(ReplaySamplerTest, SaysHowLongABatchWasHeldBack) {
  ShardServer server({.table = {.rate_limiter = {.min_size = 50}}});
  const auto sampler = MakeSampler(server, {.batch_size = 10});
  const auto early = sampler->Next(Instant::Now() + absl::Milliseconds(200));
  EXPECT_EQ(early.status().code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(early.status().message()), HasSubstr(server.address()));
  // Through the service, which is what wakes the reader.
  const auto writer = ReplayWriter::Create(TestSchema(), {.address = server.address()}).value();
  const auto rows = MakeRows(1, 0, 50);
  ASSERT_EQ(writer->Append(rows.data(), 50, 0, Patience()).value(), 50);
  const auto sampled = sampler->Next(Patience());
  ASSERT_TRUE(sampled.ok()) << sampled.status();
  EXPECT_EQ(sampled->blocked_on, BlockedOn::kMinSize);
  EXPECT_GT(sampled->blocked, absl::ZeroDuration());
}

TEST(ReplaySamplerTest, GoesOnWhenTheServerIsRestartedWithItsTableOrWithout) {
  ShardServer server;
  Fill(server.table(), 100);
  const auto sampler = MakeSampler(server, {.batch_size = 10});
  const uint64_t first = sampler->Next(Patience())->table.incarnation();
  server.Kill();
  server.Start();
  ASSERT_TRUE(Eventually([&] { return sampler->stats().connections == 2; }));
  ASSERT_TRUE(sampler->Next(Patience()).ok());
  server.Kill();
  server.NewStore();
  Fill(server.table(), 50);
  server.Start();
  ASSERT_TRUE(Eventually([&] { return sampler->stats().connections == 3; }));
  const auto sampled = sampler->Next(Patience());
  ASSERT_TRUE(sampled.ok()) << sampled.status();
  EXPECT_NE(sampled->table.incarnation(), first);
  EXPECT_EQ(sampled->table.rows(), 50);
}

TEST(ReplaySamplerTest, WhatItCannotEverGetIsFinalAndNamed) {
  ShardServer server({.table = {.rate_limiter = {.min_size = 1, .samples_per_insert = 1, .error_buffer = 100}}});
  const auto greedy = MakeSampler(server, {.batch_size = 60, .batches_in_flight = 2});
  const auto refused = greedy->Next(Patience());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("= 120"));
  const RowSchema other = RowSchema::Create({{"writer", DType::kInt64, {2}}}).value();
  const auto stranger = ReplaySampler::Create(other, {.address = server.address(), .batch_size = 10}).value();
  EXPECT_THAT(std::string(stranger->Next(Patience()).status().message()), HasSubstr("column 0"));
}

TEST(ReplaySamplerTest, CloseWakesWhoWaits) {
  ShardServer server({.table = {.rate_limiter = {.min_size = 50}}});
  const auto sampler = MakeSampler(server, {.batch_size = 10});
  absl::Status status;
  {
    Thread waiter("waiter", [&] { status = sampler->Next(Patience()).status(); });
    sampler->Close();
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

// Both ends against the limiter for real: it must neither stop nor leave its bounds.
TEST(ReplaySamplerTest, WritersAndReaderKeepTheRatioTogether) {
  constexpr double kRatio = 4;
  constexpr double kBuffer = 640;
  ShardServer server(
      {.table = {.rate_limiter = {.min_size = 100, .samples_per_insert = kRatio, .error_buffer = kBuffer}}});
  const auto sampler = MakeSampler(server, {.batch_size = 32, .batches_in_flight = 4});
  Thread writing("writing", [&] {
    const auto writer = ReplayWriter::Create(TestSchema(), {.address = server.address()}).value();
    for (int64_t first = 0; first < 20'000; first += 50) {
      const auto rows = MakeRows(1, first, 50);
      RECBOTS_CHECK(writer->Append(rows.data(), 50, 0, Patience()).value() == 50);
    }
    RECBOTS_CHECK_OK(writer->Close(Patience()));
  });
  int64_t last_inserted = 0;
  for (int i = 0; last_inserted < 20'000; ++i) {
    auto sampled = sampler->Next(Patience());
    ASSERT_TRUE(sampled.ok()) << sampled.status();
    last_inserted = sampled->table.inserted();
    const double difference =
        static_cast<double>(last_inserted - 100) * kRatio - static_cast<double>(sampled->table.sampled());
    ASSERT_LE(std::abs(difference), kBuffer) << i;
    sampler->Recycle(*std::move(sampled));
  }
}

TEST(ReplaySamplerTest, RowsOfAnotherExperimentAreRefusedForGood) {
  const auto identity = [](const char* n_step) { return MakeIdentity({{"transition.n_step", n_step}}); };
  ShardServer server;
  server.table().AdoptIdentity(identity("1"));
  Fill(server.table(), 100);
  const auto stranger = MakeSampler(server, {.batch_size = 10, .identity = identity("3")});
  const absl::Status refused = stranger->Next(Patience()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("transition.n_step: 3 of the reader, 1 of table 'transitions'"));
  EXPECT_TRUE(MakeSampler(server, {.batch_size = 10, .identity = identity("1")})->Next(Patience()).ok());
}

// One learner after the other, on the same store. A store tells its age when it answers, so a learner whose answer
// takes longer than the store was old cannot tell which of the two is younger: such a learner is followed by another
// one.
TEST(ReplaySamplerTest, CountsWhatCameSinceItBegan) {
  ShardServer server;
  const Instant served = Instant::Now();
  Fill(server.table(), 1000);
  bool is_first = true;
  for (int learner = 0; learner < 3;) {
    const Instant began = Instant::Now();
    const auto sampler = MakeSampler(server, {.batch_size = 10, .batches_in_flight = 1});
    auto sampled = sampler->Next(Patience());
    ASSERT_TRUE(sampled.ok()) << sampled.status();
    const bool cannot_tell = Instant::Now() - began >= began - served;
    const bool was_first = std::exchange(is_first, false);
    if (cannot_tell) continue;
    ++learner;
    EXPECT_EQ(sampled->counts.inserted, 0) << "what was there is not of this run";
    EXPECT_LE(sampled->counts.sampled, 10) << "less where replay has yet to take back what the one before did not use";
    if (was_first) {
      EXPECT_EQ(sampled->counts.sampled, 10);
    }
    EXPECT_GE(sampled->table.inserted(), 1000);
    Fill(server.table(), 7);
    ASSERT_TRUE(Eventually([&] {
      sampled = sampler->Next(Patience());
      return sampled->counts.inserted == 7;
    }));
  }
}

// Who gives streams away hears which the tables know of, and they remember what it answers.
TEST(ReplaySamplerTest, AsksForStreamsOnceAllTablesAreKnown) {
  ShardServer first, second;
  first.table().RaiseStreams(500);
  second.table().RaiseStreams(800);
  Mutex mu;
  std::vector<int64_t> heard;
  ReplaySamplerOptions options;
  options.address = absl::StrCat(first.address(), ",", second.address());
  options.on_streams = [&](int64_t streams_below) {
    MutexLock lock(&mu);
    heard.push_back(streams_below);
    return streams_below + 100;
  };
  const auto sampler = ReplaySampler::Create(TestSchema(), options).value();
  const auto remembered = [&](int64_t below) {
    return Eventually(
        [&] { return first.table().state().streams_below == below && second.table().state().streams_below == below; });
  };
  EXPECT_TRUE(remembered(900));
  sampler->UseStreams(1500);
  EXPECT_TRUE(remembered(1500));
  // A store that lost it is told again.
  first.Kill();
  first.NewStore();
  first.Start();
  EXPECT_TRUE(remembered(1500));
  MutexLock lock(&mu);
  EXPECT_THAT(heard, ::testing::ElementsAre(800));
}

}  // namespace
}  // namespace recbots::replay
