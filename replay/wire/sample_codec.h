// SampleBatch (proto/recbots/v1/replay.proto) without copying columns: written around the slice they were gathered
// into, read from the slices in which a message came. On the wire it is the protobuf message and nothing else.
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
inline constexpr int32_t kMaxBatches = 1024;                    // Outstanding on one stream.
inline constexpr size_t kMaxBatchBytes = size_t{1} << 30;       // Of one payload.
inline constexpr size_t kMaxPartBytes = size_t{1} << 20;        // Of a payload, in one message.
inline constexpr size_t kMaxPriorityUpdates = size_t{1} << 18;  // Keys in one message.

// One part of a batch: `header` for the first one, nullptr for the others. Takes a reference to `columns` (a part of
// the payload, perhaps empty); copies only the header.
grpc::ByteBuffer EncodeSampleBatch(const v1::SampleHeader* header, const grpc::Slice& columns, bool last_part);

// One message of a reader's stream, decoded. Meant to be used again for the next: memory is kept. Not thread-safe.
class SampleMessage {
 public:
  // Decodes `message` and keeps its slices, which columns() refers to, until the next Decode or Clear.
  //   INVALID_ARGUMENT  it is no SampleBatch, or has two headers; names the field. Unknown fields are passed over; of
  //                     other fields that come twice the last counts. What the header says is not checked.
  absl::Status Decode(const grpc::ByteBuffer& message);
  // The same for bytes that the caller keeps.
  absl::Status Decode(absl::Span<const absl::string_view> message);
  // Lets go of the slices.
  void Clear();

  bool has_header() const { return has_header_; }
  const v1::SampleHeader& header() const { return header_; }  // Of the last message that had one.
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
