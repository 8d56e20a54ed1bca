// A sampler over several shards, and under what networks and servers do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <iostream>
#include <limits>
#include <map>

#include "common/base/instant.h"
#include "replay/client/replay_sampler.h"
#include "tests/replay/client/fake_resolver.h"
#include "tests/replay/client/scripted_server.h"
#include "tests/replay/client/shard_server.h"
#include "tests/replay/client/tcp_proxy.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kSeed = 20261124;
const RetryOptions kQuick = {.initial_delay = absl::Milliseconds(1), .max_delay = absl::Milliseconds(2)};

std::unique_ptr<ReplaySampler> MakeSampler(const std::string& address, ReplaySamplerOptions options = {}) {
  options.address = address;
  options.seed = kSeed;
  options.retry = kQuick;
  auto sampler = ReplaySampler::Create(TestSchema(), options);
  RECBOTS_CHECK_OK(sampler.status());
  return *std::move(sampler);
}

void Fill(ShardServer& server, int64_t writer, int64_t rows) {
  const auto all = MakeRows(writer, 0, rows);
  ASSERT_EQ(server.table().Append(Bytes(all), rows), rows);
}

// Checks every row; the result is the number of rows by writer.
std::map<int64_t, int64_t> CountRows(const SampledBatch& sampled) {
  std::map<int64_t, int64_t> rows;
  for (size_t i = 0; i < static_cast<size_t>(sampled.batch.num_rows()); ++i) {
    const int64_t writer = sampled.batch.column<int64_t>(0)[i];
    const TestRow want = MakeRow(writer, sampled.batch.column<int64_t>(1)[i]);
    EXPECT_EQ(std::memcmp(want.payload, &sampled.batch.column<float>(2)[i * 4], sizeof(want.payload)), 0);
    ++rows[writer];
  }
  return rows;
}

TEST(SamplerFaultTest, ShardsOfDifferentSizeGiveRowsInProportion) {
  std::cout << "seed " << kSeed << "\n";
  ShardServer small;
  ShardServer large;
  Fill(small, 1, 100);
  Fill(large, 2, 300);
  const auto sampler = MakeSampler(small.address() + "," + large.address(), {.batch_size = 256});
  // Until both are known, a batch may come from one of them alone.
  ASSERT_TRUE(Eventually([&] {
    auto sampled = sampler->Next(Patience());
    return sampled.ok() && CountRows(*sampled).size() == 2;
  }));
  double from_small = 0;
  constexpr int kBatches = 1000;
  for (int i = 0; i < kBatches; ++i) {
    auto sampled = sampler->Next(Patience());
    ASSERT_TRUE(sampled.ok()) << sampled.status();
    const auto rows = CountRows(*sampled);
    from_small += rows.contains(1) ? static_cast<double>(rows.at(1)) : 0;
    for (const float probability : sampled->probabilities) ASSERT_FLOAT_EQ(probability, 1.0F / 400);
    ASSERT_EQ(sampled->table.rows(), 400);
    sampler->Recycle(*std::move(sampled));
  }
  // One degree of freedom at 1e-6: 23.9. Catches shares that are wrong by half a percent.
  constexpr double kRows = 256.0 * kBatches;
  const double chi_square = std::pow(from_small - kRows / 4, 2) / (kRows / 4 * 0.75);
  EXPECT_LT(chi_square, 23.9);
}

TEST(SamplerFaultTest, PrioritiesReachTheShardOfTheirRow) {
  const ShardServerOptions options = {.table = {.sampler = SelectorKind::kPrioritized, .priority_exponent = 1}};
  ShardServer first(options);
  ShardServer second(options);
  Fill(first, 1, 10);
  Fill(second, 2, 10);
  const auto sampler = MakeSampler(first.address() + "," + second.address(), {.batch_size = 64});
  // A quarter for those of the first, 1 for those of the second.
  const auto write_back = [&] {
    auto sampled = sampler->Next(Patience());
    RECBOTS_CHECK_OK(sampled.status());
    std::vector<float> priorities;
    for (const int64_t writer : sampled->batch.column<int64_t>(0)) priorities.push_back(writer == 1 ? 0.25F : 1.0F);
    EXPECT_TRUE(sampler->UpdatePriorities(sampled->keys, priorities).ok());
    const auto first_weight = static_cast<double>(first.table().state().total_weight);
    return std::abs(first_weight / static_cast<double>(second.table().state().total_weight) - 0.25) < 1e-6;
  };
  ASSERT_TRUE(Eventually(write_back));
  // Batches that were ordered before then are out of date.
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(sampler->Next(Patience()).ok());
  auto sampled = sampler->Next(Patience());
  ASSERT_TRUE(sampled.ok());
  for (size_t i = 0; i < sampled->keys.size(); ++i) {
    const double want = (sampled->batch.column<int64_t>(0)[i] == 1 ? 0.25 : 1) / 12.5;
    ASSERT_NEAR(sampled->probabilities[i], want, 1e-6);
  }
  EXPECT_EQ(first.table().state().priorities_stale + second.table().state().priorities_stale, 0);
  EXPECT_EQ(sampler->stats().dropped_priorities, 0);
}

TEST(SamplerFaultTest, BadPrioritiesAreRefusedByRowAndTheOthersUsed) {
  ShardServer server({.table = {.sampler = SelectorKind::kPrioritized, .priority_exponent = 1}});
  Fill(server, 1, 100);
  const auto sampler = MakeSampler(server.address(), {.batch_size = 4});
  auto sampled = sampler->Next(Patience());
  ASSERT_TRUE(sampled.ok());
  const float priorities[] = {2, -1, std::numeric_limits<float>::quiet_NaN(), 3};
  const absl::Status status = sampler->UpdatePriorities(sampled->keys, priorities);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("priority -1 of row 1"));
  EXPECT_TRUE(Eventually([&] { return server.table().state().priorities_updated == 2; })) << "without another order";
  EXPECT_EQ(sampler->UpdatePriorities(sampled->keys, absl::MakeConstSpan(priorities, 2)).code(),
            absl::StatusCode::kInvalidArgument);
  const ItemKey nowhere = WithShard(sampled->keys[0], 9);
  EXPECT_TRUE(sampler->UpdatePriorities({&nowhere, 1}, absl::MakeConstSpan(priorities, 1)).ok());
  EXPECT_EQ(sampler->stats().dropped_priorities, 1);
}

TEST(SamplerFaultTest, AShardThatDiesCostsItsRowsAndNothingElse) {
  ShardServer first;
  ShardServer second;
  Fill(first, 1, 100);
  Fill(second, 2, 100);
  const auto sampler =
      MakeSampler(first.address() + "," + second.address(), {.batch_size = 32, .batches_in_flight = 4});
  const auto next = [&] {
    auto sampled = sampler->Next(Patience());
    RECBOTS_CHECK_OK(sampled.status());
    return CountRows(*sampled);
  };
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(Eventually([&] { return next().size() == 2; })) << "both take part";
    second.Kill();
    for (int i = 0; i < 50; ++i) next();
    EXPECT_EQ(next().count(2), 0U);
    EXPECT_TRUE(Eventually([&] { return sampler->stats().connected_shards == 1; }));
    second.Start();
  }
  EXPECT_TRUE(Eventually([&] { return next().size() == 2; }));
}

TEST(SamplerFaultTest, BatchesKeepComingWhileConnectionsAreCutAgainAndAgain) {
  std::cout << "seed " << kSeed << "\n";
  ShardServer first;
  ShardServer second;
  Fill(first, 1, 100);
  Fill(second, 2, 100);
  TcpProxy to_first(first.port());
  TcpProxy to_second(second.port());
  to_first.CutAfter(4000, kSeed);
  to_second.CutAfter(4000, kSeed + 1);
  const auto sampler =
      MakeSampler(to_first.address() + "," + to_second.address(), {.batch_size = 64, .batches_in_flight = 3});
  while (to_first.cuts() + to_second.cuts() < 300) {
    auto sampled = sampler->Next(Patience());
    ASSERT_TRUE(sampled.ok()) << sampled.status();
    CountRows(*sampled);
    for (const ItemKey key : sampled->keys) ASSERT_LT(ShardOf(key), 2);
    std::vector<float> priorities(sampled->keys.size(), 1);
    ASSERT_TRUE(sampler->UpdatePriorities(sampled->keys, priorities).ok());
    sampler->Recycle(*std::move(sampled));
  }
  sampler->Close();
}

// What is drawn and not taken goes back: nothing of a queue is lost, whatever happens to connections.
TEST(SamplerFaultTest, EveryRowOfAQueueIsTakenAtLeastOnceOverCuts) {
  constexpr int64_t kRows = 20'000;
  ShardServer server({.table = {.capacity_rows = kRows,
                                .sampler = SelectorKind::kOldest,
                                .max_times_sampled = 1,
                                .rate_limiter = {.kind = RateLimiterOptions::Kind::kQueue, .queue_size = kRows}}});
  Fill(server, 1, kRows);
  TcpProxy proxy(server.port());
  proxy.CutAfter(1500, kSeed);
  const auto sampler = MakeSampler(proxy.address(), {.batch_size = 10});
  std::vector<int> seen(kRows);
  int64_t distinct = 0;
  while (distinct < kRows) {
    auto sampled = sampler->Next(Patience());
    ASSERT_TRUE(sampled.ok()) << sampled.status() << " after " << distinct;
    CountRows(*sampled);
    for (const int64_t sequence : sampled->batch.column<int64_t>(1))
      distinct += seen[static_cast<size_t>(sequence)]++ == 0;
    sampler->Recycle(*std::move(sampled));
  }
  EXPECT_GT(proxy.cuts(), 10);
}

TEST(SamplerFaultTest, AShardThatGoesSilentIsLeftOut) {
  ShardServer first;
  ShardServer second;
  Fill(first, 1, 100);
  Fill(second, 2, 100);
  TcpProxy to_second(second.port());
  const auto sampler = MakeSampler(first.address() + "," + to_second.address(),
                                   {.batch_size = 32, .connect_timeout = absl::Milliseconds(200)});
  const auto next = [&] {
    auto sampled = sampler->Next(Patience());
    RECBOTS_CHECK_OK(sampled.status());
    return CountRows(*sampled);
  };
  ASSERT_TRUE(Eventually([&] { return next().size() == 2; }));
  to_second.Stall(true);
  for (int i = 0; i < 50; ++i) next();
  EXPECT_EQ(next().count(2), 0U);
}

TEST(SamplerFaultTest, AServerThatNeverAnswersCostsOnlyTheDeadline) {
  ShardServer server;
  TcpProxy proxy(server.port());
  proxy.Stall(true);
  const auto sampler = MakeSampler(proxy.address(), {.connect_timeout = absl::Milliseconds(100)});
  const absl::Status status = sampler->Next(Instant::Now() + absl::Milliseconds(300)).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("no answer within 100ms"));
}

TEST(SamplerFaultTest, WhatIsNoBatchIsFinal) {
  ScriptedServer server({.sample = [](auto& stream) {
    stream.SendInitialMetadata();
    v1::SampleCredit credit;
    stream.Read(&credit);
    v1::SampleBatch batch;
    batch.mutable_header()->set_num_rows(credit.rows(0));  // The table's state, which is asked for first.
    batch.set_last_part(true);
    stream.Write(batch);
    batch.mutable_header()->set_num_rows(credit.rows(1) + 1);
    stream.Write(batch);
    while (stream.Read(&credit)) continue;
    return grpc::Status();
  }});
  const auto sampler = MakeSampler(server.address(), {.batch_size = 10});
  const absl::Status status = sampler->Next(Patience()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(status.message()), HasSubstr("11 rows in 0 bytes, want 10"));
}

TEST(SamplerFaultTest, ShardsComeAndGoWithTheirAddresses) {
  ShardServer first;
  ShardServer second;
  Fill(first, 1, 100);
  Fill(second, 2, 100);
  const auto resolver = std::make_shared<FakeResolver>(std::vector<std::string>{});
  const auto sampler = MakeSampler("", {.batch_size = 32, .resolver = resolver});
  EXPECT_EQ(sampler->Next(Instant::Now()).status().code(), absl::StatusCode::kDeadlineExceeded);
  resolver->Set({first.address()});
  ASSERT_TRUE(sampler->Next(Patience()).ok());
  resolver->Set({second.address()});
  first.Kill();
  ASSERT_TRUE(Eventually([&] {
    auto sampled = sampler->Next(Patience());
    return sampled.ok() && CountRows(*sampled).contains(2);
  }));
  EXPECT_EQ(sampler->stats().shards, 1) << "it took the new address over";
}

}  // namespace
}  // namespace recbots::replay
