// InsertRequest (proto/recbots/v1/replay.proto) without copying rows: read from the slices in which a message came,
// written around the slices in which rows lie. On the wire it is the protobuf message and nothing else.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "recbots/v1/replay.pb.h"
#include "replay/wire/wire_reader.h"

namespace recbots::replay {

inline constexpr int32_t kMaxBlockRows = 65536;
inline constexpr size_t kMaxBlockBytes = size_t{4} << 20;  // Of rows.
inline constexpr size_t kMaxHelloBytes = size_t{64} << 10;

// What an InsertBlock says besides its rows and priorities.
struct BlockHeader {
  int64_t first_sequence = 0;
  int32_t num_rows = 0;
  int64_t weights_version = 0;
  uint32_t crc32c = 0;   // Of the rows, then the priorities.
  bool awaited = false;  // Somebody waits for these rows.
};

// An InsertBlock as it lies in the message.
struct BlockView {
  BlockHeader header;
  Pieces rows;
  Pieces priorities;
};

// One message of a writer, decoded. Meant to be used again for the next: memory is kept. Not thread-safe.
class InsertMessage {
 public:
  enum class Kind { kHello, kBlock, kCommit, kFlush };

  // Decodes `message` and keeps its slices, which block() refers to, until the next Decode or Clear.
  //   INVALID_ARGUMENT  it is no InsertRequest, holds none of the kinds or two of them, or a hello over kMaxHelloBytes;
  //                     names the field. Unknown fields are passed over; of a field that comes twice the last counts.
  absl::Status Decode(const grpc::ByteBuffer& message);
  // The same for bytes that the caller keeps.
  absl::Status Decode(absl::Span<const absl::string_view> message);
  // Lets go of the slices.
  void Clear();

  Kind kind() const { return kind_; }
  const v1::WriterHello& hello() const { return hello_; }  // Of Kind::kHello.
  const BlockView& block() const { return block_; }        // Of Kind::kBlock. Nothing in it is checked.

 private:
  absl::Status ReadKind(WireReader& reader, WireTag tag);
  absl::Status ReadBlock(WireReader reader);

  Kind kind_ = Kind::kCommit;
  v1::WriterHello hello_;
  BlockView block_;
  std::string scratch_;
  std::vector<grpc::Slice> slices_;
  Pieces pieces_;
};

// Everything about a block that does not depend on a table's state. Reads rows once; `priorities` becomes the
// block's: one per row, or empty.
//   INVALID_ARGUMENT  num_rows or first_sequence out of range, as many bytes as rows do not have, a priority that is
//                     negative, infinite or NaN; names value and bound
//   DATA_LOSS         the checksum is not that of the bytes
absl::Status CheckBlock(const BlockView& block, size_t row_bytes, std::vector<float>& priorities);

// A message with a block whose rows, and priorities, lie in the given slices one after the other. Takes references to
// them; copies nothing.
grpc::ByteBuffer EncodeInsertBlock(const BlockHeader& header, absl::Span<const grpc::Slice> rows,
                                   absl::Span<const grpc::Slice> priorities = {});

// Hellos, commits and flushes are small: ToBytes (proto_bytes.h).

}  // namespace recbots::replay
