// Encodes the messages of a writer.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <string>

#include "common/base/row_schema.h"
#include "replay/client/replay_writer.h"
#include "replay/client/writer_session.h"

namespace recbots::replay {

// Draws an id that no other writer has: 16 random bytes.
std::string RandomWriterId();

// The message with which every stream begins.
grpc::ByteBuffer EncodeHello(const RowSchema& schema, const ReplayWriterOptions& options, const std::string& writer_id);

// The message of a step, which must not be kWait. Reads every byte of a block once, for its checksum.
grpc::ByteBuffer EncodeStep(WriterSession::Step step);

}  // namespace recbots::replay
