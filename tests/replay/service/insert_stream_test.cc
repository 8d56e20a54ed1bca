#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "common/base/crc32c.h"
#include "common/rpc/channel.h"
#include "common/wire/row_schema_proto.h"
#include "recbots/v1/replay.grpc.pb.h"
#include "tests/replay/support/replay_server.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

v1::InsertRequest MakeHello(uint8_t writer) {
  v1::InsertRequest request;
  request.mutable_hello()->set_writer_id(std::string(16, static_cast<char>(writer)));
  *request.mutable_hello()->mutable_schema() = RowSchemaToProto(TestSchema());
  return request;
}

v1::InsertRequest MakeBlock(int64_t first, int64_t count) {
  const auto rows = MakeRows(1, first, count);
  v1::InsertRequest request;
  v1::InsertBlock& block = *request.mutable_block();
  block.set_first_sequence(first);
  block.set_num_rows(static_cast<int32_t>(count));
  block.mutable_rows()->assign(Bytes(rows), rows.size() * sizeof(TestRow));
  block.set_crc32c(Crc32c(block.rows()));
  return request;
}

// Speaks the protocol word by word.
class RawWriter {
 public:
  explicit RawWriter(const ReplayServer& server) : stub_(v1::ReplayService::NewStub(MakeChannel(server.address()))) {
    context_.set_deadline(absl::ToChronoTime(Patience()));
    context_.set_wait_for_ready(true);
    stream_ = stub_->Insert(&context_);
  }
  void Send(const v1::InsertRequest& request) { stream_->Write(request); }
  // The next acknowledgement that says something other than the last.
  v1::InsertAck Receive() {
    v1::InsertAck ack;
    EXPECT_TRUE(stream_->Read(&ack));
    return ack;
  }
  // Acknowledgements up to that many rows.
  v1::InsertAck ReceiveUntil(int64_t rows) {
    v1::InsertAck ack = Receive();
    while (ack.acknowledged_rows() < rows) ack = Receive();
    return ack;
  }
  grpc::Status Finish() {
    stream_->WritesDone();
    v1::InsertAck ack;
    while (stream_->Read(&ack)) {
    }
    return stream_->Finish();
  }

 private:
  std::unique_ptr<v1::ReplayService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::InsertRequest, v1::InsertAck>> stream_;
};

TEST(InsertStreamTest, AcknowledgesWhatIsInTheTable) {
  ReplayServer server({}, {.insert_window_bytes = 12345});
  RawWriter writer(server);
  writer.Send(MakeHello(1));
  const v1::InsertAck first = writer.Receive();
  EXPECT_EQ(first.acknowledged_rows(), 0);
  EXPECT_EQ(first.window_bytes(), 12345);
  EXPECT_EQ(first.blocked_on(), v1::BLOCKED_ON_NONE);
  writer.Send(MakeBlock(0, 10));
  writer.Send(MakeBlock(10, 5));
  EXPECT_EQ(writer.ReceiveUntil(15).acknowledged_rows(), 15);
  EXPECT_TRUE(writer.Finish().ok());
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 15));
}

TEST(InsertStreamTest, AWriterThatComesBackIsToldWhereToResumeAndItsOldRowsAreSkipped) {
  ReplayServer server;
  {
    RawWriter writer(server);
    writer.Send(MakeHello(1));
    writer.Send(MakeBlock(0, 10));
    writer.ReceiveUntil(10);
  }
  RawWriter writer(server);
  writer.Send(MakeHello(1));
  EXPECT_EQ(writer.Receive().acknowledged_rows(), 10);
  writer.Send(MakeBlock(4, 10));
  EXPECT_EQ(writer.ReceiveUntil(14).acknowledged_rows(), 14);
  EXPECT_EQ(AllRows(server.table()), MakeRows(1, 0, 14));
  EXPECT_EQ(server.table().state().duplicates, 6);
}

TEST(InsertStreamTest, RefusesBadBlocksWholeAndTheTableLives) {
  ReplayServer server;
  const auto refusal = [&server](const v1::InsertRequest& bad) {
    RawWriter writer(server);
    writer.Send(MakeHello(2));
    writer.Send(bad);
    const grpc::Status status = writer.Finish();
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    return status.error_message();
  };
  v1::InsertRequest bad = MakeBlock(0, 10);
  (*bad.mutable_block()->mutable_rows())[100] ^= 1;
  EXPECT_THAT(refusal(bad), HasSubstr("crc32c"));
  bad = MakeBlock(0, 10);
  bad.mutable_block()->mutable_rows()->pop_back();
  EXPECT_THAT(refusal(bad), HasSubstr("319 bytes for 10 rows of 32, want 320"));
  bad = MakeBlock(0, 10);
  bad.mutable_block()->set_num_rows(0);
  EXPECT_THAT(refusal(bad), HasSubstr("num_rows 0, want 1..65536"));
  bad.mutable_block()->set_num_rows(-5);
  EXPECT_THAT(refusal(bad), HasSubstr("num_rows -5"));
  EXPECT_THAT(refusal(MakeBlock(1, 10)), HasSubstr("first_sequence 1, want 0..0"));
  bad = MakeBlock(0, 10);
  bad.mutable_block()->set_first_sequence(-1);
  EXPECT_THAT(refusal(bad), HasSubstr("first_sequence -1"));
  EXPECT_THAT(refusal(v1::InsertRequest()), HasSubstr("want a block"));
  EXPECT_EQ(server.table().state().inserted, 0);
  EXPECT_EQ(server.service().stats().refused_blocks, 7);

  RawWriter good(server);
  good.Send(MakeHello(2));
  good.Send(MakeBlock(0, 10));
  EXPECT_EQ(good.ReceiveUntil(10).acknowledged_rows(), 10);
}

TEST(InsertStreamTest, RefusesBadHellos) {
  ReplayServer server;
  const auto refusal = [&server](const v1::InsertRequest& bad) {
    RawWriter writer(server);
    writer.Send(bad);
    return writer.Finish();
  };
  v1::InsertRequest bad = MakeHello(1);
  bad.mutable_hello()->set_writer_id("short");
  EXPECT_THAT(refusal(bad).error_message(), HasSubstr("writer_id of 5 bytes, want 16"));
  bad = MakeHello(1);
  bad.mutable_hello()->set_writer_name(std::string(257, 'x'));
  EXPECT_THAT(refusal(bad).error_message(), HasSubstr("writer_name of 257 bytes, want at most 256"));
  EXPECT_THAT(refusal(MakeBlock(0, 1)).error_message(), HasSubstr("want a hello"));
  bad = MakeHello(1);
  bad.mutable_hello()->mutable_schema()->mutable_columns(2)->set_shape(0, 5);
  const grpc::Status status = refusal(bad);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("'payload float32 [4]' here and 'payload float32 [5]' there"));
}

TEST(InsertStreamTest, SaysWhatItWaitsForAndGoesOnWhenSamplesCome) {
  ReplayServer server({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}});
  RawWriter writer(server);
  writer.Send(MakeHello(1));
  writer.Send(MakeBlock(0, 25));
  v1::InsertAck ack = writer.ReceiveUntil(20);
  EXPECT_EQ(ack.acknowledged_rows(), 20);
  EXPECT_EQ(ack.blocked_on(), v1::BLOCKED_ON_SPI_INSERT);
  // The samples go through the service, which is what wakes the writer.
  const auto stub = v1::ReplayService::NewStub(MakeChannel(server.address()));
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(Patience()));
  const auto reader = stub->Sample(&context);
  v1::SampleCredit credit;
  credit.set_batches(1);
  credit.set_batch_size(10);
  *credit.mutable_schema() = RowSchemaToProto(TestSchema());
  reader->Write(credit);
  v1::SampleBatch batch;
  ASSERT_TRUE(reader->Read(&batch));
  ack = writer.ReceiveUntil(25);
  EXPECT_EQ(ack.acknowledged_rows(), 25);
  EXPECT_EQ(ack.blocked_on(), v1::BLOCKED_ON_NONE);
  EXPECT_GT(server.service().stats().blocked[static_cast<size_t>(BlockedOn::kSpiInsert)], absl::ZeroDuration());
  context.TryCancel();
}

TEST(InsertStreamTest, DrainAcknowledgesWhatIsAppliedAndEndsUnavailable) {
  ReplayServer server({.rate_limiter = {.min_size = 10, .samples_per_insert = 1, .error_buffer = 10}});
  RawWriter parked(server), idle(server);
  parked.Send(MakeHello(1));
  parked.Send(MakeBlock(0, 25));
  parked.ReceiveUntil(20);
  idle.Send(MakeHello(2));
  idle.Receive();
  server.service().Drain();
  const v1::InsertAck last = parked.Receive();
  EXPECT_EQ(last.acknowledged_rows(), 20);
  EXPECT_EQ(last.blocked_on(), v1::BLOCKED_ON_DRAINING);
  EXPECT_EQ(parked.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(idle.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  RawWriter late(server);
  EXPECT_EQ(late.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace recbots::replay
