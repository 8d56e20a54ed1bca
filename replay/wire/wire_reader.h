// Reads protobuf's wire format from bytes that lie in pieces, as they came from the network, without putting them
// together: for messages whose payload must not be copied. What is read is foreign: no bytes make it read out of
// bounds, and no length is believed before it was compared with what is left.
//
// Stricter than protobuf's own parser where that passes over things in silence: groups and known fields of another wire
// type are errors. What it accepts, protobuf accepts and reads alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace recbots::replay {

// Bytes in order, in as many pieces as they lie in. Borrowed.
using Pieces = std::vector<absl::string_view>;
size_t SizeOf(absl::Span<const absl::string_view> pieces);
// CRC-32C of the pieces, continuing from `crc`.
uint32_t Crc32cOf(absl::Span<const absl::string_view> pieces, uint32_t crc);

enum class WireType : int { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct WireTag {
  uint32_t field = 0;
  WireType type = WireType::kVarint;
};

// Borrows the pieces, and the list of them. Not thread-safe. After an error there is nothing more to be read. Every
// error is INVALID_ARGUMENT and begins with `name`: "insert block: field 5 of 4096 bytes, only 17 are left".
class WireReader {
 public:
  WireReader(const char* name, absl::Span<const absl::string_view> pieces);

  size_t left() const { return left_; }

  absl::StatusOr<WireTag> ReadTag();
  // Error unless the tag has that type.
  absl::Status Expect(WireTag tag, WireType type) const;
  absl::StatusOr<uint64_t> ReadVarint() { return ReadVarint(10); }
  absl::StatusOr<uint32_t> ReadFixed32();
  // A field of bytes: where they lie, in the place of what `out` held.
  absl::Status ReadBytes(WireTag tag, Pieces& out);
  // The same copied, for small fields: at most `max_bytes`.
  absl::Status ReadString(WireTag tag, size_t max_bytes, std::string& out);
  // An embedded message, to be read by the result; this reader goes on behind it.
  absl::StatusOr<WireReader> ReadMessage(WireTag tag, const char* name);
  // Passes over a field of any type.
  absl::Status Skip(WireTag tag);

 private:
  absl::StatusOr<uint64_t> ReadVarint(int max_bytes);
  absl::StatusOr<size_t> ReadLength(WireTag tag);
  absl::Status Need(size_t bytes) const;
  // The rest of the piece being read, as far as the message goes. Requires left() > 0.
  absl::string_view Front();
  void Advance(size_t bytes) {
    used_ += bytes;
    left_ -= bytes;
  }
  template <typename Use>
  void Take(size_t bytes, Use use);

  const char* name_;
  absl::Span<const absl::string_view> pieces_;
  size_t used_ = 0;  // Of the first piece.
  size_t left_ = 0;
};

}  // namespace recbots::replay
