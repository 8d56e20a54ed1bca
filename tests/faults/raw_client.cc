#include "tests/faults/raw_client.h"

#include "absl/strings/string_view.h"
#include "common/base/crc32c.h"
#include "common/base/instant.h"
#include "common/rpc/deadline.h"
#include "common/wire/row_schema_proto.h"

namespace recbots::faults {
namespace {

void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(ToGrpcDeadline(Instant::Now() + absl::Minutes(1)));
  context.set_wait_for_ready(true);
}

}  // namespace

std::unique_ptr<v1::ReplayService::Stub> RawStub(const std::string& address) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  return v1::ReplayService::NewStub(grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments));
}

v1::InsertBlock MakeBlock(int64_t writer, int64_t first, int64_t count, absl::Span<const float> priorities) {
  v1::InsertBlock block;
  block.set_first_sequence(first);
  block.set_num_rows(static_cast<int32_t>(count));
  for (int64_t i = 0; i < count; ++i) {
    const LedgerRow row = MakeLedgerRow(writer, 0, first + i);
    block.mutable_rows()->append(reinterpret_cast<const char*>(&row), sizeof(row));
  }
  if (!priorities.empty()) block.set_priorities(priorities.data(), priorities.size() * sizeof(float));
  block.set_crc32c(Crc32c(block.priorities(), Crc32c(block.rows())));
  return block;
}

RawWriter::RawWriter(v1::ReplayService::Stub& stub, const v1::WriterHello& hello) {
  SetDeadline(context_);
  stream_ = stub.Insert(&context_);
  v1::InsertRequest request;
  *request.mutable_hello() = hello;
  stream_->Write(request);
}

bool RawWriter::Send(const v1::InsertBlock& block) {
  v1::InsertRequest request;
  *request.mutable_block() = block;
  return Send(request);
}

v1::InsertAck RawWriter::Read() {
  v1::InsertAck ack;
  if (!stream_->Read(&ack)) ack.Clear();
  return ack;
}

v1::InsertAck RawWriter::ReadRefusal() {
  v1::InsertAck ack;
  while (stream_->Read(&ack)) {
    if (ack.has_refusal()) return ack;
  }
  return {};
}

bool RawWriter::AwaitAcknowledged(int64_t rows) {
  v1::InsertAck ack;
  while (stream_->Read(&ack)) {
    if (ack.acknowledged_rows() >= rows) return true;
  }
  return false;
}

grpc::Status RawWriter::Finish() {
  stream_->WritesDone();
  v1::InsertAck ack;
  while (stream_->Read(&ack)) {
  }
  return stream_->Finish();
}

v1::WriterHello MakeHello(const std::string& table, int64_t writer) {
  v1::WriterHello hello;
  std::string id = "raw writer 00000";
  for (size_t i = id.size(); writer > 0 && i > 11; writer /= 10) id[--i] = static_cast<char>('0' + writer % 10);
  hello.set_writer_id(id);
  hello.set_writer_name("raw-writer");
  hello.set_table(table);
  *hello.mutable_schema() = RowSchemaToProto(LedgerSchema());
  return hello;
}

RawReader::RawReader(v1::ReplayService::Stub& stub, const v1::SampleCredit& first) {
  SetDeadline(context_);
  stream_ = stub.Sample(&context_);
  stream_->Write(first);
}

v1::SampleHeader RawReader::Read() {
  v1::SampleHeader header;
  for (v1::SampleBatch part; stream_->Read(&part);) {
    if (part.has_header()) header = part.header();
    if (part.last_part()) return header;
  }
  return {};
}

grpc::Status RawReader::Finish() {
  stream_->WritesDone();
  for (v1::SampleBatch part; stream_->Read(&part);) {
  }
  return stream_->Finish();
}

v1::SampleCredit MakeFirstCredit(const std::string& table, int max_rows, int max_batches) {
  v1::SampleCredit credit;
  credit.set_table(table);
  credit.set_max_rows(max_rows);
  credit.set_max_batches(max_batches);
  *credit.mutable_schema() = RowSchemaToProto(LedgerSchema());
  return credit;
}

}  // namespace recbots::faults
