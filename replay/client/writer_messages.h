// The messages of a writer, as bytes on the wire.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <string>

#include "common/base/row_schema.h"
#include "replay/client/replay_writer.h"
#include "replay/client/writer_session.h"

namespace recbots::replay {

// An id that no other writer has.
std::string RandomWriterId();

// What every stream begins with.
grpc::ByteBuffer EncodeHello(const RowSchema& schema, const ReplayWriterOptions& options, const std::string& writer_id);

// What a step sends: not kWait. Reads each byte of a block once, for its checksum.
grpc::ByteBuffer EncodeStep(WriterSession::Step step);

}  // namespace recbots::replay
