// Reads protobuf's wire format from bytes in several pieces, as they came from the network, without joining them, for
// messages whose payload must not be copied. The bytes are foreign: no bytes make the reader read out of bounds, and it
// compares every length with the bytes that are left before it uses it.
//
// The reader is stricter than protobuf's own parser, which silently skips some things: groups, and known fields of
// another wire type, are errors here. A message that the reader accepts has the same meaning for protobuf.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace recbots::replay {

// Bytes in order, in several pieces. The bytes are borrowed.
using Pieces = std::vector<absl::string_view>;
size_t SizeOf(absl::Span<const absl::string_view> pieces);
// CRC-32C of the pieces, continuing from `crc`.
uint32_t Crc32cOf(absl::Span<const absl::string_view> pieces, uint32_t crc);

enum class WireType : int { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct WireTag {
  uint32_t field = 0;
  WireType type = WireType::kVarint;
};

// Borrows the pieces and the span that lists them. Not thread-safe. After an error it must not be used any more. Every
// error is INVALID_ARGUMENT and begins with `name`: "insert block: field 5 of 4096 bytes, only 17 are left".
class WireReader {
 public:
  WireReader(const char* name, absl::Span<const absl::string_view> pieces);

  size_t left() const { return left_; }

  absl::StatusOr<WireTag> ReadTag();
  // An error unless the tag has this type.
  absl::Status Expect(WireTag tag, WireType type) const;
  absl::StatusOr<uint64_t> ReadVarint() { return ReadVarint(10); }
  absl::StatusOr<uint32_t> ReadFixed32();
  // Reads a field of bytes: replaces `out` by the pieces that contain it.
  absl::Status ReadBytes(WireTag tag, Pieces& out);
  // Reads a small field of bytes as a copy; more than `max_bytes` bytes are an error.
  absl::Status ReadString(WireTag tag, size_t max_bytes, std::string& out);
  // Returns a reader for an embedded message; this reader continues behind the message.
  absl::StatusOr<WireReader> ReadMessage(WireTag tag, const char* name);
  // Skips a field of any type.
  absl::Status Skip(WireTag tag);

 private:
  absl::StatusOr<uint64_t> ReadVarint(int max_bytes);
  absl::StatusOr<size_t> ReadLength(WireTag tag);
  absl::Status Need(size_t bytes) const;
  // The rest of the current piece, up to the end of the message. Requires left() > 0.
  absl::string_view Front();
  void Advance(size_t bytes) {
    used_ += bytes;
    left_ -= bytes;
  }
  template <typename Use>
  void Take(size_t bytes, Use use);

  const char* name_;
  absl::Span<const absl::string_view> pieces_;
  size_t used_ = 0;  // Bytes of the first piece already read
  size_t left_ = 0;
};

}  // namespace recbots::replay
