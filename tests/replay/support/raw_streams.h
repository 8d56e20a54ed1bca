// Clients that speak the protocol of replay word by word, through protobuf's own code.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/base/crc32c.h"
#include "common/rpc/channel.h"
#include "common/rpc/deadline.h"
#include "common/wire/row_schema_proto.h"
#include "recbots/v1/replay.grpc.pb.h"
#include "tests/replay/support/replay_server.h"

namespace recbots::replay {

inline v1::InsertRequest MakeHello(uint8_t writer, const std::string& table = "") {
  v1::InsertRequest request;
  v1::WriterHello& hello = *request.mutable_hello();
  hello.set_writer_id(std::string(16, static_cast<char>(writer)));
  hello.set_writer_name("raw" + std::to_string(writer));
  hello.set_table(table);
  *hello.mutable_schema() = RowSchemaToProto(TestSchema());
  return request;
}

// As the fields of the block are now.
inline void Stamp(v1::InsertBlock& block) { block.set_crc32c(Crc32c(block.priorities(), Crc32c(block.rows()))); }

inline v1::InsertRequest MakeBlock(int64_t first, int64_t count, const std::vector<float>& priorities = {}) {
  const auto rows = MakeRows(1, first, count);
  v1::InsertRequest request;
  v1::InsertBlock& block = *request.mutable_block();
  block.set_first_sequence(first);
  block.set_num_rows(static_cast<int32_t>(count));
  block.mutable_rows()->assign(Bytes(rows), rows.size() * sizeof(TestRow));
  block.mutable_priorities()->assign(reinterpret_cast<const char*>(priorities.data()), priorities.size() * 4);
  Stamp(block);
  return request;
}

inline v1::SampleCredit MakeFirst(int32_t max_rows, int32_t max_batches, const std::vector<int32_t>& rows = {}) {
  v1::SampleCredit credit;
  *credit.mutable_schema() = RowSchemaToProto(TestSchema());
  credit.set_max_rows(max_rows);
  credit.set_max_batches(max_batches);
  credit.mutable_rows()->Assign(rows.begin(), rows.end());
  return credit;
}

inline v1::SampleCredit MakeCredit(int64_t acknowledged_batches, const std::vector<int32_t>& rows = {}) {
  v1::SampleCredit credit;
  credit.set_acknowledged_batches(acknowledged_batches);
  credit.mutable_rows()->Assign(rows.begin(), rows.end());
  return credit;
}

// A blocking stream of one kind.
template <typename Request, typename Response>
class RawStream {
 public:
  using Stream = grpc::ClientReaderWriter<Request, Response>;

  explicit RawStream(const std::string& address, std::shared_ptr<const Security> security = {})
      : stub_(v1::ReplayService::NewStub(MakeChannel(address, {.security = security}))) {
    context_.set_deadline(ToGrpcDeadline(Patience()));
    context_.set_wait_for_ready(true);
    Security::Prepare(security.get(), context_);
  }

  void Send(const Request& request) { stream_->Write(request); }
  bool TryReceive(Response& response) { return stream_->Read(&response); }
  Response Receive() {
    Response response;
    EXPECT_TRUE(stream_->Read(&response));
    return response;
  }
  void SayFarewell() { stream_->WritesDone(); }
  // Says farewell, reads what is still to come, and returns how the stream ended.
  grpc::Status Finish() {
    SayFarewell();
    Response response;
    while (stream_->Read(&response)) {
    }
    return stream_->Finish();
  }
  // Vanishes.
  void Cancel() { context_.TryCancel(); }

 protected:
  std::unique_ptr<v1::ReplayService::Stub> stub_;
  grpc::ClientContext context_;
  std::unique_ptr<Stream> stream_;
};

class RawWriter : public RawStream<v1::InsertRequest, v1::InsertAck> {
 public:
  explicit RawWriter(const ReplayServer& server, std::shared_ptr<const Security> security = {})
      : RawStream(server.address(), std::move(security)) {
    stream_ = stub_->Insert(&context_);
  }
  // Opened and accepted.
  RawWriter(const ReplayServer& server, const v1::InsertRequest& hello) : RawWriter(server) {
    Send(hello);
    greeting_ = Receive();
  }
  const v1::InsertAck& greeting() const { return greeting_; }

  // The first acknowledgement of which `condition` holds.
  template <typename Condition>
  v1::InsertAck ReceiveUntil(const Condition& condition) {
    v1::InsertAck ack;
    do {
      if (!TryReceive(ack)) {
        ADD_FAILURE() << "the stream ended: " << stream_->Finish().error_message();
        break;
      }
    } while (!condition(ack));
    return ack;
  }
  v1::InsertAck ReceiveRows(int64_t rows) {
    return ReceiveUntil([rows](const v1::InsertAck& ack) { return ack.acknowledged_rows() >= rows; });
  }
  v1::InsertAck ReceiveBlocked(v1::BlockedOn reason) {
    return ReceiveUntil([reason](const v1::InsertAck& ack) { return ack.blocked_on() == reason; });
  }
  v1::BlockRefusal ReceiveRefusal() {
    return ReceiveUntil([](const v1::InsertAck& ack) { return ack.has_refusal(); }).refusal();
  }

 private:
  v1::InsertAck greeting_;
};

class RawReader : public RawStream<v1::SampleCredit, v1::SampleBatch> {
 public:
  explicit RawReader(const ReplayServer& server, std::shared_ptr<const Security> security = {})
      : RawStream(server.address(), std::move(security)) {
    stream_ = stub_->Sample(&context_);
  }
  RawReader(const ReplayServer& server, const v1::SampleCredit& first) : RawReader(server) { Send(first); }
};

// Unary calls.
class RawCaller {
 public:
  explicit RawCaller(const ReplayServer& server) : stub_(v1::ReplayService::NewStub(MakeChannel(server.address()))) {}

  v1::InfoResponse Info() {
    v1::InfoResponse response;
    EXPECT_TRUE(Call(&v1::ReplayService::Stub::Info, v1::InfoRequest(), response).ok());
    return response;
  }
  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (v1::ReplayService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response& response) {
    grpc::ClientContext context;
    context.set_deadline(ToGrpcDeadline(Patience()));
    context.set_wait_for_ready(true);
    return (stub_.get()->*method)(&context, request, &response);
  }

 private:
  std::unique_ptr<v1::ReplayService::Stub> stub_;
};

inline void Fill(Table& table, int64_t rows, int64_t first = 0) {
  const auto all = MakeRows(1, first, rows);
  ASSERT_EQ(table.Append(Bytes(all), rows), rows);
}

}  // namespace recbots::replay
