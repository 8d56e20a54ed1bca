// Reads and writes InsertRequest (proto/recbots/v1/replay.proto) without copying rows: a message is read from the
// slices in which it came, and written around the slices that contain the rows. The bytes on the wire are exactly the
// protobuf message.
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
inline constexpr size_t kMaxBlockBytes = size_t{4} << 20;  // Of rows
inline constexpr size_t kMaxHelloBytes = size_t{64} << 10;

// What an InsertBlock says besides its rows and priorities.
struct BlockHeader {
  int64_t first_sequence = 0;
  int32_t num_rows = 0;
  int64_t weights_version = 0;
  uint32_t crc32c = 0;   // Of the rows, then the priorities
  bool awaited = false;  // A caller waits for these rows.
};

// An InsertBlock whose parts lie in the message.
struct BlockView {
  BlockHeader header;
  Pieces rows;
  Pieces priorities;
};

// One decoded message of a writer. Reuse the object for the next message, because it keeps its memory. Not thread-safe.
class InsertMessage {
 public:
  enum class Kind { kHello, kBlock, kCommit, kFlush };

  // Decodes `message` and keeps its slices, which block() refers to, until the next Decode or Clear.
  //   INVALID_ARGUMENT  it is no InsertRequest, has none of the kinds or two of them, or a hello over kMaxHelloBytes;
  //                     the message names the field. Unknown fields are skipped; of a field that comes twice the last
  //                     counts.
  absl::Status Decode(const grpc::ByteBuffer& message);
  // Decodes bytes that the caller keeps until the next Decode or Clear.
  absl::Status Decode(absl::Span<const absl::string_view> message);
  // Releases the slices.
  void Clear();

  Kind kind() const { return kind_; }
  const v1::WriterHello& hello() const { return hello_; }  // For Kind::kHello
  const BlockView& block() const { return block_; }        // For Kind::kBlock; nothing in it is checked.

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

// Checks everything about a block that does not depend on a table's state. Reads the rows once. Sets `priorities` to
// those of the block: one per row, or empty.
//   INVALID_ARGUMENT  num_rows or first_sequence is out of range, the number of bytes is not that of num_rows rows, or
//                     a priority is negative, infinite or NaN; the message names value and bound
//   DATA_LOSS         the checksum does not match the bytes
absl::Status CheckBlock(const BlockView& block, size_t row_bytes, std::vector<float>& priorities);

// Makes a message with a block whose rows and priorities are the given slices, one after the other. Takes references to
// the slices; copies nothing.
grpc::ByteBuffer EncodeInsertBlock(const BlockHeader& header, absl::Span<const grpc::Slice> rows,
                                   absl::Span<const grpc::Slice> priorities = {});

// Hellos, commits and flushes are small; ToBytes (proto_bytes.h) encodes them.

}  // namespace recbots::replay
