#include "replay/client/writer_messages.h"

#include <cstdint>
#include <random>

#include "common/base/crc32c.h"
#include "common/wire/row_schema_proto.h"
#include "recbots/v1/replay.pb.h"
#include "replay/wire/insert_codec.h"
#include "replay/wire/proto_bytes.h"

namespace recbots::replay {
namespace {

absl::string_view Bytes(const grpc::Slice& slice) {
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

grpc::ByteBuffer EncodeBlock(BlockRing::Outgoing& block) {
  block.header.crc32c = recbots::Crc32c(Bytes(block.rows));
  absl::Span<const grpc::Slice> priorities;
  if (block.priorities.size() > 0) {
    block.header.crc32c = recbots::Crc32c(Bytes(block.priorities), block.header.crc32c);
    priorities = absl::MakeConstSpan(&block.priorities, 1);
  }
  return EncodeInsertBlock(block.header, absl::MakeConstSpan(&block.rows, 1), priorities);
}

}  // namespace

std::string RandomWriterId() {
  std::random_device device;
  std::string id;
  for (int i = 0; i < 4; ++i) {
    const uint32_t bits = device();
    id.append(reinterpret_cast<const char*>(&bits), sizeof(bits));
  }
  return id;
}

grpc::ByteBuffer EncodeHello(const RowSchema& schema, const ReplayWriterOptions& options,
                             const std::string& writer_id) {
  v1::InsertRequest request;
  v1::WriterHello& hello = *request.mutable_hello();
  *hello.mutable_schema() = RowSchemaToProto(schema);
  hello.set_writer_name(options.writer_name);
  hello.set_writer_id(writer_id);
  hello.set_table(options.table);
  hello.set_durable(options.durable);
  *hello.mutable_identity() = options.identity;
  return ToBytes(request);
}

grpc::ByteBuffer EncodeStep(WriterSession::Step step) {
  if (step.kind == WriterSession::Step::Kind::kBlock) return EncodeBlock(step.block);
  v1::InsertRequest request;
  if (step.kind == WriterSession::Step::Kind::kCommit) {
    request.mutable_commit();
  } else {
    request.mutable_flush();
  }
  return ToBytes(request);
}

}  // namespace recbots::replay
