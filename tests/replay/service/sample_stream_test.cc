#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "common/rpc/channel.h"
#include "common/wire/row_schema_proto.h"
#include "recbots/v1/replay.grpc.pb.h"
#include "replay/client/replay_sampler.h"
#include "tests/replay/support/replay_server.h"

namespace recbots::replay {
namespace {

using ::testing::HasSubstr;

v1::SampleCredit MakeFirst(int32_t batch_size, int32_t batches) {
  v1::SampleCredit credit;
  credit.set_batch_size(batch_size);
  credit.set_batches(batches);
  *credit.mutable_schema() = RowSchemaToProto(TestSchema());
  return credit;
}

class RawReader {
 public:
  explicit RawReader(const ReplayServer& server) : stub_(v1::ReplayService::NewStub(MakeChannel(server.address()))) {
    context_.set_deadline(absl::ToChronoTime(Patience()));
    context_.set_wait_for_ready(true);
    stream_ = stub_->Sample(&context_);
  }
  void Send(const v1::SampleCredit& credit) { stream_->Write(credit); }
  v1::SampleBatch Receive() {
    v1::SampleBatch batch;
    EXPECT_TRUE(stream_->Read(&batch));
    return batch;
  }
  grpc::Status Finish() {
    stream_->WritesDone();
    v1::SampleBatch batch;
    while (stream_->Read(&batch)) {
    }
    return stream_->Finish();
  }
  void Cancel() { context_.TryCancel(); }

 private:
  std::unique_ptr<v1::ReplayService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SampleCredit, v1::SampleBatch>> stream_;
};

void Fill(Table& table, int64_t rows) {
  const auto all = MakeRows(1, 0, rows);
  ASSERT_EQ(table.Append(Bytes(all), rows), rows);
}

TEST(SampleStreamTest, RefusesWhatItCouldNeverServe) {
  ReplayServer server({.rate_limiter = {.min_size = 1, .samples_per_insert = 1, .error_buffer = 100}});
  const auto refusal = [&server](const v1::SampleCredit& first, grpc::StatusCode code) {
    RawReader reader(server);
    reader.Send(first);
    const grpc::Status status = reader.Finish();
    EXPECT_EQ(status.error_code(), code);
    return status.error_message();
  };
  EXPECT_THAT(refusal(MakeFirst(0, 1), grpc::INVALID_ARGUMENT), HasSubstr("batch_size 0, want 1..65536"));
  EXPECT_THAT(refusal(MakeFirst(65537, 1), grpc::INVALID_ARGUMENT), HasSubstr("batch_size 65537"));
  EXPECT_THAT(refusal(MakeFirst(1, 1025), grpc::INVALID_ARGUMENT), HasSubstr("1025 batches"));
  EXPECT_THAT(refusal(MakeFirst(1, -1), grpc::INVALID_ARGUMENT), HasSubstr("-1 batches"));
  EXPECT_THAT(refusal(MakeFirst(51, 2), grpc::FAILED_PRECONDITION), HasSubstr("= 102"));
  v1::SampleCredit other = MakeFirst(1, 1);
  other.mutable_schema()->mutable_columns(0)->set_name("author");
  EXPECT_THAT(refusal(other, grpc::FAILED_PRECONDITION), HasSubstr("column 0 is 'writer int64'"));
}

TEST(SampleStreamTest, SplitsLargeBatchesAndHonoursCredits) {
  ReplayServer server;
  Fill(server.table(), 1000);
  RawReader reader(server);
  reader.Send(MakeFirst(40'000, 1));  // 1.28 MB: two parts.
  const v1::SampleBatch first = reader.Receive();
  EXPECT_EQ(first.header().num_rows(), 40'000);
  EXPECT_EQ(first.columns().size(), size_t{1} << 20);
  EXPECT_FALSE(first.last_part());
  const v1::SampleBatch second = reader.Receive();
  EXPECT_FALSE(second.has_header());
  EXPECT_TRUE(second.last_part());
  EXPECT_EQ(static_cast<int64_t>(first.columns().size() + second.columns().size()), first.header().payload_bytes());
  v1::SampleCredit more;
  more.set_batches(1);
  reader.Send(more);
  reader.Receive();
  EXPECT_EQ(server.table().state().sampled, 80'000) << "no batch without a credit";
  reader.Cancel();
}

TEST(SampleStreamTest, RefundsBatchesThatNoCreditAcknowledged) {
  ReplayServer server;
  Fill(server.table(), 100);
  {
    RawReader reader(server);
    reader.Send(MakeFirst(10, 3));
    for (int i = 0; i < 3; ++i) reader.Receive();
    v1::SampleCredit more;
    more.set_batches(1);
    reader.Send(more);
    reader.Receive();
    reader.Cancel();
  }
  ASSERT_TRUE(Eventually([&] { return server.service().stats().readers == 0; }));
  EXPECT_EQ(server.table().state().sampled, 40);
  EXPECT_EQ(server.table().state().refunded, 30);
  const v1::InfoResponse info = GetInfo(server.address(), Patience()).value();
  EXPECT_EQ(info.table().sampled(), 10);
}

TEST(SampleStreamTest, WaitsForMinSizeAndSaysSo) {
  ReplayServer server({.rate_limiter = {.min_size = 50}});
  RawReader reader(server);
  reader.Send(MakeFirst(10, 1));
  ASSERT_TRUE(Eventually([&] {
    return server.service().stats().blocked[static_cast<size_t>(BlockedOn::kMinSize)] > absl::ZeroDuration();
  }));
  EXPECT_EQ(GetInfo(server.address(), Patience())->samples_blocked_on(), v1::BLOCKED_ON_MIN_SIZE);
  server.service().Drain();
  EXPECT_EQ(reader.Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

TEST(SampleStreamTest, StoppingTheServerEndsStreamsThatWait) {
  ReplayServer server({.rate_limiter = {.min_size = 50}});
  RawReader reader(server);
  reader.Send(MakeFirst(10, 1));
  ASSERT_TRUE(Eventually([&] {
    return server.service().stats().blocked[static_cast<size_t>(BlockedOn::kMinSize)] > absl::ZeroDuration();
  }));
  server.Kill();
  EXPECT_FALSE(reader.Finish().ok());
}

TEST(InfoTest, TellsWhatTheTableHolds) {
  ReplayServer server(
      {.capacity_rows = 77, .rate_limiter = {.min_size = 5, .samples_per_insert = 2, .error_buffer = 9}});
  Fill(server.table(), 4);
  const v1::InfoResponse info = GetInfo(server.address(), Patience()).value();
  EXPECT_EQ(info.table().rows(), 4);
  EXPECT_EQ(info.table().inserted(), 4);
  EXPECT_EQ(info.table().incarnation(), server.table().incarnation());
  EXPECT_EQ(RowSchemaFromProto(info.schema()).value(), TestSchema());
  EXPECT_EQ(info.capacity_rows(), 77);
  EXPECT_EQ(info.min_size(), 5);
  EXPECT_EQ(info.samples_per_insert(), 2);
  EXPECT_EQ(info.error_buffer(), 9);
  EXPECT_EQ(info.inserts_blocked_on(), v1::BLOCKED_ON_NONE);
}

TEST(InfoTest, AnUnreachablePeerIsNamed) {
  std::string address;
  {
    ReplayServer server;
    address = server.address();
  }
  const auto info = GetInfo(address, absl::Now() + absl::Milliseconds(300));
  EXPECT_FALSE(info.ok());
  EXPECT_THAT(std::string(info.status().message()), HasSubstr(address));
}

}  // namespace
}  // namespace recbots::replay
