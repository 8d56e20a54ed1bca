// A writer under what networks and servers do: cuts, damage, silence, restarts, moves. A ledger of (writer, sequence)
// says what became of each row.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <iostream>
#include <limits>
#include <set>

#include "common/base/instant.h"
#include "common/base/random.h"
#include "replay/client/replay_writer.h"
#include "replay/table/column_batch.h"
#include "tests/replay/client/fake_resolver.h"
#include "tests/replay/client/scripted_server.h"
#include "tests/replay/client/shard_server.h"
#include "tests/replay/client/tcp_proxy.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kSeed = 20261124;
const RetryOptions kQuick = {.initial_delay = absl::Milliseconds(1), .max_delay = absl::Milliseconds(2)};

std::unique_ptr<ReplayWriter> MakeWriter(const std::string& address, ReplayWriterOptions options = {}) {
  options.address = address;
  options.writer_name = "test";
  auto writer = ReplayWriter::Create(TestSchema(), options);
  RECBOTS_CHECK_OK(writer.status());
  return *std::move(writer);
}

void AppendAll(ReplayWriter& writer, const std::vector<TestRow>& rows) {
  const auto taken = writer.Append(rows.data(), static_cast<int64_t>(rows.size()), /*weights_version=*/1, Patience());
  ASSERT_TRUE(taken.ok()) << taken.status();
  ASSERT_EQ(*taken, static_cast<int64_t>(rows.size()));
}

std::string EmptyFolder(const std::string& name) {
  const std::filesystem::path path = std::filesystem::path(testing::TempDir()) / ("replay_client_" + name);
  std::filesystem::remove_all(path);
  return path.string();
}

// Sequence numbers of all rows of some tables, sorted: a row that is there twice is there twice.
std::vector<int64_t> Sequences(const std::vector<Table*>& tables) {
  std::vector<int64_t> found;
  for (const Table* table : tables) {
    for (const TestRow& row : AllRows(*table)) {
      EXPECT_EQ(row, MakeRow(row.writer, row.sequence));
      found.push_back(row.sequence);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<int64_t> UpTo(int64_t count) {
  std::vector<int64_t> all(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) all[static_cast<size_t>(i)] = i;
  return all;
}

TEST(WriterFaultTest, NothingIsLostAndNothingDoubledOverAThousandReconnections) {
  std::cout << "seed " << kSeed << "\n";
  ShardServer server({.table = {.capacity_rows = 5'000'000}});
  TcpProxy proxy(server.port());
  proxy.CutAfter(/*max_bytes=*/12'000, kSeed);
  const auto writer = MakeWriter(proxy.address(), {.block_bytes = 1024, .buffer_bytes = 32 << 10, .retry = kQuick});
  int64_t sent = 0;
  while (proxy.cuts() < 1000) {
    AppendAll(*writer, MakeRows(1, sent, 100));
    sent += 100;
  }
  proxy.CutAfter(0, 0);
  proxy.CutAll();
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, sent));
  EXPECT_EQ(server.table().state().inserted, sent);
  EXPECT_EQ(writer->stats().lost_rows, 0);
  EXPECT_EQ(writer->stats().store_restarts, 0);
  EXPECT_GT(writer->stats().connections, 400) << "most cuts come after the hello";
}

TEST(WriterFaultTest, DurableRowsSurviveRestartsFromCheckpoints) {
  ShardServer server({.table = {.capacity_rows = 1'000'000}, .checkpoint_directory = EmptyFolder("durable")});
  const auto writer = MakeWriter(server.address(), {.durable = true, .block_bytes = 1024, .buffer_bytes = 64 << 10});
  constexpr int64_t kRows = 60'000;
  Rng rng(kSeed, Purpose::kTest, {});
  for (int64_t first = 0; first < kRows; first += 100) {
    AppendAll(*writer, MakeRows(1, first, 100));
    if (rng.Index(100) > 0) continue;
    server.Kill();
    server.NewStore();  // What its newest checkpoint holds.
    server.Start();
  }
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(writer->stats().durable_rows, kRows);
  EXPECT_EQ(writer->stats().lost_rows, 0);
  EXPECT_EQ(writer->stats().store_restarts, 0);
  server.Kill();
  server.NewStore();
  EXPECT_EQ(Sequences({&server.table()}), UpTo(kRows)) << "Close waits for the checkpoint";
}

TEST(WriterFaultTest, WithoutDurabilityTheLossIsCountedExactly) {
  ShardServer server({.table = {.capacity_rows = 1'000'000}, .checkpoint_directory = EmptyFolder("counted")});
  const auto writer = MakeWriter(server.address(), {.block_bytes = 1024});
  AppendAll(*writer, MakeRows(1, 0, 1000));
  ASSERT_TRUE(writer->Flush(Patience()).ok());
  ASSERT_TRUE(server.checkpointer().Checkpoint(Patience()).ok());
  AppendAll(*writer, MakeRows(1, 1000, 777));
  ASSERT_TRUE(writer->Flush(Patience()).ok());
  server.Kill();
  server.NewStore();
  server.Start();
  AppendAll(*writer, MakeRows(1, 1777, 1000));
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(writer->stats().lost_rows, 777);
  EXPECT_EQ(writer->stats().store_restarts, 1);
  std::vector<TestRow> want = MakeRows(1, 0, 1000);
  for (const TestRow& row : MakeRows(1, 1777, 1000)) want.push_back(row);
  EXPECT_EQ(AllRows(server.table()), want);
}

TEST(WriterFaultTest, ADamagedBlockIsRefusedAndSentAgain) {
  ShardServer server({.table = {.capacity_rows = 1'000'000}});
  TcpProxy proxy(server.port());
  const auto writer = MakeWriter(proxy.address(), {.block_bytes = 2048});
  AppendAll(*writer, MakeRows(1, 0, 1000));
  const TestRow victim = MakeRow(1, 5000);
  proxy.DamageAfter(std::string(reinterpret_cast<const char*>(&victim), 16));
  AppendAll(*writer, MakeRows(1, 1000, 9000));
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 10'000));
  EXPECT_EQ(writer->stats().resent_blocks, 1);
  EXPECT_EQ(writer->stats().connections, 1) << "the stream lives on";
  EXPECT_EQ(server.service().stats("").refused_blocks, 1);
}

grpc::Status RefuseAll(ScriptedServer::InsertStream& stream, int code) {
  v1::InsertRequest request;
  v1::InsertAck ack;
  ack.set_store_id(1);
  ack.set_window_bytes(1 << 20);
  ack.set_blocked_on(v1::BLOCKED_ON_NONE);
  if (!stream.Read(&request)) return {};
  stream.Write(ack);
  while (stream.Read(&request)) {
    ack.mutable_refusal()->set_code(code);
    ack.mutable_refusal()->set_message("so it is");
    stream.Write(ack);
  }
  return {};
}

TEST(WriterFaultTest, RefusalsWithoutEndAndThoseForGoodAreFinal) {
  for (const auto& [code, name] : {std::pair(grpc::DATA_LOSS, absl::StatusCode::kDataLoss),
                                   std::pair(grpc::INVALID_ARGUMENT, absl::StatusCode::kInvalidArgument),
                                   std::pair(grpc::FAILED_PRECONDITION, absl::StatusCode::kFailedPrecondition)}) {
    const int refusal = code;
    ScriptedServer server({.insert = [refusal](auto& stream) { return RefuseAll(stream, refusal); }});
    const auto writer = MakeWriter(server.address());
    AppendAll(*writer, MakeRows(1, 0, 10));
    const absl::Status status = writer->Flush(Patience());
    EXPECT_EQ(status.code(), name) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("so it is"));
    EXPECT_EQ(writer->status(), status);
  }
}

TEST(WriterFaultTest, AcknowledgementsThatCannotBeAreFinal) {
  for (const int64_t rows : {int64_t{-1}, int64_t{11}, std::numeric_limits<int64_t>::max()}) {
    ScriptedServer server({.insert = [rows](auto& stream) {
      v1::InsertRequest request;
      v1::InsertAck ack;
      ack.set_store_id(1);
      ack.set_window_bytes(1 << 20);
      stream.Read(&request);
      stream.Write(ack);
      stream.Read(&request);
      ack.set_acknowledged_rows(rows);
      stream.Write(ack);
      while (stream.Read(&request)) continue;
      return grpc::Status();
    }});
    const auto writer = MakeWriter(server.address());
    AppendAll(*writer, MakeRows(1, 0, 10));
    EXPECT_EQ(writer->Flush(Patience()).code(), absl::StatusCode::kInternal);
  }
}

// Of a window of many blocks half has to be free before several go at once; one of three must not stand empty for that.
TEST(WriterFaultTest, AWindowOfFewBlocksIsKeptFull) {
  constexpr int64_t kBlockRows = 32, kBlockBytes = kBlockRows * static_cast<int64_t>(sizeof(TestRow));
  std::atomic<bool> refilled{false};
  ScriptedServer server({.insert = [&refilled](auto& stream) {
    v1::InsertRequest request;
    v1::InsertAck ack;
    ack.set_store_id(1);
    ack.set_window_bytes(3 * kBlockBytes);
    stream.Read(&request);
    stream.Write(ack);
    for (int block = 0; block < 3; ++block) stream.Read(&request);
    ack.set_acknowledged_rows(kBlockRows);
    stream.Write(ack);
    refilled = stream.Read(&request);
    while (stream.Read(&request)) continue;
    return grpc::Status();
  }});
  const auto writer = MakeWriter(server.address(), {.block_bytes = kBlockBytes});
  AppendAll(*writer, MakeRows(1, 0, 10 * kBlockRows));
  EXPECT_TRUE(Eventually([&refilled] { return refilled.load(); }));
}

TEST(WriterFaultTest, DurableWithoutCheckpointsIsFinalAndSaysSo) {
  ShardServer server;
  const auto writer = MakeWriter(server.address(), {.durable = true});
  AppendAll(*writer, MakeRows(1, 0, 10));
  const absl::Status status = writer->Flush(Patience());
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("checkpoint"));
}

TEST(WriterFaultTest, AShardThatIsAwayIsPassedOverAndComesBack) {
  ShardServer first({.table = {.capacity_rows = 1'000'000}});
  ShardServer second({.table = {.capacity_rows = 1'000'000}});
  const auto writer = MakeWriter(first.address() + "," + second.address(),
                                 {.block_bytes = 1024, .buffer_bytes = 16 << 10, .retry = kQuick});
  ASSERT_TRUE(Eventually([&] { return writer->stats().connected_shards == 2; }));
  AppendAll(*writer, MakeRows(1, 0, 10'000));
  ASSERT_TRUE(writer->Flush(Patience()).ok());
  // How many each takes depends on which of them is scheduled.
  EXPECT_GT(first.table().state().inserted, 0);
  EXPECT_GT(second.table().state().inserted, 0);
  second.Kill();
  // Twenty times what both could keep.
  AppendAll(*writer, MakeRows(1, 10'000, 20'000));
  EXPECT_EQ(writer->stats().connected_shards, 1);
  second.Start();
  ASSERT_TRUE(Eventually([&] { return writer->stats().connected_shards == 2; }));
  const int64_t before = second.table().state().inserted;
  AppendAll(*writer, MakeRows(1, 30'000, 10'000));
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_GT(second.table().state().inserted, before);
  EXPECT_EQ(Sequences({&first.table(), &second.table()}), UpTo(40'000));
}

TEST(WriterFaultTest, AShardThatHoldsBackIsPassedOver) {
  ShardServer open({.table = {.capacity_rows = 1'000'000}});
  ShardServer full({.table = {.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}}});
  const auto writer = MakeWriter(open.address() + "," + full.address(), {.block_bytes = 1024, .buffer_bytes = 8 << 10});
  ASSERT_TRUE(Eventually([&] { return writer->stats().connected_shards == 2; }));
  AppendAll(*writer, MakeRows(1, 0, 20'000));
  EXPECT_EQ(full.table().state().inserted, 20);
  EXPECT_EQ(writer->stats().blocked_on, BlockedOn::kNone) << "one takes rows";
  const absl::Status flushed = writer->Flush(Instant::Now() + absl::Milliseconds(100));
  EXPECT_EQ(flushed.code(), absl::StatusCode::kDeadlineExceeded) << "what it was given first stays with it";
}

TEST(WriterFaultTest, RowsFollowTheirStoreToAnotherAddress) {
  const std::string folder = EmptyFolder("swap");
  ShardServer first({.table = {.capacity_rows = 1'000'000}, .checkpoint_directory = folder});
  ShardServer second({.table = {.capacity_rows = 1'000'000}, .checkpoint_directory = folder});
  const auto writer = MakeWriter(first.address() + "," + second.address(), {.durable = true, .block_bytes = 1024});
  ASSERT_TRUE(Eventually([&] { return writer->stats().connected_shards == 2; }));
  AppendAll(*writer, MakeRows(1, 0, 1000));
  ASSERT_TRUE(writer->Flush(Patience()).ok());
  AppendAll(*writer, MakeRows(1, 1000, 500));
  for (int i = 0; i < 3; ++i) {
    first.Kill();
    second.Kill();
    first.SwapPorts(second);
    first.Start();
    second.Start();
    AppendAll(*writer, MakeRows(1, 1500 + i * 500, 500));
    ASSERT_TRUE(writer->Flush(Patience()).ok());
  }
  EXPECT_EQ(writer->stats().lost_rows, 0);
  EXPECT_EQ(writer->stats().store_restarts, 0);
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(Sequences({&first.table(), &second.table()}), UpTo(3000));
}

TEST(WriterFaultTest, ARingTakesOverTheNewAddressOfItsStore) {
  ShardServer server({.table = {.capacity_rows = 1'000'000}});
  TcpProxy old_way(server.port());
  TcpProxy new_way(server.port());
  const auto resolver = std::make_shared<FakeResolver>(std::vector<std::string>{old_way.address()});
  const auto writer = MakeWriter("", {.block_bytes = 1024, .resolver = resolver});
  AppendAll(*writer, MakeRows(1, 0, 1000));
  ASSERT_TRUE(writer->Flush(Patience()).ok());
  old_way.Refuse(true);
  old_way.CutAll();
  AppendAll(*writer, MakeRows(1, 1000, 1000));
  resolver->Set({new_way.address()});
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 2000));
  EXPECT_EQ(writer->stats().shards, 1);
  EXPECT_EQ(writer->stats().store_restarts, 0);
}

TEST(WriterFaultTest, NewAddressesBecomeShards) {
  ShardServer first;
  ShardServer second;
  const auto resolver = std::make_shared<FakeResolver>(std::vector<std::string>{});
  const auto writer = MakeWriter("", {.block_bytes = 1024, .resolver = resolver});
  const auto row = MakeRows(1, 0, 1);
  EXPECT_EQ(writer->Append(row.data(), 1, 0, Instant::Now()).value(), 0) << "nobody to give it to";
  resolver->Set({first.address(), second.address()});
  ASSERT_TRUE(Eventually([&] { return writer->stats().connected_shards == 2; }));
  AppendAll(*writer, MakeRows(1, 0, 1000));
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(Sequences({&first.table(), &second.table()}), UpTo(1000));
}

TEST(WriterFaultTest, AServerThatNeverAnswersCostsOnlyTheDeadline) {
  ShardServer server;
  TcpProxy proxy(server.port());
  proxy.Stall(true);
  const auto writer = MakeWriter(proxy.address(), {.connect_timeout = absl::Milliseconds(100), .retry = kQuick});
  AppendAll(*writer, MakeRows(1, 0, 10));
  const absl::Status status = writer->Flush(Instant::Now() + absl::Milliseconds(300));
  EXPECT_EQ(status.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(std::string(status.message()), HasSubstr("10 of 10 rows are not in replay"));
  EXPECT_EQ(writer->Close(Instant::Now()).code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(WriterFaultTest, AServerThatStopsReadingBoundsMemoryAndAppendWaits) {
  ShardServer server({.table = {.capacity_rows = 1'000'000}});
  TcpProxy proxy(server.port());
  const auto writer = MakeWriter(proxy.address(), {.block_bytes = 1024, .buffer_bytes = 16 << 10});
  AppendAll(*writer, MakeRows(1, 0, 100));
  ASSERT_TRUE(writer->Flush(Patience()).ok());
  proxy.Stall(true);
  const auto rows = MakeRows(1, 100, 10'000);
  const int64_t taken = writer->Append(rows.data(), 10'000, 0, Instant::Now() + absl::Milliseconds(200)).value();
  EXPECT_LE(taken, (16 << 10) / 32);
  EXPECT_GT(writer->stats().blocked[static_cast<size_t>(BlockedOn::kNone)], absl::Milliseconds(100));
  proxy.Stall(false);
  AppendAll(*writer, MakeRows(1, 100 + taken, 10'000 - taken));
  ASSERT_TRUE(writer->Close(Patience()).ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 10'100));
}

TEST(WriterFaultTest, PrioritiesArriveAndBadOnesAreRefusedByRow) {
  ShardServer server({.table = {.sampler = SelectorKind::kPrioritized, .priority_exponent = 1}});
  const auto writer = MakeWriter(server.address());
  const auto rows = MakeRows(1, 0, 3);
  const float bad[3] = {1, std::numeric_limits<float>::quiet_NaN(), 1};
  const auto refused = writer->Append(rows.data(), 3, 0, Patience(), bad);
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("of row 1"));
  for (const float priority : {-1.0F, std::numeric_limits<float>::infinity()}) {
    const float one[3] = {1, 1, priority};
    EXPECT_THAT(std::string(writer->Append(rows.data(), 3, 0, Patience(), one).status().message()),
                HasSubstr("of row 2"));
  }
  EXPECT_FALSE(writer->Append(rows.data(), 3, 0, Patience(), absl::MakeConstSpan(bad, 2)).ok());
  const float good[3] = {0, 0, 5};
  ASSERT_EQ(writer->Append(rows.data(), 3, 0, Patience(), good).value(), 3);
  ASSERT_EQ(writer->Append(MakeRows(1, 3, 1).data(), 1, 0, Patience()).value(), 1) << "a block of the other kind";
  ASSERT_TRUE(writer->Close(Patience()).ok());
  ASSERT_EQ(server.table().state().rows, 4);
  ColumnBatch batch(std::make_shared<const RowSchema>(TestSchema()), 1000);
  std::vector<ItemKey> keys(1000);
  std::vector<float> probabilities(1000);
  ASSERT_EQ(server.table().Sample(1000, batch.data(), keys.data(), probabilities.data()).blocked_on, BlockedOn::kNone);
  std::set<int64_t> drawn;
  for (const int64_t sequence : batch.column<int64_t>(1)) drawn.insert(sequence);
  EXPECT_EQ(drawn, (std::set<int64_t>{2, 3})) << "the last one has the highest priority seen";
  EXPECT_NEAR(probabilities[0], 0.5, 1e-6);
}

}  // namespace
}  // namespace recbots::replay
