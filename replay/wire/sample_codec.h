// Reads and writes SampleBatch (proto/recbots/v1/replay.proto) without copying columns: a message is written around the
// slice into which the columns were gathered, and read from the slices in which it came. The bytes on the wire are
// exactly the protobuf message.
#pragma once

#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "recbots/v1/replay.pb.h"
#include "replay/wire/wire_reader.h"

namespace recbots::replay {

inline constexpr int32_t kMaxBatchRows = 65536;
inline constexpr int32_t kMaxBatches = 1024;                    // Outstanding on one stream
inline constexpr size_t kMaxBatchBytes = size_t{1} << 30;       // Of one payload
inline constexpr size_t kMaxPartBytes = size_t{1} << 20;        // Of a payload, in one message
inline constexpr size_t kMaxPriorityUpdates = size_t{1} << 18;  // Keys in one message

// Makes the message for one part of a batch. The first part has a `header`; for the others it is nullptr. Takes a
// reference to `columns` (a part of the payload, which may be empty); copies only the header.
grpc::ByteBuffer EncodeSampleBatch(const v1::SampleHeader* header, const grpc::Slice& columns, bool last_part);

// One decoded message of a sample stream. Reuse the object for the next message, because it keeps its memory. Not
// thread-safe.
class SampleMessage {
 public:
  // Decodes `message` and keeps its slices, which columns() refers to, until the next Decode or Clear.
  //   INVALID_ARGUMENT  it is no SampleBatch, or has two headers; the message names the field. Unknown fields are
  //                     skipped; of other fields that come twice the last counts. The content of the header is not
  //                     checked.
  absl::Status Decode(const grpc::ByteBuffer& message);
  // Decodes bytes that the caller keeps until the next Decode or Clear.
  absl::Status Decode(absl::Span<const absl::string_view> message);
  // Releases the slices.
  void Clear();

  bool has_header() const { return has_header_; }
  const v1::SampleHeader& header() const { return header_; }  // From the last message that had one
  const Pieces& columns() const { return columns_; }
  bool last_part() const { return last_part_; }

 private:
  absl::Status ReadHeader(WireReader& reader, WireTag tag);

  bool has_header_ = false;
  v1::SampleHeader header_;
  Pieces columns_;
  bool last_part_ = false;
  std::string scratch_;
  std::vector<grpc::Slice> slices_;
  Pieces pieces_;
};

}  // namespace recbots::replay
