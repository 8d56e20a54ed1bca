#include "replay/wire/sample_codec.h"

#include <array>
#include <cstring>

#include "common/base/status_macros.h"
#include "replay/wire/wire_writer.h"

namespace recbots::replay {
namespace {

constexpr int kHeader = v1::SampleBatch::kHeaderFieldNumber;
constexpr int kColumns = v1::SampleBatch::kColumnsFieldNumber;
constexpr int kLastPart = v1::SampleBatch::kLastPartFieldNumber;

// The header's field, and the bytes before the columns.
grpc::Slice Prefix(const v1::SampleHeader* header, size_t columns_bytes) {
  WireWriter before_columns;
  before_columns.Bytes(kColumns, columns_bytes);
  const absl::string_view columns_tag = before_columns.written();
  if (header == nullptr) return grpc::Slice(columns_tag.data(), columns_tag.size());
  const size_t header_bytes = header->ByteSizeLong();
  WireWriter before_header;
  before_header.Message(kHeader, header_bytes);
  const absl::string_view header_tag = before_header.written();
  grpc::Slice prefix(header_tag.size() + header_bytes + columns_tag.size());
  auto* to = const_cast<uint8_t*>(prefix.begin());  // No one else refers to the slice until it is sent.
  std::memcpy(to, header_tag.data(), header_tag.size());
  to = header->SerializeWithCachedSizesToArray(to + header_tag.size());
  std::memcpy(to, columns_tag.data(), columns_tag.size());
  return prefix;
}

}  // namespace

grpc::ByteBuffer EncodeSampleBatch(const v1::SampleHeader* header, const grpc::Slice& columns, bool last_part) {
  WireWriter behind_columns;
  behind_columns.Number(kLastPart, last_part ? 1 : 0);
  const absl::string_view tail = behind_columns.written();
  const std::array<grpc::Slice, 3> slices = {Prefix(header, columns.size()), columns,
                                             grpc::Slice(tail.data(), tail.size())};
  return grpc::ByteBuffer(slices.data(), slices.size());
}

absl::Status SampleMessage::Decode(const grpc::ByteBuffer& message) {
  Clear();
  if (!message.Dump(&slices_).ok()) return absl::InvalidArgumentError("sample batch: unreadable message");
  for (const grpc::Slice& slice : slices_) {
    pieces_.emplace_back(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return Decode(pieces_);
}

absl::Status SampleMessage::Decode(absl::Span<const absl::string_view> message) {
  has_header_ = false;
  last_part_ = false;
  columns_.clear();
  WireReader reader("sample batch", message);
  while (reader.left() > 0) {
    RECBOTS_ASSIGN_OR_RETURN(const WireTag tag, reader.ReadTag());
    switch (tag.field) {
      case kHeader:
        RECBOTS_RETURN_IF_ERROR(ReadHeader(reader, tag));
        break;
      case kColumns:
        RECBOTS_RETURN_IF_ERROR(reader.ReadBytes(tag, columns_));
        break;
      case kLastPart: {
        RECBOTS_RETURN_IF_ERROR(reader.Expect(tag, WireType::kVarint));
        RECBOTS_ASSIGN_OR_RETURN(const uint64_t value, reader.ReadVarint());
        last_part_ = value != 0;
        break;
      }
      default:
        RECBOTS_RETURN_IF_ERROR(reader.Skip(tag));
    }
  }
  return absl::OkStatus();
}

void SampleMessage::Clear() {
  columns_.clear();
  pieces_.clear();
  slices_.clear();
}

absl::Status SampleMessage::ReadHeader(WireReader& reader, WireTag tag) {
  if (has_header_) return absl::InvalidArgumentError("sample batch: two headers, want at most one");
  RECBOTS_RETURN_IF_ERROR(reader.ReadString(tag, reader.left(), scratch_));
  has_header_ = header_.ParseFromString(scratch_);
  if (has_header_) return absl::OkStatus();
  return absl::InvalidArgumentError("sample batch: its header is not a SampleHeader");
}

}  // namespace recbots::replay
