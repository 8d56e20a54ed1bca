#include "replay/wire/insert_codec.h"

#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "replay/wire/wire_writer.h"

namespace recbots::replay {
namespace {

// Field numbers of InsertRequest and InsertBlock.
constexpr uint32_t kHello = v1::InsertRequest::kHelloFieldNumber;
constexpr uint32_t kBlock = v1::InsertRequest::kBlockFieldNumber;
constexpr uint32_t kCommit = v1::InsertRequest::kCommitFieldNumber;
constexpr uint32_t kFlush = v1::InsertRequest::kFlushFieldNumber;
constexpr int kFirstSequence = v1::InsertBlock::kFirstSequenceFieldNumber;
constexpr int kNumRows = v1::InsertBlock::kNumRowsFieldNumber;
constexpr int kWeightsVersion = v1::InsertBlock::kWeightsVersionFieldNumber;
constexpr int kCrc32c = v1::InsertBlock::kCrc32CFieldNumber;
constexpr int kRows = v1::InsertBlock::kRowsFieldNumber;
constexpr int kPriorities = v1::InsertBlock::kPrioritiesFieldNumber;
constexpr int kAwaited = v1::InsertBlock::kAwaitedFieldNumber;

absl::StatusOr<int64_t> ReadNumber(WireReader& reader, WireTag tag) {
  RECBOTS_RETURN_IF_ERROR(reader.Expect(tag, WireType::kVarint));
  RECBOTS_ASSIGN_OR_RETURN(const uint64_t value, reader.ReadVarint());
  return static_cast<int64_t>(value);
}

// Copies bytes in pieces to memory that is aligned for floats.
void CopyTo(absl::Span<const absl::string_view> pieces, std::vector<float>& out) {
  auto* to = reinterpret_cast<char*>(out.data());
  for (const absl::string_view piece : pieces) {
    if (piece.empty()) continue;  // Its pointer may be null.
    std::memcpy(to, piece.data(), piece.size());
    to += piece.size();
  }
}

absl::Status CheckPriorities(absl::Span<const float> priorities) {
  for (size_t i = 0; i < priorities.size(); ++i) {
    if (priorities[i] >= 0 && priorities[i] <= std::numeric_limits<float>::max()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("block: priority ", priorities[i], " of row ", i, ", want finite and at least 0"));
  }
  return absl::OkStatus();
}

absl::Status CheckSizes(const BlockView& block, size_t row_bytes) {
  const BlockHeader& header = block.header;
  if (header.num_rows < 1 || header.num_rows > kMaxBlockRows) {
    return absl::InvalidArgumentError(absl::StrCat("block: num_rows ", header.num_rows, ", want 1..", kMaxBlockRows));
  }
  constexpr int64_t kMaxSequence = std::numeric_limits<int64_t>::max() - kMaxBlockRows;
  if (header.first_sequence < 0 || header.first_sequence > kMaxSequence) {
    return absl::InvalidArgumentError(
        absl::StrCat("block: first_sequence ", header.first_sequence, ", want 0..", kMaxSequence));
  }
  const auto num_rows = static_cast<size_t>(header.num_rows);
  const size_t bytes = SizeOf(block.rows);
  if (bytes != num_rows * row_bytes || bytes > kMaxBlockBytes) {
    return absl::InvalidArgumentError(absl::StrCat("block: ", bytes, " bytes for ", num_rows, " rows of ", row_bytes,
                                                   ", want ", num_rows * row_bytes, " and at most ", kMaxBlockBytes));
  }
  const size_t priority_bytes = SizeOf(block.priorities);
  if (priority_bytes != 0 && priority_bytes != num_rows * sizeof(float)) {
    return absl::InvalidArgumentError(absl::StrCat("block: ", priority_bytes, " bytes of priorities for ", num_rows,
                                                   " rows, want 0 or ", num_rows * sizeof(float)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status InsertMessage::Decode(const grpc::ByteBuffer& message) {
  Clear();
  // A buffer that cannot be read (compressed by an unknown method) is refused like bytes that are no message.
  if (!message.Dump(&slices_).ok()) return absl::InvalidArgumentError("insert: unreadable message");
  for (const grpc::Slice& slice : slices_) {
    pieces_.emplace_back(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return Decode(pieces_);
}

absl::Status InsertMessage::Decode(absl::Span<const absl::string_view> message) {
  block_.rows.clear();
  block_.priorities.clear();
  WireReader reader("insert request", message);
  bool found = false;
  while (reader.left() > 0) {
    RECBOTS_ASSIGN_OR_RETURN(const WireTag tag, reader.ReadTag());
    if (tag.field != kHello && tag.field != kBlock && tag.field != kCommit && tag.field != kFlush) {
      RECBOTS_RETURN_IF_ERROR(reader.Skip(tag));
      continue;
    }
    if (found) return absl::InvalidArgumentError("insert request: two of hello, block, commit, flush, want one");
    found = true;
    RECBOTS_RETURN_IF_ERROR(ReadKind(reader, tag));
  }
  if (!found) return absl::InvalidArgumentError("insert request: none of hello, block, commit, flush, want one");
  return absl::OkStatus();
}

void InsertMessage::Clear() {
  block_.rows.clear();
  block_.priorities.clear();
  pieces_.clear();
  slices_.clear();
}

absl::Status InsertMessage::ReadKind(WireReader& reader, WireTag tag) {
  if (tag.field == kBlock) {
    kind_ = Kind::kBlock;
    RECBOTS_ASSIGN_OR_RETURN(WireReader block, reader.ReadMessage(tag, "insert block"));
    return ReadBlock(block);
  }
  kind_ = tag.field == kHello ? Kind::kHello : tag.field == kCommit ? Kind::kCommit : Kind::kFlush;
  RECBOTS_RETURN_IF_ERROR(reader.ReadString(tag, kMaxHelloBytes, scratch_));
  v1::CommitRequest commit;
  v1::FlushRequest flush;
  google::protobuf::MessageLite* into = &commit;
  if (kind_ == Kind::kHello) into = &hello_;
  if (kind_ == Kind::kFlush) into = &flush;
  if (into->ParseFromString(scratch_)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("insert request: not a ", into->GetTypeName()));
}

absl::Status InsertMessage::ReadBlock(WireReader reader) {
  block_.header = {};
  BlockHeader& header = block_.header;
  while (reader.left() > 0) {
    RECBOTS_ASSIGN_OR_RETURN(const WireTag tag, reader.ReadTag());
    switch (tag.field) {
      case kFirstSequence: {
        RECBOTS_ASSIGN_OR_RETURN(header.first_sequence, ReadNumber(reader, tag));
        break;
      }
      case kNumRows: {
        RECBOTS_ASSIGN_OR_RETURN(const int64_t value, ReadNumber(reader, tag));
        header.num_rows = static_cast<int32_t>(value);  // Takes the lower half, as protobuf does for an int32.
        break;
      }
      case kWeightsVersion: {
        RECBOTS_ASSIGN_OR_RETURN(header.weights_version, ReadNumber(reader, tag));
        break;
      }
      case kCrc32c: {
        RECBOTS_RETURN_IF_ERROR(reader.Expect(tag, WireType::kFixed32));
        RECBOTS_ASSIGN_OR_RETURN(header.crc32c, reader.ReadFixed32());
        break;
      }
      case kRows:
        RECBOTS_RETURN_IF_ERROR(reader.ReadBytes(tag, block_.rows));
        break;
      case kPriorities:
        RECBOTS_RETURN_IF_ERROR(reader.ReadBytes(tag, block_.priorities));
        break;
      case kAwaited: {
        RECBOTS_ASSIGN_OR_RETURN(const int64_t value, ReadNumber(reader, tag));
        header.awaited = value != 0;
        break;
      }
      default:
        RECBOTS_RETURN_IF_ERROR(reader.Skip(tag));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckBlock(const BlockView& block, size_t row_bytes, std::vector<float>& priorities) {
  RECBOTS_RETURN_IF_ERROR(CheckSizes(block, row_bytes));
  if (const uint32_t crc = Crc32cOf(block.priorities, Crc32cOf(block.rows, 0)); crc != block.header.crc32c) {
    return absl::DataLossError(absl::StrCat("block: crc32c ", absl::Hex(block.header.crc32c), " for bytes whose is ",
                                            absl::Hex(crc), ", rows ", block.header.first_sequence, " to ",
                                            block.header.first_sequence + block.header.num_rows - 1));
  }
  priorities.resize(SizeOf(block.priorities) / sizeof(float));
  CopyTo(block.priorities, priorities);
  return CheckPriorities(priorities);
}

grpc::ByteBuffer EncodeInsertBlock(const BlockHeader& header, absl::Span<const grpc::Slice> rows,
                                   absl::Span<const grpc::Slice> priorities) {
  size_t row_bytes = 0;
  for (const grpc::Slice& slice : rows) row_bytes += slice.size();
  size_t priority_bytes = 0;
  for (const grpc::Slice& slice : priorities) priority_bytes += slice.size();

  WireWriter before_rows;  // Fields of the block; the request's own field stands before them.
  before_rows.Number(kFirstSequence, header.first_sequence);
  before_rows.Number(kNumRows, header.num_rows);
  before_rows.Number(kWeightsVersion, header.weights_version);
  before_rows.Fixed32(kCrc32c, header.crc32c);
  before_rows.Bytes(kRows, row_bytes);
  WireWriter before_priorities;
  before_priorities.Bytes(kPriorities, priority_bytes);
  WireWriter after_priorities;
  after_priorities.Number(kAwaited, header.awaited ? 1 : 0);
  WireWriter head;
  head.Message(static_cast<int>(kBlock), before_rows.written().size() + row_bytes + before_priorities.written().size() +
                                             priority_bytes + after_priorities.written().size());

  std::vector<grpc::Slice> slices;
  slices.reserve(rows.size() + priorities.size() + 3);
  slices.emplace_back(absl::StrCat(head.written(), before_rows.written()));
  slices.insert(slices.end(), rows.begin(), rows.end());
  if (priority_bytes > 0) {
    slices.emplace_back(before_priorities.written().data(), before_priorities.written().size());
    slices.insert(slices.end(), priorities.begin(), priorities.end());
  }
  if (header.awaited) slices.emplace_back(after_priorities.written().data(), after_priorities.written().size());
  return grpc::ByteBuffer(slices.data(), slices.size());
}

}  // namespace recbots::replay
