// The service with a checkpointer: durable acknowledgements, commits, restarts, the Checkpoint call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>

#include "common/base/thread.h"
#include "tests/replay/support/raw_streams.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

class CheckpointTest : public testing::Test {
 protected:
  CheckpointTest() {
    std::filesystem::remove_all(directory_);
    options_.directory = directory_;
    options_.interval = absl::ZeroDuration();
    options_.write_bytes_per_second = 0;
  }
  ~CheckpointTest() override { std::filesystem::remove_all(directory_); }

  static v1::InsertRequest DurableHello(uint8_t writer) {
    v1::InsertRequest hello = MakeHello(writer);
    hello.mutable_hello()->set_durable(true);
    return hello;
  }
  static v1::InsertRequest Commit() {
    v1::InsertRequest request;
    request.mutable_commit();
    return request;
  }
  static auto Durable(int64_t rows) {
    return [rows](const v1::InsertAck& ack) { return ack.durable_rows() >= rows; };
  }

  const std::string directory_ =
      testing::TempDir() + "/service_" + testing::UnitTest::GetInstance()->current_test_info()->name();
  CheckpointerOptions options_;
};

TEST_F(CheckpointTest, ACommitMakesWhatCameBeforeItDurable) {
  ReplayServer server({}, {}, {}, options_);
  RawWriter writer(server, DurableHello(1));
  EXPECT_EQ(writer.greeting().durable_rows(), 0);
  writer.Send(MakeBlock(0, 10));
  writer.Send(Commit());
  writer.ReceiveUntil(Durable(10));
  writer.Send(MakeBlock(10, 10));
  EXPECT_EQ(writer.ReceiveRows(20).durable_rows(), 10);
  writer.Send(Commit());
  EXPECT_EQ(writer.ReceiveUntil(Durable(20)).acknowledged_rows(), 20);
}

TEST_F(CheckpointTest, OneWritersCommitCountsForAll) {
  ReplayServer server({.name = "first"}, {}, {{.name = "second"}}, options_);
  v1::InsertRequest hello = DurableHello(2);
  hello.mutable_hello()->set_table("second");
  RawWriter first(server, DurableHello(1)), second(server, hello), careless(server, MakeHello(3));
  for (RawWriter* writer : {&first, &second, &careless}) {
    writer->Send(MakeBlock(0, 10));
    writer->ReceiveRows(10);
  }
  first.Send(Commit());
  first.ReceiveUntil(Durable(10));
  second.ReceiveUntil(Durable(10));
  ASSERT_TRUE(Eventually([&] {
    const v1::InfoResponse info = server.service().info();
    return std::all_of(info.writers().begin(), info.writers().end(),
                       [](const v1::WriterInfo& writer) { return writer.durable_rows() == 10; });
  }));
  careless.Send(MakeBlock(10, 1));
  EXPECT_EQ(careless.ReceiveRows(11).durable_rows(), 10) << "told when there is something else to say";
}

TEST_F(CheckpointTest, WhatWasDurableIsThereAfterARestart) {
  ReplayServer server({}, {}, {}, options_);
  uint64_t store_id = 0;
  {
    RawWriter writer(server, DurableHello(1));
    store_id = writer.greeting().store_id();
    writer.Send(MakeBlock(0, 10));
    writer.Send(Commit());
    writer.ReceiveUntil(Durable(10));
    writer.Send(MakeBlock(10, 10));  // Applied, and lost with the server.
    writer.ReceiveRows(20);
    server.Kill();
  }
  server.Start();
  RawWriter writer(server, DurableHello(1));
  EXPECT_EQ(writer.greeting().store_id(), store_id);
  EXPECT_EQ(writer.greeting().acknowledged_rows(), 10);
  EXPECT_EQ(writer.greeting().durable_rows(), 10);
  writer.Send(MakeBlock(10, 10));
  writer.ReceiveRows(20);
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 20)) << "nothing lost, nothing doubled";
}

TEST_F(CheckpointTest, ACommitWithoutCheckpointsIsRefusedAndTheStreamGoesOn) {
  ReplayServer server;
  RawWriter writer(server, DurableHello(1));
  writer.Send(MakeBlock(0, 10));
  writer.Send(Commit());
  const v1::BlockRefusal refusal = writer.ReceiveRefusal();
  EXPECT_EQ(refusal.code(), static_cast<int>(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(refusal.message(), HasSubstr("keeps no checkpoints"));
  writer.Send(MakeBlock(10, 1));
  writer.ReceiveRows(11);
  EXPECT_EQ(server.service().stats("").refused_blocks, 0) << "no block was";
}

TEST_F(CheckpointTest, TheCallAnswersWhenItIsOnDisk) {
  ReplayServer server({}, {}, {}, options_);
  Fill(server.table(), 1000);
  v1::CheckpointResponse response;
  RawCaller caller(server);
  ASSERT_TRUE(caller.Call(&v1::ReplayService::Stub::Checkpoint, v1::CheckpointRequest(), response).ok());
  EXPECT_EQ(response.sequence(), 1);
  EXPECT_GE(response.bytes_written(), 32'000);
  EXPECT_GT(response.seconds(), 0);
  const v1::InfoResponse info = caller.Info();
  EXPECT_THAT(info.checkpoint_directory(), HasSubstr(directory_));
  EXPECT_EQ(info.checkpoint_sequence(), 1);
  EXPECT_GE(info.checkpoint_age_seconds(), 0);
  EXPECT_EQ(info.checkpoint_error(), "");
  server.Kill();
  server.Start();
  EXPECT_EQ(server.table().state().rows, 1000);
  EXPECT_EQ(caller.Info().checkpoint_sequence(), 1);
}

TEST_F(CheckpointTest, CallsAtTheSameTimeAreAllAnswered) {
  ReplayServer server({}, {}, {}, options_);
  Fill(server.table(), 100);
  std::vector<std::unique_ptr<Thread>> callers;
  std::atomic<int> answered{0};
  for (int i = 0; i < 8; ++i) {
    callers.push_back(std::make_unique<Thread>("caller", [&] {
      v1::CheckpointResponse response;
      RawCaller caller(server);
      answered += caller.Call(&v1::ReplayService::Stub::Checkpoint, v1::CheckpointRequest(), response).ok();
      EXPECT_GE(response.sequence(), 1);
    }));
  }
  callers.clear();
  EXPECT_EQ(answered, 8);
}

TEST_F(CheckpointTest, TheCallIsRefusedWithoutCheckpoints) {
  ReplayServer server;
  v1::CheckpointResponse response;
  const grpc::Status status =
      RawCaller(server).Call(&v1::ReplayService::Stub::Checkpoint, v1::CheckpointRequest(), response);
  EXPECT_EQ(status.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("keeps no checkpoints"));
}

TEST_F(CheckpointTest, AFailureIsTheCallsAnswerAndTheServiceGoesOn) {
  ReplayServer server({}, {}, {}, options_);
  Fill(server.table(), 100);
  std::filesystem::remove_all(directory_);
  v1::CheckpointResponse response;
  RawCaller caller(server);
  const grpc::Status status = caller.Call(&v1::ReplayService::Stub::Checkpoint, v1::CheckpointRequest(), response);
  EXPECT_FALSE(status.ok());
  EXPECT_NE(caller.Info().checkpoint_error(), "");
  RawWriter writer(server, MakeHello(1));
  writer.Send(MakeBlock(0, 1));
  writer.ReceiveRows(1);
}

TEST_F(CheckpointTest, InsertsThatWaitForACutGoOnWhenItEnds) {
  options_.copy_bytes = Slab::kSegmentBytes;
  options_.write_bytes_per_second = 1;  // Hurries only because somebody waits.
  ReplayServer server({.capacity_rows = 400'000}, {}, {}, options_);
  Fill(server.table(), 400'000);  // Full, 12.8 MB: whatever comes overwrites what a cut still needs.
  server.checkpointer().Request();
  RawWriter writer(server, MakeHello(1));
  constexpr int64_t kRows = 400'000;
  for (int64_t first = 0; first < kRows; first += 20'000) writer.Send(MakeBlock(first, 20'000));
  writer.ReceiveRows(kRows);
  EXPECT_EQ(server.table().state().inserted, 400'000 + kRows);
}

}  // namespace
}  // namespace recbots::replay
